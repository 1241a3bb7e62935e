"""The HTML report, opened in a headless browser without a network."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.conftest import snakemake

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --window-size=1400,1000 "
    "--disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage"
)


@pytest.fixture
def browser() -> Iterator[webdriver.Chrome]:
    if not (CHROMIUM and DRIVER):
        assert not os.environ.get("CI"), "a CI needs chromium and chromedriver (make test installs them)"
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def requested(browser: webdriver.Chrome) -> set[str]:
    """Schemes of everything that the page asked for."""
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return {url.split(":")[0] for url in urls}


def test_report_shows_figures_without_network(finished: Path, browser: webdriver.Chrome) -> None:
    snakemake(finished, "--report", "report.html")
    browser.get((finished / "report.html").as_uri())
    wait = WebDriverWait(browser, 20)

    def click(text: str) -> None:
        found = wait.until(lambda b: b.find_elements(By.XPATH, f"//*[normalize-space(text())='{text}']"))
        browser.execute_script("arguments[0].click()", found[-1])

    click("Figures")
    page = wait.until(lambda b: "Damped roll-out" in b.page_source and b.page_source)
    for title in ("Alignment over training", "Loss out of distribution", "Trained and constructed weights"):
        assert title in page
    button = "//tr[contains(., 'Damped roll-out')]//a[.//*[local-name()='svg']]"
    browser.execute_script("arguments[0].click()", wait.until(lambda b: b.find_elements(By.XPATH, button))[0])
    sizes = "return [...document.images].map(i => i.naturalWidth)"
    wait.until(lambda b: any(width > 300 for width in b.execute_script(sizes)))
    assert requested(browser) <= {"file", "data", "blob"}
