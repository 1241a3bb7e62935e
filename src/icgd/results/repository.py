"""The repository that a run's code comes from: its revision, changes to it, its pages.

What git does not tell is "unknown": that stops no run, claims nothing about another repository, and no
credentials come out of here.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[3]
UNKNOWN = "unknown"
PART = "src/icgd/__init__.py"
"""A file that every revision of the project has."""
PAGES = {"/_git/": "?version=GC{}&path=/", "//bitbucket.org/": "/src/{}/", "//gitlab.": "/-/blob/{}/"}
"""Where hosts keep the pages of files, by a part of the repository's address; others do as GitHub does."""


def git(root: Path, *command: str) -> str | None:
    """What a git command prints in `root`; None, with a warning, where git is missing or refuses."""
    # The checkout may belong to another user: whoever computes with its code trusts it.
    options = ["--no-optional-locks", "-c", f"safe.directory={root.resolve()}", "-c", "core.fsmonitor=false"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *options, *command],
            cwd=root,
            env=environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=120,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout.strip()
        reason = done.stderr.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = str(error)
    print(f"warning: git {command[0]} has no answer: {without_credentials(reason)}", file=sys.stderr)
    return None


def without_credentials(text: str) -> str:
    """Text in which addresses have no user, password or token."""
    return re.sub(r"(\w+://)[^/\s'\"]*@", r"\1", text)


def web_address(remote: str) -> str:
    """The page of a remote such as git@host:owner/name.git, without credentials; empty if it has none."""
    remote = re.sub(r"^(?:[^@/:]+@)?([\w.-]+\.\w+):(?!//)", r"ssh://\1/", remote.strip())
    try:
        parts = urlsplit(remote)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    path = parts.path.rstrip("/").removesuffix(".git")
    if (
        parts.scheme not in ("http", "https", "ssh")
        or not host
        or not path
        or host.startswith(("ssh.", "altssh."))
    ):
        return ""
    if parts.scheme == "ssh":
        return f"https://{host}{path}"
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{path}"


def source_root(record: dict[str, Any]) -> str:
    """Where addresses of sources start: the repository's pages at the run's revision, or the checkout."""
    repository = record["repository"]
    if not repository:
        return "../../"
    page = next((page for part, page in PAGES.items() if part in repository), "/blob/{}/")
    return repository + page.format(record["revision"])


def checkout(root: Path = ROOT) -> dict[str, str | bool]:
    """Revision, whether it was modified, and page; unknown unless `root` is the top of a repository."""
    top = git(root, "rev-parse", "--show-toplevel")
    own = top is not None and Path(top).resolve() == root.resolve()
    revision = git(root, "rev-parse", "--verify", "HEAD") if own else None
    if revision is None or git(root, "cat-file", "-e", f"HEAD:{PART}") is None:
        return {"revision": UNKNOWN, "modified": UNKNOWN, "repository": ""}
    changes = git(root, "status", "--porcelain", "--untracked-files=normal")
    remotes = (git(root, "remote") or "").split()
    remote = git(root, "remote", "get-url", "origin") if "origin" in remotes else None
    return {
        "revision": revision,
        "modified": UNKNOWN if changes is None else bool(changes),
        "repository": web_address(remote or ""),
    }
