"""A headless browser for pages that must load nothing."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium import webdriver

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --window-size=1400,1000 "
    "--disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage "
    "--force-prefers-reduced-motion"
)


def opened() -> Iterator[webdriver.Chrome]:
    """A browser that keeps what pages ask for and complain of; the test is skipped where there is none."""
    if not (CHROMIUM and DRIVER):
        assert not os.environ.get("CI"), "a CI needs chromium and chromedriver (make test installs them)"
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(120)
    yield driver
    driver.quit()


def requested(browser: webdriver.Chrome) -> set[str]:
    """Schemes of everything that the page asked for."""
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return {url.split(":")[0] for url in urls}


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What stands in the page's console."""
    return [entry["message"] for entry in browser.get_log("browser")]


def resize(browser: webdriver.Chrome, width: int, height: int) -> None:
    """Show the page as on a screen of this size."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What a condition gives once it holds."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "the page did not come to it"
        time.sleep(0.05)
    return found
