"""Opens pages in a headless Chromium: takes pictures of each, and fails if one scrolls sideways, breaks its own policy
or asks for anything.

    python3 look.py FOLDER PAGE.html...
"""

import base64
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}

OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

STATE = """
const wide = Array.from(document.querySelectorAll('body *')).filter(element =>
  element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('svg') && getComputedStyle(element).position !== 'absolute');
const unnamed = Array.from(document.querySelectorAll('svg:not([aria-hidden]), table, section, nav')).filter(element =>
  !(element.getAttribute('aria-label') || element.getAttribute('aria-labelledby') || element.querySelector('caption')));
return {
  scroll: document.documentElement.scrollWidth - innerWidth,
  wide: wide.map(element => element.outerHTML.slice(0, 200)),
  unnamed: unnamed.map(element => element.outerHTML.slice(0, 200)),
  styled: getComputedStyle(document.querySelector('.cards')).display === 'grid',
  headings: Array.from(document.querySelectorAll('h1, h2, h3')).map(heading => Number(heading.tagName[1])),
  height: document.documentElement.scrollHeight,
};
"""


class Browser:
    """A session of ChromeDriver, by its plain HTTP interface."""

    def __init__(self, profile):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                self.call("GET", "/status")
                break
            except OSError:
                time.sleep(0.1)
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": [*OPTIONS, f"--user-data-dir={profile}"]},
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }
        session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.base += f"/session/{session['sessionId']}"

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        # No proxy: it talks to this machine alone.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def cdp(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def log(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def quit(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()


def look(browser, page, folder):
    """Opens one page at every width, light and dark."""
    faults = []
    for name, (width, height) in WIDTHS.items():
        for scheme in ["light", "dark"]:
            place = f"{page.stem}-{name}-{scheme}"
            browser.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=name == "phone")
            browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            # What the browser does at its start is not the page's doing.
            browser.log("performance"), browser.log("browser")
            browser.call("POST", "/url", {"url": page.as_uri()})
            state = browser.call("POST", "/execute/sync", {"script": STATE, "args": []})
            picture = browser.cdp("Page.captureScreenshot", captureBeyondViewport=True)
            (folder / f"{place}.png").write_bytes(base64.b64decode(picture["data"]))

            messages = [json.loads(entry["message"])["message"] for entry in browser.log("performance")]
            requests = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
            asked = [r["request"]["url"] for r in requests if r["documentURL"] == page.as_uri()]
            faults += [f"{place}: asks for {url}" for url in asked if url != page.as_uri()]
            if page.as_uri() not in asked:
                faults.append(f"{place}: requests were not watched")
            faults += [f"{place}: {entry['message']}" for entry in browser.log("browser")]
            if state["scroll"] > 0 or state["wide"]:
                faults.append(f"{place}: scrolls sideways by {state['scroll']} pixels: {state['wide'][:2]}")
            if not state["styled"]:
                faults.append(f"{place}: its style does not apply")
            faults += [f"{place}: has no name for readers: {what}" for what in state["unnamed"]]
            levels = state["headings"]
            if levels[0] != 1 or any(after - before > 1 for before, after in zip(levels, levels[1:])):
                faults.append(f"{place}: leaves out a level of headings: {levels}")
    print(f"{page.name}: {page.stat().st_size:,} bytes, {state['height']:,} pixels high on a phone")
    return faults


def main(folder, pages):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    faults = []
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(profile)
        try:
            for page in pages:
                faults += look(browser, pathlib.Path(page).resolve(), folder)
        finally:
            browser.quit()
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
