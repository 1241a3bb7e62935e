"""The record of a run: true or unknown, without credentials, and never in the way of a finished run."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from icgd.results import repository
from icgd.results.job import Job
from icgd.results.provenance import versions
from icgd.results.repository import PART, checkout, source_root, web_address, without_credentials
from icgd.stages import provenance

UNKNOWN = {"revision": "unknown", "modified": "unknown", "repository": ""}
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *command: str) -> str:
    options = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *options, *command], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def unpack(folder: Path) -> Path:
    """The sources, as an archive has them."""
    (folder / PART).parent.mkdir(parents=True)
    (folder / PART).write_text("")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout of the sources, with a remote."""
    folder = unpack(tmp_path / "my project")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "All")
    git(folder, "remote", "add", "origin", "https://ci-user:SECRET123@git.example.org/o/r.git")
    return folder


@needs_git
def test_checkout_has_its_revision_changes_and_page(project: Path) -> None:
    found = checkout(project)
    assert found == {
        "revision": git(project, "rev-parse", "HEAD"),
        "modified": False,
        "repository": "https://git.example.org/o/r",
    }
    git(project, "config", "status.showUntrackedFiles", "no")
    (project / "config.yaml").write_text("")
    assert checkout(project)["modified"] is True
    git(project, "remote", "rename", "origin", "upstream")
    assert checkout(project)["repository"] == ""


@needs_git
def test_variables_of_git_do_not_lead_elsewhere(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    git(other, "commit", "-q", "--allow-empty", "-m", "Other")
    expected = checkout(project)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert checkout(project) == expected


@needs_git
@pytest.mark.parametrize("place", ["icgd", "."])
def test_archive_in_another_repository_is_unknown(tmp_path: Path, place: str) -> None:
    """Below the top of the other one, or unpacked right into it."""
    thesis = tmp_path / "thesis"
    project = unpack(thesis / place)
    git(thesis, "init", "-q")
    git(thesis, "commit", "-q", "--allow-empty", "-m", "Thesis")
    git(thesis, "remote", "add", "origin", "https://git.example.org/me/thesis.git")
    assert checkout(project) == UNKNOWN


@needs_git
def test_archive_in_another_checkout_of_the_project_is_unknown(project: Path) -> None:
    assert checkout(unpack(project / "build/older")) == UNKNOWN


@needs_git
def test_archive_and_repository_without_commits_are_unknown(tmp_path: Path) -> None:
    project = unpack(tmp_path / "icgd")
    assert checkout(project) == UNKNOWN
    git(project, "init", "-q")
    assert checkout(project) == UNKNOWN


@needs_git
@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can change the owner")
def test_checkout_of_another_owner_is_recorded(project: Path) -> None:
    (project / PART).write_text("# An edit.\n")
    revision = git(project, "rev-parse", "HEAD")
    for path in (project, *project.rglob("*")):
        os.chown(path, 12345, 12345)
    with pytest.raises(subprocess.CalledProcessError):
        git(project, "status")
    assert checkout(project) == {
        "revision": revision,
        "modified": True,
        "repository": "https://git.example.org/o/r",
    }


def test_git_that_refuses_is_unknown_and_said_without_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stub = tmp_path / "git"
    stub.write_text(
        "#!/bin/sh\necho 'fatal: no access to https://me:SECRET123@host/r, dubious ownership' >&2\nexit 128\n"
    )
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert checkout(tmp_path) == UNKNOWN
    warning = capfd.readouterr().err
    assert "dubious ownership" in warning
    assert "SECRET123" not in warning


@needs_git
def test_git_that_fails_half_way_claims_no_unmodified_checkout(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that cannot be read: HEAD is known, changes are not."""
    (project / ".git/index").write_bytes(b"cut off")
    found = checkout(project)
    assert found["modified"] == "unknown"
    assert found["revision"] == git(project, "rev-parse", "HEAD")


def test_record_is_written_without_git_jax_device_or_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_device() -> None:
        raise RuntimeError("Unable to initialize backend")

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("jax.devices", no_device)
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package"))
    output = tmp_path / "provenance.json"
    spec = {
        "run": "mini",
        "config": {"seed": 1},
        "costs": [{"file": str(tmp_path / "none.json"), "study": ""}],
    }
    provenance.main(Job("provenance", "all", spec, {"output": output}))
    record = json.loads(output.read_text(encoding="utf-8"))
    assert record.items() >= (UNKNOWN | {"run": "mini", "device": "unknown", "durations": {}}).items()
    assert record["packages"]["no-such-package"] == "unknown"
    assert record["packages"]["numpy"] == versions(["numpy"])["numpy"] != "unknown"


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("git@github.com:o/r.git", "https://github.com/o/r"),
        ("https://github.com/o/r/", "https://github.com/o/r"),
        ("ssh://git@host.org:2222/o/r.git", "https://host.org/o/r"),
        ("https://user:SECRET@host.org/o/r.git", "https://host.org/o/r"),
        ("https://SECRET@host.org/o/r.git", "https://host.org/o/r"),
        ("https://u:SEC@RET@host.org/o/r", "https://host.org/o/r"),
        ("https://host.org/o/r.git?private_token=SECRET", "https://host.org/o/r"),
        ("https://host.org/o/r#SECRET", "https://host.org/o/r"),
        ("http://u:SECRET@host.org:3000/o/r", "http://host.org:3000/o/r"),
        ("ssh://u:SECRET@host.org/o/r", "https://host.org/o/r"),
        ("https://host.org/My%20Project/_git/r", "https://host.org/My%20Project/_git/r"),
        ("git@ssh.dev.azure.com:v3/o/p/r", ""),
        ("/home/me/r.git", ""),
        ("file:///home/me/r.git", ""),
        ("../r", ""),
        ("https://[broken/o/r", ""),
        ("", ""),
    ],
)
def test_pages_of_remotes_have_no_credentials(remote: str, page: str) -> None:
    assert web_address(remote) == page


def test_text_loses_the_credentials_of_any_address() -> None:
    text = "https://u:SECRET@a.org/x and ssh://SECRET@b.org and 'https://u:SEC@RET@c.org'"
    assert without_credentials(text) == "https://a.org/x and ssh://b.org and 'https://c.org'"


@pytest.mark.parametrize(
    ("address", "root"),
    [
        ("https://github.com/o/r", "https://github.com/o/r/blob/abc/"),
        ("https://gitlab.com/o/r", "https://gitlab.com/o/r/-/blob/abc/"),
        ("https://dev.azure.com/o/p/_git/r", "https://dev.azure.com/o/p/_git/r?version=GCabc&path=/"),
        ("", "../../"),
    ],
)
def test_sources_are_linked_as_their_host_does(address: str, root: str) -> None:
    assert source_root({"repository": address, "revision": "abc"}) == root


def test_root_is_the_project() -> None:
    assert (repository.ROOT / PART).exists()
    assert (repository.ROOT / "Snakefile").exists()
