"""Whether tasks, learners and trainings of the config can be built, and what stands against it."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax

from icgd.spec.build import build_learner, build_task
from icgd.spec.reading import ConfigError
from icgd.task import Task


def possible(make: Callable[[], Any], where: str, changes: Mapping[str, Any]) -> None:
    """`ConfigError` with what a kind itself says of its options."""
    try:
        make()
    except Exception as error:  # a kind may refuse its options with any error
        with_ = "".join(f" with {name} {value!r}" for name, value in changes.items())
        raise ConfigError(f"{where}{with_} cannot be built: {refusal(error)}") from None


def refusal(error: Exception) -> str:
    """Why a kind cannot be built; a learner that reads what its task does not have is told apart."""
    if isinstance(error, AttributeError) and isinstance(error.obj, Task):
        return (
            f"it reads {error.name!r} of its task, which {type(error.obj).__name__} does not have; "
            f"give the task this field or property, or choose another kind"
        )
    return in_a_line(error)


def in_a_line(error: Exception) -> str:
    """An error's type and the first line of what it says."""
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"


def build(spec: Mapping[str, Any], task: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Build a learner for a task with changes; each combination once."""
    _build(*(json.dumps(tree, sort_keys=True) for tree in (spec, task, changes)))


@functools.cache
def _build(spec: str, task: str, changes: str) -> None:
    """Abstractly if it can be, so that nothing is computed."""
    made = build_task(json.loads(task), **json.loads(changes))
    build = eqx.Partial(build_learner, json.loads(spec), made)
    try:
        eqx.filter_eval_shape(build, jax.random.key(0))
    except (jax.errors.TracerArrayConversionError, jax.errors.ConcretizationTypeError):
        build(jax.random.key(0))
