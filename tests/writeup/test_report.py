"""The report of a run that is made by hand, also in a browser."""

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from icgd.results.job import Artefact, Job
from icgd.spec.pages import lineage
from icgd.stages.report import main
from icgd.writeup.report import claim_rows, facts, seconds, spent
from tests.browser import complaints, requested, resize, until

COSTS = pd.DataFrame(
    [
        ("one", "train", "e/test/a.0-4", 120.0),
        ("one", "compare", "e/test/m", 60.0),
        ("two", "train", "f/test/b.0-4", 30.0),
        ("one", "figure", "f1", 6.0),
        ("two", "prompts", "f/test", 3.0),
        ("two", "baselines", "f/test", 2.4),
        ("", "paper", "all", 12.0),
    ],
    columns=["study", "rule", "name", "cpu"],
).assign(peak_mb=100.0)
CLAIMS = pd.DataFrame(
    {
        "id": ["A1", "A2", "B1"],
        "group": ["A1", "A1", "B1"],
        "statement": ["A < b & c", "It grows", "It is one"],
        "origin": "this paper",
        "fixed": "before",
        "kind": ["finding", "finding", "fact"],
        "chance": [0.03, 0.02, 0.5],
        "metric": ["relative_error", "error", "error"],
        "over": ["max", "mean", "min"],
        "comparison": ["below", "above", "between"],
        "value": [0.5, 10.0, 9.0],
        "interval_low": [0.4, 9.0, 8.0],
        "interval_high": [0.6, 11.0, 10.0],
        "threshold": ["0.75", "20", "0.5 1.5"],
        "verdict": ["holds", "fails", "fails"],
    }
)
RECORD: dict[str, Any] = {
    "revision": "abc",
    "modified": True,
    "repository": "",
    "python": "3.11",
    "packages": {"jax": "1.0"},
    "environment": {"NPROC": "1"},
}


def picture(width: int, height: int) -> bytes:
    """A black PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress((b"\0" + b"\0" * width) * height))
    return b"\x89PNG\r\n\x1a\n" + header + rows + chunk(b"IEND", b"")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The report of two studies, one of them with two figures."""

    def written(name: str, held: str | bytes) -> Artefact:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(held.encode() if isinstance(held, str) else held)
        return Artefact(path)

    def figure(name: str, title: str, width: int) -> dict[str, Any]:
        made = {"compare": ["e/test/m"], "train": ["e/test/a.0-4"]}
        image = written(f"{name}.png", picture(width, 20))
        module = "icgd.plotting.plot_shift"
        return {"name": name, "title": title, "study": "one", "module": module, "image": image, "from": made}

    written("numbers/numbers.tex", "")
    spec = {
        "run": "try",
        "studies": {"one": "", "two": ""},
        "sources": {},
        "figures": [figure("f1", "The <first>", 500), figure("f2", "Wide", 1200)],
        "claims": {"A1": "one", "A2": "one", "B1": "two"},
        "verdicts": written("claims.csv", CLAIMS.to_csv(index=False)),
        "numbers": Artefact(tmp_path / "numbers"),
        "provenance": written("provenance.json", json.dumps(RECORD)),
        "costs": written("costs.csv", COSTS.to_csv(index=False)),
        "schedule": written("costs.png", picture(1100, 10)),
        "companion": True,
    }
    output = tmp_path / "report.html"
    main(Job("report", "all", spec, {"output": output}))
    return output


def column(browser: webdriver.Chrome, place: int) -> list[str]:
    """Texts of a column of the claims that are shown."""
    rows = browser.find_elements(By.CSS_SELECTOR, "#claims tbody tr")
    return [row.find_elements(By.TAG_NAME, "td")[place].text for row in rows if row.is_displayed()]


