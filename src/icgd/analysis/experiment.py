"""What a measurement may know of its experiment before anything is computed, to say what it reads."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Experiment(Protocol):
    """The parts of an experiment's config that name learners (`icgd.spec.model.Experiment` has them)."""

    @property
    def trained(self) -> Mapping[str, Any]:
        """Learners that are trained, each with `labels`, its place in its grid."""

    @property
    def baselines(self) -> Mapping[str, Any]:
        """Explicit algorithms."""

    @property
    def references(self) -> Mapping[str, Any]:
        """Comparisons by learner, each with `algorithm`, `rivals` and `all`."""

    @property
    def learners(self) -> list[str]:
        """Names of all, borrowed and interpolated ones included."""


def others(measurement: ModuleType, experiment: Experiment) -> Sequence[str]:
    """What rows are about besides learners: a measurement's `OTHERS`, or what these say of an experiment."""
    found = measurement.OTHERS
    named: Sequence[str] = found(experiment) if callable(found) else found
    return named
