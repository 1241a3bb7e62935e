"""Names, colours and markers of learners, as the studies' configs give them."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Look(NamedTuple):
    """How figures and tables show a learner."""

    label: str
    colour: str = "#000000"
    marker: str = ""
    model: str | None = None

    @property
    def name(self) -> str:
        """Its name beside other models."""
        return self.model or self.label


class Looks(dict[str, Look]):
    """Looks by learner; `KeyError` names a learner that has none."""

    @classmethod
    def of(cls, spec: Mapping[str, Mapping[str, Any]]) -> "Looks":
        """The looks of a figure's spec."""
        return cls({name: Look(**found) for name, found in spec.items()})

    def __missing__(self, name: str) -> Look:
        raise KeyError(f"no look for {name!r}; add looks.{name} to the study's config")
