/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each part may ask of the kernel, in one place. Every other system call is answered with
 * EPERM (refused.h). Nobody may exec, trace, mount, load a program or module, or make a namespace.
 */
#ifndef WEIR_PARTS_H
#define WEIR_PARTS_H

/* Memory, time, waiting, signals of one's own, what is open already. X(name). */
#define PART_ANY(X)                                                                           \
	X(read) X(write) X(readv) X(writev) X(pread64) X(pwrite64) X(lseek) X(close) X(fstat) \
	X(newfstatat) X(fstat64) X(fstatat64) X(statx) X(fcntl) X(fcntl64) X(dup) X(dup2)     \
	X(dup3) X(poll) X(ppoll) X(ppoll_time64) X(select) X(pselect6)               \
	X(brk) X(mmap) X(mmap2) X(munmap) X(mremap) X(mprotect) X(madvise) X(mincore)         \
	X(futex) X(futex_time64) X(futex_waitv) X(set_robust_list) X(rseq) X(membarrier)      \
	X(sched_yield) X(sched_getaffinity) X(getcpu) X(set_tid_address)                      \
	X(nanosleep) X(clock_nanosleep) X(clock_nanosleep_time64) X(clock_gettime)            \
	X(clock_gettime64) X(clock_getres) X(gettimeofday) X(time)                            \
	X(timerfd_create) X(timerfd_settime) X(timerfd_settime64) X(timerfd_gettime)          \
	X(eventfd2) X(pipe2) X(epoll_create1) X(epoll_ctl) X(epoll_wait) X(epoll_pwait)       \
	X(rt_sigaction) X(rt_sigprocmask) X(rt_sigreturn) X(rt_sigtimedwait)                  \
	X(rt_sigtimedwait_time64) X(rt_sigpending) X(sigaltstack) X(restart_syscall)          \
	X(getpid) X(gettid) X(getppid) X(getuid) X(geteuid) X(getgid) X(getegid)    \
	X(getrandom) X(sysinfo) X(uname) X(getrlimit) X(getrusage)               \
	X(sendto) X(sendmsg) X(recvfrom) X(recvmsg) X(shutdown) X(getsockopt) X(setsockopt)   \
	X(getsockname) X(getpeername) X(exit) X(exit_group)                                   \
	/* only ever less of them */                                                          \
	X(capget) X(capset) X(landlock_restrict_self)

/* Files by their names, as far as Landlock lets it: what they are. Who opens them how: calls.c. */
#define PART_LOOK(X)                                                                      \
	X(stat) X(lstat) X(access) X(faccessat) X(faccessat2)                             \
	X(readlink) X(readlinkat) X(getdents64) X(getcwd) X(umask)

#define PART_FILES(X)                                                                     \
	X(flock) X(ftruncate) X(ftruncate64) X(fallocate) X(fsync) X(fdatasync)           \
	X(rename) X(renameat) X(renameat2) X(unlink) X(unlinkat) X(mkdir) X(mkdirat)      \
	X(fchmod) X(fadvise64) X(copy_file_range) X(statfs) X(fstatfs) X(rmdir)

/* Processes that the agent made: their end. */
#define PART_CHILDREN(X) X(wait4) X(waitid)

/* Who asks at the port of --listen, which is open by then. */
#define PART_SERVE(X) X(accept) X(accept4) X(epoll_pwait2) X(sendfile)

/* Netlink and the sockets that interfaces are asked by: calls.c has the families. */
#define PART_ASK(X) X(bind)

/* A control group by its number. */
#define PART_HELP(X) X(open_by_handle_at)

/* Names and addresses, TLS; with threads for both. */
#define PART_NETWORK(X)                                                                   \
	X(socket) X(socketpair) X(connect) X(bind) X(sendmmsg) X(recvmmsg)                \
	X(sched_getparam) X(sched_getscheduler) X(sched_setscheduler)

/* What nobody here ever takes: all else is allowed to who may not be limited to a list. */
#define PART_NEVER(X)                                                                     \
	X(execve) X(execveat) X(ptrace) X(process_vm_readv) X(process_vm_writev) X(kcmp)  \
	X(pidfd_getfd) X(mount) X(umount2) X(pivot_root) X(chroot) X(open_tree)           \
	X(move_mount) X(fsopen) X(fsconfig) X(fsmount) X(fspick) X(mount_setattr)         \
	X(init_module) X(finit_module) X(delete_module) X(kexec_load) X(kexec_file_load)  \
	X(reboot) X(swapon) X(swapoff) X(setns) X(unshare) X(add_key) X(request_key)      \
	X(keyctl) X(userfaultfd) X(io_uring_setup) X(acct) X(quotactl) X(syslog)          \
	X(settimeofday) X(clock_settime) X(adjtimex) X(clock_adjtime) X(sethostname)      \
	X(setdomainname) X(setuid) X(setgid) X(setreuid) X(setregid) X(setresuid)         \
	X(setresgid) X(setgroups) X(setfsuid) X(setfsgid) X(iopl) X(ioperm) X(mknod)      \
	X(mknodat) X(personality)

/*
 * ioctl(2), of which some put words into the terminal (TIOCSTI): what a terminal, a socket or a
 * file is asked. Those of interfaces are allowed as one (calls.c).
 */
#define PART_IOCTLS(X) X(TCGETS) X(TIOCGWINSZ) X(FIONREAD) X(FIONBIO)

#define NAME_AS_ROW(name) #name,

/* What is looked for by its commands: bpf(2). X(parts, command). */
#define PART_BPF(X)                                                                       \
	/* the turn of a pane: the banks, the clock, the owners of sockets */             \
	X(OF_COUNTERS, BPF_MAP_LOOKUP_ELEM)                                               \
	X(OF_COUNTERS, BPF_MAP_UPDATE_ELEM)                                               \
	X(OF_COUNTERS, BPF_MAP_DELETE_ELEM)                                               \
	X(OF_COUNTERS, BPF_PROG_TEST_RUN)                                                 \
	X(OF_COUNTERS, BPF_OBJ_GET_INFO_BY_FD)                                            \
	/* an interface that is back; who stands before weir */                           \
	X(OF_HELPERS, BPF_LINK_CREATE)                                                    \
	X(OF_HELPERS, BPF_PROG_QUERY)                                                     \
	X(OF_HELPERS, BPF_PROG_GET_FD_BY_ID)                                              \
	X(OF_HELPERS, BPF_OBJ_GET_INFO_BY_FD)                                             \
	/* the same where what is attached is pinned */                                   \
	X(OF(RIGHTS_PIN_HELPER), BPF_OBJ_GET)                                             \
	X(OF(RIGHTS_PIN_HELPER), BPF_OBJ_PIN)                                             \
	X(OF(RIGHTS_PIN_HELPER), BPF_LINK_UPDATE)

#endif
