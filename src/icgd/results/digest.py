"""What code a job depends on, and the hash that decides whether it is run again.

The hash is of the syntax trees of all project modules that the job's modules import, directly or not, and
of its packages' versions. Comments, docstrings and the version of Python do not count.
"""

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
CACHE = ROOT / ".cache" / "icgd"
COMPUTING = ("jax", "jaxlib", "equinox", "optax", "numpy", "scipy", "scikit-learn")
"""Packages whose versions may change computed values."""
DRAWING = ("matplotlib", "pandas", "numpy", "scipy")
"""Packages whose versions may change a figure or a table of the paper."""


class SourceError(Exception):
    """A source file is no Python; the message names file and line."""


def hash_of(*parts: Any) -> str:
    """Sixteen hexadecimal digits for values that JSON can hold; the order of mappings counts."""
    text = json.dumps(parts, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.cache
def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Installed versions."""
    return {package: importlib.metadata.version(package) for package in packages}


@functools.cache
def code_digest(modules: tuple[str, ...], packages: tuple[str, ...]) -> str:
    """Hash of everything that the modules ("icgd.stages.train", …) import, and of the packages' versions."""
    meaning = {module: Source.of(path).meaning for module, path in closure(modules).items()}
    return hash_of(meaning, versions(packages))


@functools.cache
def closure(modules: tuple[str, ...]) -> dict[str, Path]:
    """Files of the modules and of all modules of the same packages that they import."""
    roots = {module.partition(".")[0] for module in modules}
    found: dict[str, Path] = {}
    left = list(modules)
    while left:
        module = left.pop()
        path = module_file(module)
        if module in found or path is None:
            continue
        found[module] = path
        left += [name for name in Source.of(path).imports if name.partition(".")[0] in roots | {"icgd"}]
    return dict(sorted(found.items()))


@functools.cache
def module_file(module: str) -> Path | None:
    """The file of a module, found without importing it; None for a name that is no module."""
    parts = module.split(".")
    # Most names that are asked for are no modules: the package's own are looked for in one place alone.
    folders = [ROOT / "src", *(map(Path, sys.path) if parts[0] != "icgd" else ())]
    for folder in folders:
        base = folder.joinpath(*parts)
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path
    return None


class Source:
    """A source file: what it imports, and the hash of what it means. Both are cached by size and time."""

    def __init__(self, imports: list[str], meaning: str) -> None:
        self.imports, self.meaning = imports, meaning

    @staticmethod
    @functools.cache
    def of(path: Path) -> "Source":
        """The source at a path."""
        stat = path.stat()
        key = f"{path}:{stat.st_size}:{stat.st_mtime_ns}"
        if key not in (known := _known()):
            tree = _parsed(path)
            imports = sorted(set(_imports(tree)))
            known[key] = [imports, hashlib.sha256(repr(_meaning(tree)).encode()).hexdigest()]
        imports, meaning = known[key]
        return Source(imports, meaning)


@functools.cache
def _known() -> dict[str, Any]:
    try:
        return dict(json.loads((CACHE / "sources.json").read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def remember(write: Any) -> None:
    """Keep what is known of the sources for the next start; `write(path, text)` writes at once."""
    paths = {key.rsplit(":", 2)[0]: key for key in _known()}  # the newest entry of each file
    text = json.dumps({key: _known()[key] for key in paths.values()})
    file = CACHE / "sources.json"
    if not file.exists() or file.read_text("utf-8") != text:
        write(file, text)


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text("utf-8"))
    except SyntaxError as error:
        line = (error.text or "").rstrip()
        raise SourceError(f"{path}, line {error.lineno}: {error.msg}\n    {line}") from None


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _meaning(node: Any) -> Any:
    """A syntax tree as nested lists, the same under every version of Python: empty fields are left out."""
    if isinstance(node, list):
        return [_meaning(item) for item in node if not _is_text(item)]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, getattr(node, name, None)) for name in node._fields)
    kept = [(n, _meaning(v)) for n, v in fields if v not in (None, []) and n not in ("ctx", "kind")]
    return [type(node).__name__, kept]


def _is_text(statement: Any) -> bool:
    """A string that stands alone: a docstring, or a remark below a variable."""
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant and isinstance(statement.value.value, str)


def sources(folders: Iterable[Path]) -> dict[str, str]:
    """The meaning of every source file below some folders, by path from the folder's place."""
    found = {}
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*.py") if path.is_file()):
            found[str(path.relative_to(folder.parent))] = Source.of(path).meaning
    return found