def test_claims_sort_as_numbers_and_are_filtered(page: Path, browser: webdriver.Chrome) -> None:
    browser.get(page.as_uri())
    value = browser.find_elements(By.CSS_SELECTOR, "#claims th button")[3]
    assert column(browser, 0) == ["A1", "A2", "B1"]
    value.click()
    assert column(browser, 3) == ["0.5", "9", "10 [9, 11]"]
    value.click()
    assert column(browser, 0) == ["A2", "B1", "A1"]
    browser.find_element(By.ID, "by-text").send_keys("it ")
    assert column(browser, 0) == ["A2", "B1"]
    browser.find_element(By.CSS_SELECTOR, "#by-study option[value=two]").click()
    until(lambda: column(browser, 0) == ["B1"])
    assert browser.find_element(By.ID, "shown").text == "1 shown"
    link = browser.find_element(By.CSS_SELECTOR, ".strip a[href='#claim-A1']")
    browser.execute_script("arguments[0].click()", link)
    until(lambda: column(browser, 0) == ["A2", "B1", "A1"])


def test_report_shows_its_figures_and_loads_nothing(page: Path, browser: webdriver.Chrome) -> None:
    browser.get(page.as_uri())
    widths = "return [...document.images].map(image => image.naturalWidth)"
    until(lambda: browser.execute_script(widths) == [500, 1200, 1100])
    assert [title.text for title in browser.find_elements(By.CSS_SELECTOR, "#one h3")] == [
        "The <first>",
        "Wide",
    ]
    assert "1 of 1\nfindings hold" in browser.find_element(By.CLASS_NAME, "numbers").text
    lines = [line.text for line in browser.find_elements(By.CSS_SELECTOR, ".overview .first")]
    assert lines == ["A < b & c ✓ holds", "It is one ✗ fails"]
    assert "made from 2 jobs, 186 s" in browser.find_element(By.ID, "figure-f1").text
    assert not complaints(browser)
    assert requested(browser) <= {"file", "data"}


def test_report_fits_a_phone(page: Path, browser: webdriver.Chrome) -> None:
    resize(browser, 390, 800)
    browser.get(page.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390


def test_a_change_of_the_record_is_told() -> None:
    told = dict(facts(RECORD))
    assert told["revision"] == "abc, with changes that were not committed"
    assert told["packages"] == "jax 1.0"
    assert "repository" not in told


def test_claims_have_bounds_in_words() -> None:
    rows = list(claim_rows(CLAIMS, {"A1": "one"}))
    assert [row["bound"] for row in rows] == ["< 0.75", "> 20", "0.5 … 1.5"]
    assert [row["fixed"] for row in rows] == ["before", "before", "fact"]
    assert [row["study"] for row in rows] == ["one", "", ""]


def test_costs_are_summed_by_study_and_rule() -> None:
    found = spent(COSTS)
    assert found["rules"] == ["train", "compare", "paper", "figure", "prompts", "others"]
    assert found["totals"] == pytest.approx([2.5, 1.0, 0.2, 0.1, 0.05, 0.04])
    assert [row["study"] for row in found["rows"]] == ["one", "two", "whole run"]
    assert [row["sum"] for row in found["rows"]] == pytest.approx([3.1, 0.59, 0.2])
    assert seconds(COSTS, {"train": ["e/test/a.0-4"], "paper": ["all", "none"]}) == 132.0


def test_lineage_is_of_all_jobs_behind_a_figure() -> None:
    def job(rule: str, name: str, output: str, *reads: str) -> Job:
        spec = {"reads": [Artefact(Path(path)) for path in reads]}
        return Job(rule, name, spec, {"output": Path(output)})

    jobs = [
        job("train", "b", "b"),
        job("train", "a", "a"),
        job("train", "c", "c"),
        job("compare", "m", "m", "a", "b"),
    ]
    makers = {path: made for made in jobs for path in made.outputs.values()}
    assert lineage(job("figure", "f", "f", "m", "else"), makers) == {"compare": ["m"], "train": ["a", "b"]}
