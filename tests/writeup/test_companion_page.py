"""The companion of the published config with learners that were never trained: any weights must do."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from icgd.results.job import Artefact, Job
from icgd.results.paths import Paths
from icgd.spec.build import build_learner, build_task, leaves_by_name, save_learner, save_weights
from icgd.spec.config import load
from icgd.spec.expansion import LAW
from icgd.spec.pages import Pages
from icgd.spec.plan import Plan
from icgd.spec.products import Products
from icgd.stages.companion import LARGEST, main
from tests.browser import complaints, requested, resize, until

CONFIG = load([])
PLAN = Plan(CONFIG, Paths("results/none"), {})


def untrained(folder: Path, experiment: str, name: str, snapshots: int) -> dict[str, Any]:
    """Where a learner of the config is, before any training; as many snapshots, which are alike."""
    task, group = PLAN.base(experiment, LAW)["task"], PLAN.origin(experiment, name)[1]
    spec = PLAN.source_spec(experiment, name)
    learner = build_learner(spec, build_task(task), jax.random.key(0))
    if group == "baselines":
        save_learner(folder / f"{name}.npz", learner, spec, task, "")
        return {"baselines": Artefact(folder)}
    leaves = {place: np.stack([leaf[None]] * snapshots) for place, leaf in leaves_by_name(learner).items()}
    steps, path = np.arange(snapshots), folder / f"{name}.0-0.npz"
    save_weights(path, leaves, spec, task, "", steps=steps, seeds=np.array([0]))
    return {"trained": [Artefact(path)]}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("companion")
    spec: Any = dict(Pages(Products(PLAN, "try", {}, {})).companion.spec)
    for panel in spec["panels"]:
        for experiment, names in CONFIG.panels[panel["name"]].reads.items():
            for name in names:
                snapshots = 3 if name in panel["history"] else 1
                panel["learners"][name] = untrained(folder, experiment, name, snapshots)
    output = folder / "index.html"
    main(Job("companion", "all", spec, {"output": output}))
    return output


@pytest.fixture
def open_page(page: Path, shared_browser: webdriver.Chrome) -> webdriver.Chrome:
    resize(shared_browser, 1300, 900)
    shared_browser.get(page.as_uri())
    return shared_browser


def told(browser: webdriver.Chrome, panel: str) -> str:
    """What a panel says of what it shows."""
    return browser.find_element(By.CSS_SELECTOR, f"#{panel} .told").get_attribute("innerText") or ""


def handle(browser: webdriver.Chrome, panel: str, place: int = 0) -> WebElement:
    """A point of a panel that can be moved both ways."""
    found = browser.find_elements(By.CSS_SELECTOR, f"#{panel} .point:not(.query)")[place]
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    return found


def position(point: WebElement) -> list[float]:
    """Where a point is in the plot's units."""
    text = point.get_attribute("aria-valuetext") or ""
    return [float(number.replace("−", "-")) for number in text.split(", ")]


def test_every_panel_stands_in_its_place_and_nothing_is_loaded(
    page: Path, open_page: webdriver.Chrome
) -> None:
    titles = [title.text for title in open_page.find_elements(By.CSS_SELECTOR, ".panel h2")]
    assert titles == [panel.title for panel in sorted(CONFIG.panels.values(), key=lambda p: p.place)]
    for panel in CONFIG.panels:
        assert told(open_page, panel)
    assert not complaints(open_page)
    assert requested(open_page) <= {"file", "data"}
    assert page.stat().st_size < LARGEST


@pytest.mark.parametrize("panel", ["step", "depth", "waves", "objective"])
def test_points_move_with_the_pointer_and_with_keys(panel: str, open_page: webdriver.Chrome) -> None:
    point = handle(open_page, panel)
    x, y = position(point)
    ActionChains(open_page).drag_and_drop_by_offset(
        point.find_element(By.CLASS_NAME, "dot"), 0, -30
    ).perform()
    dragged = position(point)
    assert dragged[1] > y
    assert dragged[0] == pytest.approx(x, abs=0.05 * abs(x) + 0.05)
    before = told(open_page, panel)
    point.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_LEFT)
    assert position(point)[1] < dragged[1]
    assert position(point)[0] < dragged[0]
    point.send_keys("o")
    low, high = (float(point.get_attribute(f"aria-value{end}") or 0) for end in ("min", "max"))
    assert min(position(point)[1] - low, high - position(point)[1]) < 0.05 * (high - low)
    assert told(open_page, panel) != before or panel != "step"
    assert not complaints(open_page)


def test_layers_are_chosen_with_keys(open_page: webdriver.Chrome) -> None:
    slider = open_page.find_element(By.CSS_SELECTOR, "#depth input[type=range]")
    assert "After 1 layer," in told(open_page, "depth")
    slider.send_keys(Keys.ARROW_RIGHT)
    assert "After 2 layers," in told(open_page, "depth")
    slider.send_keys(Keys.HOME)
    assert "Before the first layer" in told(open_page, "depth")


