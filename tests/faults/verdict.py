# SPDX-License-Identifier: BSD-2-Clause
"""Whether a run that something failed in went on rightly, or ended rightly."""
import json
import os
import re

from watch import check_accounting

DONE, FAILED = 0, 1
STANDARD_OUTPUT = "standard output"
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error:|LeakSanitizer")
# A reason that is none.
EMPTY_REASON = re.compile(r"(:\s*$|: Success|: Unknown error|\(null\)|: error -?\d+$)", re.I)
# What a run says that goes well.
NOTICE = re.compile(r"weir: (attached to|\d+ packets seen|capturing with|warning:|note:|try:|libbpf:)")

# The end of a process that libraries bring about by themselves: libpcap's scanner, which exits and
# uses what it could not allocate; the sanitizer, where a thread begins without memory.
OF_LIBRARIES = re.compile(r"out of dynamic memory in yy|AddressSanitizer: CHECK failed|"
                          r"SEGV on unknown address.*\n(.*\n){2}( +#\d+ \w+  ?\(.*libpcap\.so.*\n)+"
                          r" +#\d+ \w+ in pcap_compile ")


class Wrong(Exception):
    """What a run did that it must not do."""


def expect(held, message):
    if not held:
        raise Wrong(message)


def documents_of(text, name, torn_allowed):
    """The documents of an output, each of which adds up. One that could not be written whole to
    what cannot be taken back is torn, and the next begins on a line of its own."""
    expect(not text or text.endswith("\n") or torn_allowed, f"{name} ends within a line")
    documents, torn = [], 0
    for line in [text] if name.endswith(".json") else text.splitlines():
        try:
            documents.append(json.loads(line))
        except ValueError:
            torn += 1
            expect(torn_allowed and torn == 1, f"{name} holds what is no document: {line[:80]}")
            continue
        check_accounting(documents[-1])
        check_group_total(documents[-1])
    return documents


def check_group_total(document):
    """Flows left out are counted in the total all the same."""
    listed = sum(flow["packets"]["total"] for flow in document["flows"])
    counted = document["outcomes"]["flow"]["packets"]
    expect(listed <= counted, f"flows sum to {listed}, outcomes.flow is {counted}")
    left_out = document["total"]["flows"] - len(document["flows"])
    expect(left_out == document["flows_omitted"],
           f"{left_out} flows are left out, flows_omitted is {document['flows_omitted']}")


def plain(documents):
    """Without what differs from run to run."""
    return [{key: value for key, value in document.items() if key not in ("host", "health")}
            for document in documents]


# What the kernel says of a program that it refuses, shown with -v.
VERIFIER_LOG = re.compile(r"-- BEGIN PROG LOAD LOG --.*?-- END PROG LOAD LOG --", re.S)


def check_message(stderr):
    """An error is named, with a reason."""
    lines = VERIFIER_LOG.sub("(log)", stderr).splitlines()
    for line in lines:
        expect(not EMPTY_REASON.search(line), f"a line without a reason: {line!r}")
    said = [line for line in lines if line.startswith("weir: ") and not NOTICE.match(line)]
    expect(said, f"status 1 without a line that says why: {stderr!r}")


def check_status(scene, status, stderr, results, is_mute):
    expect(status is not None, "it hangs")
    report = SANITIZER.search(stderr)
    expect(not report, f"a sanitizer reports: {stderr[report.start() if report else 0:][:1500]}")
    expect(status in (DONE, FAILED), f"status {status}: {stderr!r}")
    if status == FAILED and not is_mute and not (scene.arguments[0] == "check" and results.text[STANDARD_OUTPUT]):
        check_message(stderr)
    for line in stderr.splitlines():
        expect(line.startswith("weir: "), f"a line of someone else: {line!r}")


class Results:
    """What a run wrote: standard output and files, as documents where they are documents."""

    def __init__(self, scene, folder, stdout):
        self.text = {STANDARD_OUTPUT: stdout.decode(errors="replace")}
        for name in scene.files:
            path = os.path.join(folder, name)
            if os.path.exists(path):
                with open(path) as file:
                    self.text[name] = file.read()
        self.strays = sorted(set(os.listdir(folder)) - set(scene.files))
        self.is_table = scene.arguments[0] != "run"

    def documents(self, status=DONE):
        if self.is_table:
            return {}
        return {name: documents_of(text, name, status == FAILED and name == STANDARD_OUTPUT)
                for name, text in self.text.items() if text or name != STANDARD_OUTPUT}


def judge(scene, status, stderr, results, good, is_mute=False):
    """Raises Wrong, or Failed of the documents' own checks. is_mute: standard error failed itself."""
    if OF_LIBRARIES.search(stderr):
        return
    check_status(scene, status, stderr, results, is_mute)
    documents = results.documents(status)
    strays = [name for name in results.strays if name not in stderr]
    expect(not strays, f"left behind: {strays}")
    if status == FAILED:
        return
    for name, text in good.text.items():
        expect(bool(results.text.get(name)) == bool(text),
               f"status 0, but {name} is {'empty' if text else 'not empty'}: {stderr!r}")
    if scene.exact:
        wanted = good.documents()
        for name, found in documents.items():
            expect(plain(found) == plain(wanted[name]),
                   f"status 0, but {name} has other documents: {stderr!r}")
