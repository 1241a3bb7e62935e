"""Which modules a stage depends on, so that the workflow reruns exactly what an edit affects."""

import ast
import functools
import hashlib
import importlib.metadata
import modulefinder
from pathlib import Path

ROOT = Path(__file__).parents[2]
NUMERICS = ("jax", "jaxlib", "equinox", "optax", "numpy")


@functools.cache
def closure(*modules: str) -> list[str]:
    """Files below src/ that the modules ("icgd.stages.train", …) import, directly or not."""
    files: set[str] = set()
    for module in modules:
        finder = modulefinder.ModuleFinder(path=[str(ROOT / "src")])
        finder.run_script(str(ROOT / "src" / Path(*module.split(".")).with_suffix(".py")))
        files |= {m.__file__ for m in finder.modules.values() if m.__file__}  # type: ignore[attr-defined]
    return sorted(str(Path(file).relative_to(ROOT)) for file in files)


@functools.cache
def digest(*modules: str) -> str:
    """Hash of the modules' syntax trees and numerical packages; comments do not count."""
    result = hashlib.sha256()
    for file in closure(*modules):
        tree = ast.parse((ROOT / file).read_text())
        result.update(f"{file}{ast.dump(_without_docstrings(tree))}".encode())
    for package in NUMERICS:
        result.update(f"{package}{importlib.metadata.version(package)}".encode())
    return result.hexdigest()[:16]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Nor do strings that stand alone, below a variable or at the start of a body."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [statement for statement in node.body if not _is_string(statement)] or [ast.Pass()]
    return tree


def _is_string(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
