# SPDX-License-Identifier: BSD-2-Clause
"""Faults: system calls that fail under strace, allocations that fail by a library in front."""
import collections
import re

# What a call may fail with; the first that fits a call without an entry is EIO.
ERRORS = {
    "openat": ["EMFILE", "EACCES", "ENOENT"], "open": ["EMFILE"], "read": ["EIO", "EINTR"],
    "pread64": ["EIO"], "write": ["ENOSPC", "EINTR"], "writev": ["ENOSPC"], "close": ["EIO"],
    "fsync": ["EIO"], "rename": ["EACCES"], "renameat": ["EACCES"], "renameat2": ["EACCES"],
    "unlink": ["EACCES"], "unlinkat": ["EACCES"], "socket": ["EMFILE", "EAFNOSUPPORT"],
    "bind": ["EADDRINUSE", "ENOMEM"], "sendto": ["ENOBUFS"], "sendmsg": ["ENOBUFS"],
    "recvmsg": ["ENOBUFS", "EINTR"], "recvfrom": ["ENOBUFS"], "mmap": ["ENOMEM"],
    "munmap": ["ENOMEM"], "mprotect": ["ENOMEM"], "bpf": ["ENOMEM", "EPERM", "EINVAL"],
    "ioctl": ["EPERM", "ENOTTY"], "fcntl": ["EMFILE"], "dup3": ["EBUSY"], "dup": ["EMFILE"],
    "pipe2": ["EMFILE"], "rt_sigaction": ["EINVAL"], "rt_sigprocmask": ["EINVAL"],
    "ppoll": ["ENOMEM", "EINTR"], "poll": ["ENOMEM", "EINTR"], "getrandom": ["ENOSYS", "EINTR"],
    "sysinfo": ["EFAULT"], "uname": ["EFAULT"], "capget": ["EPERM"], "clone": ["EAGAIN"],
    "clone3": ["EAGAIN"], "flock": ["ENOLCK"], "newfstatat": ["EACCES"], "fstat": ["EIO"],
    "statx": ["EACCES"], "lseek": ["ESPIPE"], "ftruncate": ["EIO"], "setsockopt": ["ENOMEM"],
    "getsockopt": ["ENOMEM"], "prlimit64": ["EPERM"], "timerfd_create": ["EMFILE"],
    "eventfd2": ["EMFILE"], "signalfd4": ["EMFILE"], "epoll_create1": ["EMFILE"],
    "memfd_create": ["EMFILE"], "getsockname": ["ENOBUFS"], "faccessat2": ["EACCES"],
    "access": ["EACCES"], "sched_getaffinity": ["EPERM"], "readlink": ["EACCES"],
    "readlinkat": ["EACCES"], "getdents64": ["EIO"], "perf_event_open": ["EACCES"],
}

# Never fail, or are not the program's own: the C library ends the process where they do.
SPARED = {"exit", "exit_group", "execve", "futex", "rt_sigreturn", "set_robust_list", "rseq",
          "set_tid_address", "arch_prctl", "restart_syscall", "brk", "gettid", "getpid", "geteuid",
          "getuid", "getppid", "tgkill", "madvise", "sched_yield", "clock_gettime", "sigaltstack"}
# A sanitizer's own as well, which ends the program where they fail.
MEMORY = {"mmap", "munmap", "mprotect", "mremap", "prctl", "clone", "clone3", "rt_sigprocmask"}

# The first thing that main does: calls before it are the loader's.
MAIN = re.compile(r"^\d+ +fcntl\(0, F_GETFD")
CALL = re.compile(r"^(\d+) +([a-z]\w*)\(")

Fault = collections.namedtuple("Fault", "what number error")


def traced(command, log, preload, *options):
    return ["strace", "-f", "-qq", "-o", log, "-E", f"LD_PRELOAD={preload}", *options, *command]


def calls(log):
    """{name: (first, last)}: the numbers of the calls that a run made since main began.

    strace counts the calls of each thread by themselves, so that the numbers of the loader's are
    left out for all of them.
    """
    counts, loaders, last, in_main = collections.Counter(), {}, {}, False
    with open(log) as file:
        for line in file:
            if not in_main and MAIN.match(line):
                in_main = True
                loaders = {name: count for (_, name), count in counts.items()}
            call = CALL.match(line)
            if not call:
                continue
            thread, name = call.groups()
            counts[thread, name] += 1
            if in_main:
                last[name] = max(last.get(name, 0), counts[thread, name])
    if not in_main:
        raise ValueError(f"{log}: main was not seen to begin")
    return {name: (loaders.get(name, 0) + 1, number) for name, number in last.items()}


def system_call_faults(log, sanitized):
    spared = SPARED | MEMORY if sanitized else SPARED
    return [Fault(name, number, error)
            for name, (first, last) in sorted(calls(log).items()) if name not in spared
            for number in range(first, last + 1) for error in ERRORS.get(name, ["EIO"])]


# Loading programs takes thousands of allocations, most of them libbpf's: of those every seventh.
EACH_ALLOCATION = 200
ALLOCATION_STEP = 7


def allocation_faults(count):
    """Each allocation fails once; from some on all do."""
    numbers = [*range(1, min(count, EACH_ALLOCATION) + 1),
               *range(EACH_ALLOCATION + 1, count + 1, ALLOCATION_STEP)]
    return [Fault("allocation", number, error) for place, number in enumerate(numbers)
            for error in (("", "+") if place % 8 == 0 else ("",))]


def injected(command, fault, log, preload):
    """The command and the environment in which the fault happens."""
    if fault.what == "allocation":
        return command, {"LD_PRELOAD": preload,
                         "WEIR_FAIL_ALLOCATION": f"{fault.number}{fault.error}"}
    return traced(command, log, preload, "--seccomp-bpf", "-e", f"trace={fault.what}", "-e",
                  f"inject={fault.what}:error={fault.error}:when={fault.number}"), {}


def failed_call(log):
    """The call that was made to fail, as strace shows it; None where the run made it not."""
    with open(log) as file:
        for line in file:
            if "(INJECTED)" in line:
                return re.sub(r"^\d+ +", "", line.strip())
    return None


def failed_to_tell(log):
    """Whether a message was lost: a call fails in each thread, and in what writes to say so."""
    with open(log) as file:
        return any("(INJECTED)" in line and re.match(r"\d+ +writev?\(2,", line) for line in file)
