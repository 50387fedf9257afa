#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The stack that the kernel's programs take, a program and what it calls together: kernels before
6.9 refuse more than 512 bytes (check_max_stack_depth), which newer ones do not tell.

    tests/stack.py BUILD/weir.bpf.o ...
"""
import collections
import re
import subprocess
import sys

LIMIT = 512
ROUND = 32  # as those kernels do it; since 6.9 it is 16
NAME = re.compile(r"^[0-9a-f]+ <(.+)>:$")
SECTION = re.compile(r"^Disassembly of section (.+):$")
INSTRUCTION = re.compile(r"^ *(\d+):\t((?:[0-9a-f]{2} ?)+)\t(.*)$")
CALL = re.compile(r"^call (-?(?:0x)?[0-9a-f]+)$")
CALL_OF_FUNCTION = "85 10 "  # BPF_PSEUDO_CALL; else of a helper of the kernel
RELOCATION = re.compile(r"R_BPF_64_32\t(.+)$")
ACCESS = re.compile(r"r10 - (0x[0-9a-f]+|\d+)")
COPY = re.compile(r"^(r\d) = r10$")
ADD = re.compile(r"^(r\d) \+= (-?0x[0-9a-f]+|-?\d+)$")


class Function:
    def __init__(self, section, first):
        self.section, self.first = section, first
        self.depth, self.calls = 0, []


def signed(text):
    value = int(text, 0)
    return value - (1 << 64) if value > 0 and value >> 63 else value


def read(path):
    """{name: Function}, as llvm-objdump shows them; a local label belongs to what is around it."""
    shown = subprocess.run(["llvm-objdump", "-d", "-r", path], check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    functions, section, current, copies, pending = {}, None, None, set(), None
    for line in shown.splitlines():
        if found := SECTION.match(line):
            section = found[1]
        elif found := NAME.match(line):
            pending = None if found[1].startswith("LBB") else found[1]
            copies = set()
        elif found := INSTRUCTION.match(line):
            number, text = int(found[1]), found[3].split(" <")[0].strip()
            if pending:
                current = functions[pending] = Function(section, number)
                pending = None
            for offset in ACCESS.findall(text):
                current.depth = max(current.depth, int(offset, 0))
            if found[2].startswith(CALL_OF_FUNCTION) and (call := CALL.match(text)):
                current.calls.append([number, signed(call[1]), None])
            if copy := COPY.match(text):
                copies.add(copy[1])
            elif (add := ADD.match(text)) and add[1] in copies:
                current.depth = max(current.depth, -signed(add[2]))
                copies.discard(add[1])
        elif found := RELOCATION.search(line):
            current.calls[-1][2] = found[1].strip()
    return functions


def callees(functions, function):
    """Of what it calls, what is a function of this file and no helper of the kernel."""
    by_place = {(f.section, f.first): name for name, f in functions.items()}
    for number, immediate, symbol in function.calls:
        if symbol in functions:
            yield symbol
        elif symbol == ".text":
            yield by_place[".text", immediate + 1]
        elif (function.section, number + 1 + immediate) in by_place and function.section == ".text":
            yield by_place[function.section, number + 1 + immediate]


def deepest(functions, name):
    """(bytes, frames) of the chain of calls from there that takes most."""
    function, below = functions[name], (0, [])
    for callee in callees(functions, function):
        below = max(below, deepest(functions, callee))
    rounded = -(-max(function.depth, 1) // ROUND) * ROUND
    return rounded + below[0], [f"{name} {rounded}", *below[1]]


def main():
    counts = collections.Counter()
    for path in sys.argv[1:]:
        functions = read(path)
        programs = [name for name, f in functions.items() if f.section != ".text"]
        for name in programs:
            total, frames = deepest(functions, name)
            counts["passed" if total <= LIMIT else "failed"] += 1
            print(f"{'ok  ' if total <= LIMIT else 'FAIL'} {total:3d}  {' + '.join(frames)}")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
