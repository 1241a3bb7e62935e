"""A job as its stage sees it: what it is asked to do, from what, and the digest that its artefacts carry."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Artefact:
    """A file or folder of the run, with the digest of the job that it must come from (None: any)."""

    path: Path
    digest: str | None = None


@dataclass(frozen=True)
class Job:
    """One job of a rule; `icgd.spec.planned` computes its digest."""

    rule: str
    name: str
    """Its place among the jobs of the rule, such as one_step/test/transformer.0-4."""
    spec: Mapping[str, Any]
    outputs: Mapping[str, Path]
    digest: str = ""
    """What decides whether the job is run again or goes on, and which artefacts are accepted."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """XLA's flags, folders of modules outside the repository, and the folder of the run."""

    @property
    def inputs(self) -> list[str]:
        """The artefacts that the spec names."""
        return [str(artefact.path) for artefact in artefacts(self.spec)]

    def made(self, output: str = "output") -> Artefact:
        """One of the things that the job makes."""
        return Artefact(self.outputs[output], self.digest)

    def text(self) -> str:
        """The job as JSON, for `read_job`."""
        parts = {
            "rule": self.rule,
            "name": self.name,
            "digest": self.digest,
            "spec": plain(self.spec, paths=True),
            "outputs": {key: str(path) for key, path in self.outputs.items()},
            "settings": dict(self.settings),
        }
        return json.dumps(parts, indent=1) + "\n"


def artefacts(tree: Any) -> Iterator[Artefact]:
    """Every artefact in a spec."""
    if isinstance(tree, Artefact):
        yield tree
    elif isinstance(tree, Mapping):
        for value in tree.values():
            yield from artefacts(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from artefacts(value)


def plain(tree: Any, paths: bool) -> Any:
    """A spec as JSON has it; an artefact is its digest, with its path or without."""
    if isinstance(tree, Artefact):
        return {"artefact": tree.digest} | ({"path": str(tree.path)} if paths else {})
    if isinstance(tree, Mapping):
        return {str(key): plain(value, paths) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [plain(value, paths) for value in tree]
    return tree


def read_job(path: Path) -> Job:
    """The job that a plan wrote."""
    parts = json.loads(path.read_text("utf-8"))
    outputs = {key: Path(output) for key, output in parts["outputs"].items()}
    return Job(
        parts["rule"], parts["name"], _revived(parts["spec"]), outputs, parts["digest"], parts["settings"]
    )


def _revived(tree: Any) -> Any:
    if isinstance(tree, dict):
        if tree.keys() == {"artefact", "path"}:
            return Artefact(Path(tree["path"]), tree["artefact"])
        return {key: _revived(value) for key, value in tree.items()}
    return [_revived(value) for value in tree] if isinstance(tree, list) else tree
