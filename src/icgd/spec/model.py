"""The types of a run's config. Options of kinds are checked against the kinds themselves."""

import itertools
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from icgd.ranges import PositiveInt
from icgd.spec.reading import ConfigError, merged, nearest, one_of

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*$")]
Interval = Annotated[list[float], Field(min_length=2, max_length=2)]


COMPARISONS = ("below", "above", "between", "equals")


class Part(BaseModel):
    """A part of the config: no key that it does not name, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if isinstance(value, dict) and cls.model_config.get("extra") == "forbid":
            wrong = [
                f"unknown key {key!r} (value {value[key]!r}), did you mean {nearest(key, cls.model_fields)}?"
                for key in value
                if key not in cls.model_fields
            ]
            if wrong:
                raise ValueError(f"{' '.join(wrong)} Expected some of {', '.join(cls.model_fields)}")
        return value


class Spec(Part):
    """What is built: a kind, as module.name, and its options."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    kind: Kind

    @property
    def options(self) -> dict[str, Any]:
        """All keys that are options of the kind."""
        return dict(self.__pydantic_extra__ or {})


class Trained(Spec):
    """A learner that is trained."""

    training: dict[str, Any]
    task: dict[str, Any] = {}
    """Options of the task that differ in training."""
    start: str | None = None
    """The trained learner of the experiment whose last weights are the base."""
    key: str | None = None
    """The name that its random keys hash, if not its own."""
    labels: dict[str, str] = {}
    """Its place in the grid that it comes from: value by axis."""


class Grid(Part):
    """A family of trained learners: every combination of the axes' entries."""

    name: str
    """Such as {change}_to_{objective}."""
    common: dict[str, Any] = {}
    axes: Annotated[dict[Name, dict[str, dict[str, Any]]], MinLen(1)]
    """By axis and value what its learners have of their own."""
    exceptions: dict[Name, dict[str, Any]] = {}

    def learners(self, where: str) -> dict[str, dict[str, Any]]:
        """The specs by name."""
        found = {}
        for values in itertools.product(*self.axes.values()):
            labels = dict(zip(self.axes, values, strict=True))
            try:
                name = self.name.format(**labels)
            except (KeyError, IndexError, ValueError) as error:
                raise ConfigError(
                    f"{where}.name is {self.name!r} ({error}); expected axes in braces: {list(self.axes)}"
                ) from None
            spec: Any = self.common
            for axis, value in labels.items():
                spec = merged(spec, self.axes[axis][value])
            found[name] = merged(spec, self.exceptions.get(name, {})) | {"labels": labels}
        for name in self.exceptions:
            one_of(name, found, f"{where}.exceptions")
        return found


class Comparison(Part):
    """The algorithm that a learner is held to be, and others that it might be."""

    algorithm: str
    rivals: list[str] = []

    @property
    def all(self) -> list[str]:
        """The algorithm, then its rivals."""
        return [self.algorithm, *self.rivals]


class Variant(Part):
    """The experiment on other tasks: `options` of the task all get each of the `values`."""

    options: Annotated[list[str], MinLen(1)]
    values: list[Any]
    measurements: Annotated[list[str], MinLen(1)]


class Experiment(Part):
    """Learners of one task, compared on the same prompts."""

    task: Spec
    key: str | None = None
    seeds: PositiveInt | None = None
    evaluation_prompts: PositiveInt
    trained: dict[Name, Trained] = {}
    baselines: dict[Name, Spec] = {}
    borrowed: dict[str, list[str]] = {}
    """Learners of other experiments that take part as they are."""
    interpolations: dict[Name, Annotated[list[str], Field(min_length=2, max_length=2)]] = {}
    references: dict[str, Comparison] = {}
    conditions: dict[str, list[Any]] = {}
    """Options of the task that are changed in the evaluation alone, each to every value."""
    variants: dict[Name, Variant] = {}
    measurements: Annotated[dict[Name, dict[str, Any]], MinLen(1)]
    unverified: list[str] = []
    """Learners that `verify` leaves out."""

    @property
    def learners(self) -> list[str]:
        """Own, borrowed and interpolated ones."""
        return [
            *self.trained,
            *self.baselines,
            *self.interpolations,
            *itertools.chain(*self.borrowed.values()),
        ]


class Figure(Part):
    """A plot, the measurements that it reads, by experiment or experiment/variant, and its options."""

    plot: Name
    title: str
    reads: Annotated[dict[str, Annotated[list[str], MinLen(1)]], MinLen(1)]
    options: dict[str, Any] = {}


class Panel(Part):
    """A part of the page in which learners answer: its panel_<name>.js, with learners by experiment."""

    place: PositiveInt
    """Its place on the page."""
    title: str
    text: str
    reads: Annotated[dict[str, Annotated[list[str], MinLen(1)]], MinLen(1)]
    history: list[str] = []
    """Learners that it has at all snapshots of their training."""
    seeds: PositiveInt | None = None
    """How many seeds it has at most; all, if none is given."""


class Claim(Part):
    """A statement about a value; exactly one of below, above, between and equals is given."""

    statement: Annotated[str, MinLen(1)]
    origin: str
    fixed: Literal["before", "after"] = "before"
    """Whether its threshold was fixed before the first results of its experiment."""
    kind: Literal["finding", "fact"] = "finding"
    """A fact is true of weights as they are written down, and checked to rounding."""
    group: str | None = None
    """The claim that stands for its group, if that is another one."""
    experiment: str
    learner: str
    metric: str
    where: dict[str, Any] = {}
    over: Literal["mean", "max", "min", "max_abs"]
    """Over seeds and all rows that match."""
    below: float | None = None
    above: float | None = None
    between: Interval | None = None
    equals: Interval | None = None
    """A value and its tolerance."""

    @model_validator(mode="after")
    def _one_comparison(self) -> "Claim":
        given = [name for name in COMPARISONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"it has {' and '.join(given) or 'no comparison'}; expected one of {COMPARISONS}"
            )
        return self


class Look(Part):
    """How figures and tables show a learner."""

    label: str
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")] = "#000000"
    marker: str = ""
    model: str | None = None
    """Its name beside other models; the label if there is none."""


class Config(Part):
    """Everything that a run depends on besides code."""

    seed: Annotated[int, Ge(0), Le(2**31 - 1)]
    seeds: PositiveInt
    fitting_prompts: PositiveInt
    confidence: Annotated[float, Gt(0), Lt(1)]
    xla_flags: str
    verified: list[str]
    """Metrics that `verify` compares with the reference."""
    studies: Annotated[dict[Name, str], MinLen(1)]
    experiments: dict[Name, Experiment] = {}
    figures: dict[Name, Figure] = {}
    tables: dict[Name, list[str]] = {}
    """Tables of the text, with the experiments that each reads."""
    panels: dict[Name, Panel] = {}
    claims: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.]+$")], Claim] = {}
    looks: dict[str, Look] = {}
    homes: dict[str, str]
    """The study of every experiment, figure, table, panel and claim."""

    def of_study(self, section: str, study: str) -> list[str]:
        """Names of a section's entries that a study has."""
        return [name for name in getattr(self, section) if self.homes[f"{section}.{name}"] == study]

    def seeds_of(self, experiment: str) -> int:
        """The number of training seeds."""
        return self.experiments[experiment].seeds or self.seeds
