# SPDX-License-Identifier: BSD-2-Clause
"""A browser without a window, driven over its devtools protocol: two pipes, no network."""
import base64
import json
import os
import select
import shutil
import subprocess
import time

PROGRAM = shutil.which("chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-extensions", "--force-prefers-reduced-motion", "--disable-dev-shm-usage")
PATIENCE_S = 60


class Browser:
    """Its pages: open()."""

    def __init__(self, profile, *flags):
        theirs_in, self.out = os.pipe()
        self.into, theirs_out = os.pipe()
        command = [PROGRAM, *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe", *flags,
                   "about:blank"]
        # The protocol's pipes are the descriptors 3 and 4.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "-", *command],
            pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.last, self.rest = 0, b""

    def open(self):
        target = self.call(None, "Target.createTarget", url="about:blank", newWindow=True)
        page = Page(self, self.call(None, "Target.attachToTarget", flatten=True,
                                    targetId=target["targetId"])["sessionId"])
        page.call("Emulation.setFocusEmulationEnabled", enabled=True)  # each one is in front
        return page

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        os.close(self.into)

    def receive(self):
        while b"\0" not in self.rest:
            if not select.select([self.into], [], [], PATIENCE_S)[0]:
                raise TimeoutError("the browser says nothing")
            part = os.read(self.into, 1 << 20)
            if not part:
                raise EOFError("the browser has ended")
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, session, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        while True:
            answer = self.receive()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]


class Page:
    """navigate(), evaluate(), press() and all else by call()."""

    def __init__(self, owner, session):
        self.owner, self.session = owner, session

    def call(self, method, **parameters):
        return self.owner.call(self.session, method, **parameters)

    def navigate(self, url):
        self.call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression):
        """Its value; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, expression, seconds=PATIENCE_S):
        """Its value once it holds; what it is by then, where it does not."""
        end = time.monotonic() + seconds
        while True:
            try:
                value = self.evaluate(expression)
            except RuntimeError:  # between two documents
                value = None
            if value or time.monotonic() > end:
                return value
            time.sleep(0.05)

    def press(self, key, text=""):
        for kind in ("keyDown", "keyUp"):
            typed = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode={"Tab": 9, "Enter": 13, " ": 32, "ArrowLeft": 37,
                                             "ArrowRight": 39, "Escape": 27}[key], **typed)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def save_picture(self, path, whole=False):
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def print_pdf(self):
        answer = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(answer["data"])

    def accessibility(self):
        """What a screen reader is told, as a list of nodes."""
        return [node for node in self.call("Accessibility.getFullAXTree")["nodes"]
                if not node.get("ignored")]
