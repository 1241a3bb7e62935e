"""The walk-throughs of CONTRIBUTING.md, followed to the letter."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from icgd.spec.reading import merged
from tests.conftest import ROOT, checkout, snakemake

pytestmark = pytest.mark.workflow
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
BLOCKS = re.findall(r"(?:`([\w/]+\.py)`:\n\n)?```(python|yaml|tex)\n(.*?)```", TEXT, re.DOTALL)


def follow(folder: Path) -> dict[str, Any]:
    """Write what the walk-throughs write; the config that they end with."""
    config: dict[str, Any] = {}
    (folder / "offset").mkdir()
    (folder / "offset/__init__.py").write_text("")
    for file, language, text in BLOCKS:
        named = re.match(r"[#%] (offset/\S+)", text)
        if language == "python" or named:
            (folder / (named[1] if named else file)).write_text(text, "utf-8")
        else:
            config = keeping_nulls(config, yaml.safe_load(text))
    return config


def keeping_nulls(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Additions to a config file, whose nulls stay."""
    left_out = {**first.get("studies", {}), **second.get("studies", {})}
    return {**merged(first, second), "studies": left_out}


def test_walk_throughs_work_as_they_stand(tmp_path: Path) -> None:
    assert {language for _, language, _ in BLOCKS} == {"python", "yaml", "tex"}
    assert len([file for file, language, _ in BLOCKS if language == "python" and file]) == 4
    folder = checkout(tmp_path / "icgd")
    (folder / "config/try.yaml").write_text(yaml.safe_dump(follow(folder)), "utf-8")
    results = folder / "results/try"
    sparse = "results/try/comparisons/sparse/test/alignment.parquet"
    asked = ["study_one_step", "figure_bias", "study_offset", "results/try/claims/one_step.csv", sparse]
    snakemake(folder, *asked, "--configfile", "config/try.yaml")
    assert set(pd.read_parquet(folder / sparse)["learner"]) >= {"sparse_layer", "sparse_ols"}
    bias = pd.read_csv(results / "figures/bias.csv")
    assert set(bias["learner"]) == {"transformer", "two_heads", "gd", "sign"}
    rivals = pd.read_csv(results / "figures/one_step_rivals.csv")
    assert "sign" in set(rivals["reference"])
    verdicts = [pd.read_csv(path, dtype=str) for path in (results / "claims").glob("*.csv")]
    assert {"B1", "O1"} <= set(pd.concat(verdicts)["id"])
