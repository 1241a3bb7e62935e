"""Files that are whole or absent, and errors that name what is wrong with one."""

from pathlib import Path

import numpy as np
import pytest

from icgd.results.job import Artefact
from icgd.results.store import ArtefactError, load_arrays, save_arrays


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_truncated_artefact_is_named(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, {"x": np.arange(10_000.0)}, format="prompts")
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(ArtefactError, match=f"{path} cannot be read .* Delete"):
        load_arrays(Artefact(path), "prompts")


def test_foreign_and_corrupted_artefacts_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, {"x": np.zeros(1000)}, format="learner")
    with pytest.raises(ArtefactError, match="holds 'learner' where 'prompts' was expected"):
        load_arrays(Artefact(path), "prompts")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(bytes(content))
    with pytest.raises(ArtefactError, match="cannot be read"):
        load_arrays(Artefact(path), "learner")
    with pytest.raises(ArtefactError, match="does not exist"):
        load_arrays(Artefact(tmp_path / "b.npz"), "learner")


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, {"x": np.zeros(3)}, format="learner")
    before = path.read_bytes()
    with pytest.raises(TypeError):
        save_arrays(path, {"x": np.ones(3)}, format="learner", bad=object())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_artefacts_of_another_digest_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, {"x": np.arange(3.0)}, format="learner", digest="one")
    for accepted in ("one", None):
        arrays, _ = load_arrays(Artefact(path, accepted), "learner")
        np.testing.assert_array_equal(arrays["x"], [0, 1, 2])
    with pytest.raises(ArtefactError, match="made by other code or for another config"):
        load_arrays(Artefact(path, "two"), "learner")
