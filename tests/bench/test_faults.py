"""What the campaign of faults does to files, and how it judges; the runs themselves are stand-ins."""

import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icgd.bench.faults import DAMAGES, Campaign
from icgd.results.job import Artefact
from icgd.results.store import ArtefactError, load_arrays, save_arrays


@pytest.mark.parametrize("kind", DAMAGES)
def test_every_damage_is_refused_by_the_name_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    victim, other = tmp_path / "a/b/c/one.npz", tmp_path / "a/b/c/two.npz"
    for path, digest in ((victim, "11"), (other, "22")):
        save_arrays(path, {"x": np.zeros(100)}, format="learner", digest=digest)
    load_arrays(Artefact(victim, "11"), "learner")
    DAMAGES[kind](victim, other)
    with pytest.raises(ArtefactError, match=str(victim)):
        load_arrays(Artefact(victim, "11"), "learner")
    assert not (tmp_path / "unpickled").exists()


def test_the_trap_snaps_where_something_unpickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    DAMAGES["pickled"](tmp_path / "victim", tmp_path)
    pickle.loads((tmp_path / "victim").read_bytes())  # noqa: S301
    assert (tmp_path / "unpickled").exists()


class Rehearsal(Campaign):
    """A campaign whose run writes one file, at once."""

    text = "same"

    def command(self) -> list[str]:
        place = self.results / "claims"
        return ["sh", "-c", f"mkdir -p {place}; printf {self.text} > {place}/a.csv; sleep 0.3"]


@pytest.mark.parametrize(("text", "fine"), [("same", True), ("other", False)])
def test_a_resumed_run_is_held_against_the_undisturbed_one(tmp_path: Path, text: str, fine: bool) -> None:
    campaign: Any = Rehearsal(tmp_path, "all", Path("few.yaml"), seconds=0.1)
    assert campaign.run() == (0, "")
    campaign.expected = campaign.made()
    assert list(campaign.expected) == ["claims/a.csv"]
    campaign.text = text
    row = campaign.killed("run", random.Random(0))
    assert (row["fault"], row["what"], row["as_it_should"]) == ("killed", "run", fine)
