"""Chromium and Firefox without a screen: opens pages, runs scripts in them, takes pictures.

Chromium is driven over WebDriver. Firefox speaks the same commands over Marionette, which it has
built in: a message is its length, a colon and JSON.
"""

import base64
import json
import socket
import time
import urllib.request

WINDOW = (1100, 800)


class Browser:
    """A browser with one window. `suite` ends it."""

    def open(self, url):
        self.command("Navigate", "POST", "/url", {"url": url})

    def run(self, script):
        """Runs the script in the page, as the body of a function. Returns what it returns."""
        parameters = {"script": script, "args": []}
        return self.command("ExecuteScript", "POST", "/execute/sync", parameters)

    def wait_for(self, script, timeout=20):
        """Waits until the script returns a true value, and returns it; or its last value, in the end."""
        until = time.monotonic() + timeout
        while not (answer := self.run(script)) and time.monotonic() < until:
            time.sleep(0.1)
        return answer

    def take_picture(self, path):
        picture = self.command("TakeScreenshot", "GET", "/screenshot", {"full": False})
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(picture))


class Chromium(Browser):
    name = "Chromium"

    def __init__(self, suite):
        suite.apt("chromium", "chromium-driver", "fonts-noto-cjk")
        self.version = suite.debian_version("chromium")
        port = suite.port()
        suite.start("chromedriver", ["chromedriver", f"--port={port}"], ready=("port", port))
        self.url = f"http://127.0.0.1:{port}/session"
        size = "{},{}".format(*WINDOW)
        options = ["--headless", "--no-sandbox", "--disable-gpu", f"--window-size={size}"]
        options.append(f"--user-data-dir={suite.work / 'chromium'}")
        chrome = {"binary": "/usr/bin/chromium", "args": options}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": chrome}}}
        self.url += "/" + self.command("NewSession", "POST", "", wanted)["sessionId"]

    def command(self, _, method, path, parameters):
        body = json.dumps(parameters).encode() if method == "POST" else None
        request = urllib.request.Request(self.url + path, body, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["value"]


class Firefox(Browser):
    name = "Firefox"

    def __init__(self, suite):
        suite.apt("firefox-esr", "fonts-noto-cjk")
        self.version = suite.debian_version("firefox-esr")
        profile = suite.work / "firefox"
        profile.mkdir()
        port = suite.port()
        (profile / "user.js").write_text(f'user_pref("marionette.port", {port});\n')
        argv = ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", profile]
        size = dict(zip(("MOZ_HEADLESS_WIDTH", "MOZ_HEADLESS_HEIGHT"), WINDOW, strict=True))
        home = {"HOME": suite.work}
        suite.start("firefox", argv, ready=("port", port), env=size | home)
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.stream = self.connection.makefile("rb")
        self.receive()
        self.command("NewSession", parameters={})

    def command(self, name, _method="", _path="", parameters=None):
        message = json.dumps([0, 1, f"WebDriver:{name}", parameters]).encode()
        self.connection.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self.receive()
        if error:
            raise RuntimeError(f"{name}: {error['error']}: {error['message']}")
        return result.get("value") if result else None

    def receive(self):
        length = b"".join(iter(lambda: self.stream.read(1), b":"))
        return json.loads(self.stream.read(int(length)))
