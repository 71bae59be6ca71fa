"""A real headless Chromium for tests of the console, driven through chromedriver."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE_SECONDS = 15.0
PROGRAMS = ("chromium", "chromedriver")


def require_chromium() -> None:
    """Skip the test, naming the Debian packages, where Chromium or its driver is missing."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} missing: apt-get install chromium chromium-driver")


class Browser:
    """One browser window."""

    def __init__(self, driver: Chrome) -> None:
        """Wrap a driver."""
        self.driver = driver

    def open(self, address: str) -> None:
        """Load a page."""
        self.driver.get(address)

    def fill(self, css: str, text: str) -> None:
        """Type into a field, once it is there and not being redrawn."""
        self.until(lambda: self._fill(css, text), f"type into {css}")

    def _fill(self, css: str, text: str) -> bool:
        """Type once; gives whether the field holds the text."""
        field = self.driver.find_element(By.CSS_SELECTOR, css)
        field.clear()
        field.send_keys(text)
        return field.get_attribute("value") == text

    def click(self, css: str) -> None:
        """Click what a selector finds, once it is there and not being redrawn."""
        self.until(lambda: self._click(css), f"click {css}")

    def _click(self, css: str) -> bool:
        """Click once."""
        self.driver.find_element(By.CSS_SELECTOR, css).click()
        return True

    def text(self, css: str = "body") -> str:
        """Give the text that a person sees there; empty while it is being redrawn."""
        script = "const found = document.querySelector(arguments[0]); return found ? found.innerText : '';"
        return str(self.driver.execute_script(script, css))

    def number(self, script: str) -> float:
        """Give what an expression in the page is worth."""
        return float(str(self.driver.execute_script(f"return {script};")))

    def until(self, true: object, what: str) -> None:
        """Wait until something is true; fails telling what was awaited."""
        waiting = WebDriverWait(self.driver, PATIENCE_SECONDS, 0.05, (WebDriverException,))
        waiting.until(lambda _: callable(true) and true(), what)

    def sees(self, text: str, css: str = "body") -> None:
        """Wait until a text is seen."""
        self.until(lambda: text in self.text(css), f"{text!r} in {css}")

    def complaints(self) -> list[str]:
        """Give what the browser complained of: policy violations, script errors, failed requests."""
        return [
            str(entry["message"])
            for entry in self.driver.get_log("browser")
            if entry["level"] in {"WARNING", "SEVERE"}
        ]

    def screenshot(self, file: Path) -> None:
        """Take a picture of the window."""
        assert self.driver.save_screenshot(str(file))


@contextmanager
def browsing(width: int = 1280, height: int = 900) -> Iterator[Browser]:
    """Run a browser with a profile of its own."""
    require_chromium()
    options = ChromeOptions()
    options.binary_location = str(shutil.which(PROGRAMS[0]))
    for argument in (
        "--headless=new",
        "--no-sandbox",  # continuous integration runs as root in a container
        "--disable-dev-shm-usage",
        "--disable-gpu",
        f"--window-size={width},{height}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, Service(str(shutil.which(PROGRAMS[1]))))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