def test_lines_can_be_hidden(open_page: webdriver.Chrome) -> None:
    count = "return document.querySelectorAll('#step .plots svg')[0].querySelectorAll('polyline').length"
    assert open_page.execute_script(count) == 3
    box = open_page.find_element(By.CSS_SELECTOR, "#step .legend input")
    open_page.execute_script("arguments[0].click()", box)
    assert open_page.execute_script(count) == 2


def test_the_page_fits_a_phone_and_points_can_be_touched(page: Path, open_page: webdriver.Chrome) -> None:
    resize(open_page, 390, 800)
    open_page.get(page.as_uri())
    assert open_page.execute_script("return document.documentElement.scrollWidth") <= 390
    box = open_page.execute_script(
        "const box = document.querySelector('#step .point .reach').getBoundingClientRect();"
        "return [box.width, box.height]"
    )
    assert min(box) > 22
    style = "return getComputedStyle(document.querySelector('#step .point')).touchAction"
    assert open_page.execute_script(style) == "none"


def touched(browser: webdriver.Chrome, x: float, y: float, up: int) -> None:
    """A finger is put down, moved up by so many pixels, and lifted."""
    places = [("touchStart", y), *(("touchMove", y - up * share / 5) for share in range(1, 6))]
    for event, at in places:
        touch = {"type": event, "touchPoints": [{"x": x, "y": at}]}
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", touch)
    browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize("panel", ["step", "depth", "waves", "objective"])
def test_a_finger_moves_a_point_and_not_the_page(panel: str, open_page: webdriver.Chrome) -> None:
    resize(open_page, 390, 800)
    open_page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        point = handle(open_page, panel)
        height, scrolled = position(point)[1], open_page.execute_script("return scrollY")
        middle = "const box = arguments[0].querySelector('.dot').getBoundingClientRect();"
        x, y = open_page.execute_script(
            f"{middle} return [box.x + box.width / 2, box.y + box.height / 2]", point
        )
        touched(open_page, x, y, 60)
        until(lambda: position(point)[1] > height)
        assert open_page.execute_script("return scrollY") == scrolled
        open_page.execute_script("scrollTo(0, 0)")
        touched(open_page, 200, 500, 300)  # on no point
        until(lambda: open_page.execute_script("return scrollY") > 50)
    finally:
        open_page.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    assert not complaints(open_page)


def test_nothing_moves_by_itself_for_those_who_ask_for_that(open_page: webdriver.Chrome) -> None:
    for wish, moves in (("reduce", False), ("no-preference", True)):
        features = [{"name": "prefers-reduced-motion", "value": wish}]
        open_page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        style = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        assert (open_page.execute_script(style, "html", "scrollBehavior") == "smooth") == moves
        for part in (".bar .fill", ".point .dot"):
            assert (open_page.execute_script(style, part, "transitionDuration") != "0s") == moves
    open_page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_the_objective_is_chosen_and_drawn(open_page: webdriver.Chrome) -> None:
    for place, words in enumerate(["L1: mean |r|", "L2: mean r²", "L∞: max |r|"]):
        switch = open_page.find_elements(By.CSS_SELECTOR, "#objective .controls:first-of-type button")[place]
        open_page.execute_script("arguments[0].click()", switch)
        assert told(open_page, "objective").startswith(words)
        assert switch.get_attribute("aria-pressed") == "true"
    pair = open_page.find_elements(By.CSS_SELECTOR, "#objective .point.query")[2]
    r, psi = position(pair)
    pair.send_keys(Keys.ARROW_UP, Keys.ARROW_RIGHT)
    assert position(pair)[1] > psi
    assert position(pair)[0] == r
    assert "eight open circles" in told(open_page, "objective")
    open_page.find_element(By.CSS_SELECTOR, "#objective option[value=Huber]").click()
    assert not complaints(open_page)


def test_arms_are_pulled_to_the_end(open_page: webdriver.Chrome) -> None:
    arms = open_page.find_elements(By.CSS_SELECTOR, "#bandit .arm")
    shares = "return [...document.querySelectorAll('.arm')].map(arm => arm.querySelector('em').textContent)"
    assert len(arms) == 3
    open_page.execute_script("arguments[0].scrollIntoView()", arms[0])
    for arm in (0, 1, 1):
        open_page.execute_script("arguments[0].click()", arms[arm])
    assert told(open_page, "bandit").startswith("Pull 4 of 30")
    assert [len(arm.find_elements(By.CSS_SELECTOR, ".past i")) for arm in arms] == [1, 2, 0]
    percent = [int(text.removesuffix(" %")) for text in open_page.execute_script(shares)]
    assert sum(percent) == pytest.approx(100, abs=2)
    until(lambda: "being computed" not in told(open_page, "bandit"), 300)
    last = open_page.find_elements(By.XPATH, "//section[@id='bandit']//button[text()='play on to the end']")
    open_page.execute_script("arguments[0].click()", last[0])
    assert told(open_page, "bandit").startswith("The end")
    assert told(open_page, "bandit").endswith("the optimal policy loses 1.84.")
    assert not any(arm.is_enabled() for arm in arms)
    assert not complaints(open_page)
