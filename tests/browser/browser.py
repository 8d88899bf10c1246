"""Chromium as a person uses it: scripts off, a keyboard and no mouse. And the judges of what it was shown."""

import base64
import enum
import json
import os
import pathlib
import subprocess

from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

JUDGES = pathlib.Path(os.environ.get("OPTGATE_BROWSER_JUDGES", ""))
NARROW, WIDE = 320, 1280
# Seconds for a page to come.
PATIENCE = 30
# Of no page of ours does anybody press so often.
MOST_TABS = 60
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Landmarks and such, which mail has none of.
STANDARDS = [*WCAG, "best-practice"]


class Wrong(Exception):
    pass


def expect(holds, message):
    if not holds:
        raise Wrong(message)


class Scripts(enum.Enum):
    ON = "on"
    OFF = "off"


def chromium(profile, scripts):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(flag)
    if scripts is Scripts.OFF:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


class Person:
    """Somebody at a keyboard."""

    def __init__(self, profile):
        self.driver = chromium(profile, Scripts.OFF)
        self.request = self.status = None

    def stop(self):
        self.driver.quit()

    def prefer(self, language):
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd(
            "Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": language}}
        )

    def look_at(self, width, mode="light"):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": mode}]}
        )

    def open(self, url):
        self.driver.get(url)

    def source(self):
        """The page as it came."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        came = [own["params"] for own in events if own["method"] == "Network.responseReceived"]
        for page in (own for own in came if own["type"] == "Document"):
            self.request, self.status = page["requestId"], page["response"]["status"]
        return self.driver.execute_cdp_cmd("Network.getResponseBody", {"requestId": self.request})["body"]

    def text(self):
        return self.driver.find_element("css selector", "main").text

    def has(self, selector):
        return bool(self.driver.find_elements("css selector", selector))

    def reach(self, selector):
        """Tabs there from wherever the focus is. What is reached is seen: WCAG 2.2, 2.4.7."""
        for _ in range(MOST_TABS):
            focused = self.driver.switch_to.active_element
            if self.driver.execute_script("return arguments[0].matches(arguments[1])", focused, selector):
                outline = focused.value_of_css_property("outline-style")
                expect(outline != "none", f"nothing shows that {selector} has the focus")
                return
            self.press(Keys.TAB)
        raise Wrong(f"{selector} can't be reached by keyboard")

    def press(self, key):
        ActionChains(self.driver).send_keys(key).perform()

    def write(self, text):
        self.press(text)

    def activate(self, selector):
        """Presses a button, or follows a link, by keyboard. Returns once the next page is there."""
        self.reach(selector)
        before = self.driver.find_element("css selector", "html")
        self.press(Keys.ENTER)
        try:
            WebDriverWait(self.driver, PATIENCE, poll_frequency=0.02).until(staleness_of(before))
        except TimeoutException:
            raise Wrong(f"pressing {selector} leads nowhere") from None

    def turn(self, selector):
        """Ticks, unticks or chooses."""
        self.reach(selector)
        self.press(Keys.SPACE)

    def overflow(self):
        """By how many pixels the page is wider than what it is seen in."""
        return self.driver.execute_script(
            "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
        )

    def complaints(self):
        """What the browser itself objects to: a style or a picture that the policy doesn't allow."""
        entries = self.driver.get_log("browser")
        # The status of an error page is one too.
        return [own["message"] for own in entries if "the server responded with a status" not in own["message"]]

    def picture(self, file):
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        drawn = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
        file.write_bytes(base64.b64decode(drawn["data"]))


class Judge:
    """axe-core in a Chromium of its own, which runs scripts; it is shown what the person was."""

    def __init__(self, folder):
        self.folder = folder
        self.axe = (JUDGES / "axe-core" / "axe.min.js").read_text()
        self.driver = chromium(folder / "judge", Scripts.ON)
        self.pages = {}

    def stop(self):
        self.driver.quit()

    def look(self, name, source, rules=STANDARDS):
        """Objections to a page. Its HTML is judged at the end, with all others'."""
        file = self.folder / f"{name}.html"
        file.write_text(source)
        self.pages[file.name] = name
        found = []
        for mode in ("light", "dark"):
            self.driver.execute_cdp_cmd(
                "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": mode}]}
            )
            self.driver.get(file.as_uri())
            self.driver.execute_script(self.axe)
            judged = self.driver.execute_async_script(
                "const done = arguments[arguments.length - 1];"
                "axe.run(document, {runOnly: arguments[0], resultTypes: ['violations']})"
                ".then(judged => done(judged.violations), error => done([{id: String(error), nodes: []}]))",
                rules,
            )
            for violation in judged:
                places = "; ".join(node["html"][:150] for node in violation["nodes"][:3])
                found.append(f"{name} ({mode}): axe: {violation['id']}: {places}")
        return found

    def html(self):
        """What vnu objects to in all pages that were looked at."""
        files = [str(self.folder / name) for name in self.pages]
        if not files:
            return []
        jar = JUDGES / "vnu-jar" / "build" / "dist" / "vnu.jar"
        ran = subprocess.run(
            ["java", "-Xss2m", "-jar", jar, "--format", "json", "--asciiquotes", *files],
            capture_output=True,
            text=True,
            timeout=300,
        )
        try:
            messages = json.loads(ran.stderr or ran.stdout)["messages"]
        except (ValueError, KeyError):
            return [f"vnu can't be run: {ran.stdout}{ran.stderr}"]
        wanted = [own for own in messages if own["type"] != "info" or own.get("subType") == "warning"]
        # It guesses, and nobody writes English from right to left.
        wanted = [own for own in wanted if "appears to be written in" not in own["message"]]
        place = lambda own: pathlib.Path(own.get("url", "?")).name  # noqa: E731
        return [f"{place(own)}:{own.get('lastLine')}: vnu: {own['message']}" for own in wanted]
