"""The installed jaxlib is asked which flags it knows."""

from pathlib import Path

import pytest

from icgd.results.flags import FlagsError, asked, known
from icgd.spec.config import load
from tests.conftest import ROOT

GOOD = "--xla_backend_optimization_level=0"


def test_jaxlib_names_what_it_does_not_know() -> None:
    assert asked(GOOD) == []
    assert asked(f"--xla_nonsense=1 {GOOD} --xla_of_2035=true") == ["--xla_nonsense=1", "--xla_of_2035=true"]


def test_value_that_it_does_not_take_is_an_error() -> None:
    with pytest.raises(FlagsError, match="xla_flags is '--xla_backend_optimization_level=high'"):
        asked("--xla_backend_optimization_level=high")


def test_unknown_flags_are_left_out_and_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = []

    def ask(flags: str) -> list[str]:
        calls.append(flags)
        return ["--xla_new=1"]

    for _ in range(2):
        known.cache_clear()  # as in another process
        assert known(f"{GOOD} --xla_new=1", ask, tmp_path) == GOOD
    known.cache_clear()
    assert len(calls) == 1
    assert capsys.readouterr().err.count("does not know --xla_new=1, which is left out") == 1
    assert known("", ask, tmp_path) == ""


@pytest.mark.parametrize("name", ["paper", "smoke"])
def test_flags_of_the_configs_are_known_to_the_locked_jaxlib(name: str) -> None:
    flags = load([ROOT / f"config/{name}.yaml"] if name != "paper" else []).xla_flags
    assert asked(flags) == []
