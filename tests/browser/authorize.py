#!/usr/bin/env python3
"""Drives the example `authorize` in a real browser: agreeing, declining, and a redirect that somebody forged.

    authorize.py PROGRAM        the built example; needs `chromium` and `chromedriver`

It talks to chromedriver in its own protocol, so that the standard library is enough. It fails with the first thing that is
not as it should be, and prints what it saw.
"""

import json
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Browser:
    """One session of chromedriver with a profile of its own."""

    def __init__(self, driver, profile):
        self.base = driver
        chosen = {"browserName": "chrome", "goog:chromeOptions": {
            "binary": "/usr/bin/chromium", "args": ARGUMENTS + [f"--user-data-dir={profile}"]}}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": chosen}})
        self.base = f"{driver}/session/{made['sessionId']}"
        self.version = made["capabilities"]["browserVersion"]

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, {"content-type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            sys.exit(f"chromedriver: {error.read().decode()[:500]}")

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def find(self, css):
        for _ in range(100):
            found = self.call("POST", "/elements", {"using": "css selector", "value": css})
            if found:
                return found[0][ELEMENT]
            time.sleep(0.1)
        sys.exit(f"no {css} on {self.call('GET', '/title')}")

    def click(self, css):
        self.call("POST", f"/element/{self.find(css)}/click", {})

    def text(self, css):
        return self.call("GET", f"/element/{self.find(css)}/text")

    def close(self):
        self.call("DELETE", "")


class Program:
    """The example, with its mock of Meta."""

    def __init__(self, path, folder, *more):
        self.out = os.path.join(folder, "token.json")
        command = [path, "--mock", "--port", "0", "--out", self.out, *more]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.shown = ""
        self.dialog = self.read(r"(http://127\.0\.0\.1:\d+/v26\.0/dialog/oauth\?\S+)")
        self.back = re.search(r"needs (http://localhost:\d+/back)", self.shown)[1]

    def read(self, pattern):
        while not (found := re.search(pattern, self.shown)):
            line = self.process.stdout.readline()
            if not line:
                sys.exit(f"authorize ended: {self.shown}")
            self.shown += line
        return found[1]

    def end(self):
        self.shown += self.process.communicate(timeout=30)[0]
        return self.process.returncode


def check(holds, what):
    if not holds:
        sys.exit(f"FAILED: {what}")


def shows_no_secret(program):
    for marked in ["MOCKTOKEN", "MOCKCODE", "0123456789abcdef0123456789abcdef"]:
        check(marked not in program.shown, f"the program shows {marked}")
    state = re.search(r"state=(\w+)", program.dialog)[1]
    check(program.shown.count(state) == 1, "the state stands in the address and nowhere else")


def stored(program):
    file = os.lstat(program.out)
    check(stat.S_ISREG(file.st_mode) and stat.S_IMODE(file.st_mode) == 0o600, "only the owner can read the file")
    with open(program.out) as text:
        return json.load(text)


def agrees(browser, path, folder):
    program = Program(path, folder, "--scope", "ads_management")
    browser.open(program.dialog)
    check("ads_management" in browser.text("h1"), "the dialog says what is asked for")
    browser.click("#continue")
    check("The login is complete" in browser.text("#answer"), "the page says that the login is complete")
    check(program.end() == 0, "exit status 0")
    credential = stored(program)
    check(credential["access_token"].startswith("EAABMOCKTOKEN"), "the token is in the file")
    check(credential["expires_at"] > time.time() + 59 * 86_400, "a long-lived one")
    check("It lasts until" in program.shown, "the program says how long it lasts")
    shows_no_secret(program)


def agrees_as_business(browser, path, folder):
    program = Program(path, folder, "--config", "1234567890")
    browser.open(program.dialog)
    browser.click("#continue")
    check("The login is complete" in browser.text("#answer"), "the page says that the login is complete")
    check(program.end() == 0, "exit status 0")
    credential = stored(program)
    check(credential["client_business_id"] == "200000000000001", "the business is in the file")
    check("It does not expire" in program.shown, "the program says that the token lasts")
    shows_no_secret(program)


def declines(browser, path, folder):
    program = Program(path, folder)
    browser.open(program.dialog)
    browser.click("#cancel")
    check("the person did not agree" in browser.text("#answer"), "the page says that the person declined")
    check(program.end() == 1, "exit status 1")
    check(not os.path.exists(program.out), "nothing is stored")
    shows_no_secret(program)


def forged(browser, path, folder):
    program = Program(path, folder)
    browser.open(f"{program.back}?code=AQDFORGED&state={'0' * 64}")
    check("does not belong to this login" in browser.text("#answer"), "the page refuses the forged state")
    check(program.process.poll() is None and not os.path.exists(program.out), "the program goes on waiting")
    browser.open(program.dialog)
    browser.click("#continue")
    check("The login is complete" in browser.text("#answer"), "the person can go on")
    check(program.end() == 0, "exit status 0")
    check("FORGED" not in program.shown, "the forged code is not shown")
    stored(program)
    shows_no_secret(program)


def main():
    path = os.path.abspath(sys.argv[1])
    port = free_port()
    driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        for play in [agrees, agrees_as_business, declines, forged]:
            with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as profile:
                began = time.monotonic()
                browser = Browser(f"http://127.0.0.1:{port}", profile)
                play(browser, path, folder)
                browser.close()
                print(f"{play.__name__}: ok, {time.monotonic() - began:.1f} s, Chromium {browser.version}")
    finally:
        driver.terminate()
        driver.wait()


if __name__ == "__main__":
    main()
