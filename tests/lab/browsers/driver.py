#!/usr/bin/env python3
"""Drives one headless browser, with nothing but Python's own library: a line of JSON in, a line of JSON out.

{"page": true}        a fresh page, with call.js in it
{"run": "..."}        the value of an asynchronous expression in the page
{"internals": true}   what the browser's own page about WebRTC holds, chrome://webrtc-internals or about:webrtc, by name
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time

CALL = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "call.js")).read()


class Chromium:
    """The Chrome DevTools Protocol over a pipe (--remote-debugging-pipe): JSON with a zero byte after it."""

    def __init__(self, profile):
        down, up = os.pipe(), os.pipe()
        command = (
            f"exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run"
            f" --user-data-dir={profile} --remote-debugging-pipe about:blank 3<&{down[0]} 4>&{up[1]}"
        )
        self.browser = subprocess.Popen(["sh", "-c", command], pass_fds=(down[0], up[1]), stdout=sys.stderr)
        os.close(down[0])
        os.close(up[1])
        self.to, self.back, self.number = os.fdopen(down[1], "wb"), os.fdopen(up[0], "rb"), 0
        self.rest, self.target, self.session, self.view = b"", None, None, None

    def send(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self.to.write(json.dumps(message).encode() + b"\0")
        self.to.flush()
        while True:
            while b"\0" not in self.rest:
                piece = self.back.read1(65536)
                if not piece:
                    raise EOFError("chromium is gone")
                self.rest += piece
            text, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(text)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(answer["error"])
                return answer["result"]

    def open(self, url):
        target = self.send("Target.createTarget", url=url)["targetId"]
        return target, self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def page(self):
        for old in (self.target, self.view):
            if old:
                self.send("Target.closeTarget", targetId=old)
        # It shows what begins while it is open.
        self.view, self.view_session = self.open("chrome://webrtc-internals")
        self.target, self.session = self.open("about:blank")
        self.evaluate(self.session, CALL)

    def evaluate(self, session, text):
        result = self.send(
            "Runtime.evaluate", session, expression=text, awaitPromise=True, returnByValue=True, allowUnsafeEvalBlockedByCSP=True
        )
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def run(self, text):
        return self.evaluate(self.session, text)

    def internals(self):
        text = "JSON.stringify({PeerConnections: window.peerConnectionDataStore ?? {}, UserAgent: navigator.userAgent})"
        return {"internals": json.loads(self.evaluate(self.view_session, text))}


class Firefox:
    """Marionette: length, colon, JSON."""

    PREFERENCES = {
        "marionette.port": 2828,
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "app.update.auto": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
    }

    def __init__(self, profile):
        with open(os.path.join(profile, "user.js"), "w") as file:
            for name, value in self.PREFERENCES.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        command = ["firefox-esr", "--headless", "--no-remote", "--marionette", "--remote-allow-system-access"]
        command += ["--profile", profile, "about:blank"]
        environment = {**os.environ, "MOZ_HEADLESS": "1", "HOME": profile}
        self.browser = subprocess.Popen(command, stdout=sys.stderr, env=environment)
        self.number, self.rest = 0, b""
        for _ in range(600):
            try:
                self.socket = socket.create_connection(("127.0.0.1", 2828))
                break
            except OSError:
                time.sleep(0.1)
        self.message()
        self.send("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        self.send("WebDriver:SetTimeouts", {"script": 120_000})

    def message(self):
        while b":" not in self.rest or len(self.rest) < sum(self.head()):
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError("firefox is gone")
            self.rest += piece
        colon, length = self.head()
        text, self.rest = self.rest[colon : colon + length], self.rest[colon + length :]
        return json.loads(text)

    def head(self):
        length = self.rest.split(b":", 1)[0]
        return len(length) + 1, int(length)

    def send(self, name, params):
        self.number += 1
        text = json.dumps([0, self.number, name, params]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        while True:
            kind, number, error, result = self.message()
            if (kind, number) == (1, self.number):
                if error:
                    raise RuntimeError(error)
                return result

    def page(self):
        # Nothing is left of the calls before.
        self.privileged("WebrtcGlobalInformation.clearAllStats(); WebrtcGlobalInformation.clearLogging(); resolve(null)")
        self.send("WebDriver:Navigate", {"url": "about:blank"})
        self.script(CALL + "; resolve(null)", fresh=True)

    def script(self, text, fresh=False):
        text = "const resolve = arguments[arguments.length - 1];" + text
        return self.send("WebDriver:ExecuteAsyncScript", {"script": text, "args": [], "sandbox": "call", "newSandbox": fresh})["value"]

    def run(self, text):
        value = self.script(f"({text}).then(value => resolve({{value}}), error => resolve({{error: String(error)}}))")
        if "error" in value:
            raise RuntimeError(value["error"])
        return value.get("value")

    def privileged(self, text):
        self.send("Marionette:SetContext", {"value": "chrome"})
        try:
            return self.script(text)
        finally:
            self.send("Marionette:SetContext", {"value": "content"})

    def internals(self):
        # As a second argument null would be the name of a connection, "null".
        about = self.privileged("WebrtcGlobalInformation.getAllStats(all => resolve(JSON.parse(JSON.stringify(all.reports))))")
        log = self.privileged("WebrtcGlobalInformation.getLogging('', log => resolve([...log]))")
        return {"about": about, "log": log, "page": self.saved_page()}

    def saved_page(self):
        """What "Save Page" of about:webrtc writes."""
        call = self.send("WebDriver:GetWindowHandle", {})["value"]
        tab = self.send("WebDriver:NewWindow", {"type": "tab"})["handle"]
        self.send("WebDriver:SwitchToWindow", {"handle": tab})
        self.send("WebDriver:Navigate", {"url": "about:webrtc"})
        content = "document.querySelector('#content')"
        # The descriptions and the log are there last.
        drawn = f"const look = () => {content}?.querySelector('pre') && {content}.querySelector('p') ? resolve({content}.outerHTML)"
        drawn += " : setTimeout(look, 100); look()"
        page = self.script(drawn)
        self.send("WebDriver:CloseWindow", {})
        self.send("WebDriver:SwitchToWindow", {"handle": call})
        return page


def main():
    with tempfile.TemporaryDirectory() as profile:
        browser = {"chromium": Chromium, "firefox": Firefox}[sys.argv[1]](profile)
        for line in sys.stdin:
            order = json.loads(line)
            try:
                if "page" in order:
                    answer = browser.page()
                elif "run" in order:
                    answer = browser.run(order["run"])
                else:
                    answer = browser.internals()
                answer = {"value": answer}
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)
        browser.browser.kill()
        browser.browser.wait()


main()
