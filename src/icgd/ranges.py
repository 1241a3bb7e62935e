"""Types of config options with their ranges, checked before any job starts; plain numbers otherwise."""

from typing import Annotated, TypeAlias

from annotated_types import Ge, Gt, Le

PositiveInt: TypeAlias = Annotated[int, Ge(1)]
NonNegativeInt: TypeAlias = Annotated[int, Ge(0)]
PositiveFloat: TypeAlias = Annotated[float, Gt(0)]
NonNegativeFloat: TypeAlias = Annotated[float, Ge(0)]
Fraction: TypeAlias = Annotated[float, Ge(0), Le(1)]


class OfLearner:
    """Marks text that names a learner."""


LearnerName: TypeAlias = Annotated[str, OfLearner]
