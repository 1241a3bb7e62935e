"""Checks of what readers see: figures, tables, claims and the text's numbers, against what is measured."""

from collections.abc import Collection, Iterator, Mapping
from types import ModuleType
from typing import Any

from icgd.analysis.columns import Metric
from icgd.analysis.experiment import others
from icgd.checks import options
from icgd.checks.experiments import Checker
from icgd.spec.config import load
from icgd.spec.expansion import LAW
from icgd.spec.model import Claim, Config, Experiment
from icgd.spec.reading import ConfigError, Mistakes, nearest, one_of
from icgd.spec.selectors import measured, parsed, used_keys
from icgd.writeup.numbers import leaves
from icgd.writeup.sections import frame_files, left_out_experiments, section_files

ANY = "*"
RECORDED = ("run/", "claims/", "confidence")
"""What begins keys of numbers that only the run itself knows."""


def check_products(checker: Checker, mistakes: Mistakes) -> None:
    """Collect what is wrong with figures, tables, panels, claims and numbers: the run cannot make them."""
    config, published = checker.config, load([])
    for name in config.figures:
        with mistakes.collected():
            _figure(checker, name)
    for name in config.tables:
        with mistakes.collected():
            _table(checker, name)
    for name in config.panels:
        with mistakes.collected():
            _panel(checker, name)
    for name, claim in config.claims.items():
        with mistakes.collected():
            _selected(checker, claim.model_dump(), f"claims.{name}")
            _in_group(claim, published.claims | config.claims, f"claims.{name}.group")
    files = [*frame_files(), *section_files(config.studies).values()]
    absent = left_out_experiments(config.studies)
    known = {key for one in (config, published) for key in other_keys(one)}
    for key, place in used_keys(files):
        with mistakes.collected():
            _number(checker, key, place, known, absent)


def _table(checker: Checker, name: str) -> None:
    where = f"tables.{name}"
    checker.imported(checker.kinds.module("table", name, checker.config.homes.get(where), where))
    for experiment in checker.config.tables[name]:
        one_of(experiment, checker.config.experiments, where)


def _panel(checker: Checker, name: str) -> None:
    panel, where = checker.config.panels[name], f"panels.{name}"
    known: list[str] = []
    for experiment, learners in panel.reads.items():
        one_of(experiment, checker.config.experiments, f"{where}.reads")
        every = checker.config.experiments[experiment]
        for learner in learners:
            one_of(learner, [*every.trained, *every.baselines], f"{where}.reads.{experiment}")
        known += learners
    for learner in panel.history:
        one_of(learner, known, f"{where}.history")
    checker.kinds.script(name, checker.config.homes[where], where)


def _figure(checker: Checker, name: str) -> None:
    figure, where = checker.config.figures[name], f"figures.{name}"
    study = checker.config.homes.get(where)
    module = checker.imported(checker.kinds.module("plot", figure.plot, study, f"{where}.plot"))
    options.checked(module.draw, figure.options, f"{where}.options")
    known: set[str] = set()
    for source, wanted in figure.reads.items():
        experiment, _, family = source.partition("/")
        one_of(experiment, checker.config.experiments, f"{where}.reads")
        every = checker.config.experiments[experiment]
        one_of(family or LAW, [LAW, *every.variants], f"{where}.reads.{source}")
        made = every.variants[family].measurements if family else every.measurements
        for measurement in wanted:
            one_of(measurement, made, f"{where}.reads.{source}")
            known |= {*every.learners, *others(checker.measurement(experiment, measurement), every)}
    for learner in options.learner_names(module.draw, figure.options):
        one_of(learner, known, f"{where}.options")


def _in_group(claim: Claim, known: Mapping[str, Claim], where: str) -> None:
    """A group's claim is a finding, and stands in no group itself; the run may have left it out."""
    if claim.group is None:
        return
    one_of(claim.group, list(known), where)
    head = known[claim.group]
    if "fact" in (claim.kind, head.kind):
        raise ConfigError(
            f"{where} is {claim.group!r}; facts have no groups, expected findings on both sides"
        )
    if head.group is not None:
        raise ConfigError(
            f"{where} is {claim.group!r}, which is in the group of {head.group!r}; expected a claim that "
            f"stands for its group, perhaps {head.group!r}"
        )


def _number(
    checker: Checker, key: str, place: str, known: Collection[str], absent: Mapping[str, str]
) -> None:
    """A number of the text; those of studies that are left out are printed as such."""
    if not measured(key):
        if not key.startswith(RECORDED) and key not in known:
            raise ConfigError(f"{place}: there is no {key}. Nearest: {nearest(key, known)}")
        return
    try:
        selector = parsed(key)
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from None
    if selector.experiment not in absent:
        _selected(checker, selector.wanted, place)


def other_keys(config: Config) -> Iterator[str]:
    """Keys of numbers about a config and its claims."""
    yield from (f"config{key}" for key, _ in leaves(config.model_dump(mode="json", exclude={"homes"})))
    for name in config.claims:
        yield from (f"claim/{name}/{what}" for what in ("verdict", "value", "threshold"))


def _selected(checker: Checker, wanted: Mapping[str, Any], where: str) -> None:
    """A learner's metric and its columns' values are among what the experiment's measurements yield."""
    one_of(wanted["experiment"], checker.config.experiments, f"{where}: the experiment")
    experiment = checker.config.experiments[wanted["experiment"]]
    modules = list(modules_of(checker, wanted["experiment"], wanted["where"].get("option")))
    known = {*experiment.learners, *(name for module in modules for name in others(module, experiment))}
    one_of(wanted["learner"], known, f"{where}: the learner")
    one_of(wanted["metric"], {m for module in modules for m in module.METRICS}, f"{where}: the metric")
    own = {name: value for name, value in wanted["where"].items() if name not in ("option", "setting")}
    columns = [
        module.METRICS[wanted["metric"]].by for module in modules if wanted["metric"] in module.METRICS
    ]
    if not any(set(by) == own.keys() for by in columns):
        needed = " or ".join(", ".join(by) or "no column" for by in dict.fromkeys(columns))
        raise ConfigError(
            f"{where}: rows of {wanted['metric']!r} are told apart by {needed}; "
            f"`where` names {', '.join(own) or 'no column'}"
        )
    if "reference" in own and own["reference"] != ANY:
        one_of(own["reference"], known, f"{where}: the reference")
    for module in modules:
        if set(own) == set(module.METRICS.get(wanted["metric"], Metric("")).by or ()):
            _swept(experiment, module, own, where)
    _setting(experiment, wanted["where"], where)


def _swept(experiment: Experiment, module: ModuleType, own: Mapping[str, Any], where: str) -> None:
    """Values of columns that an option of the measurement lists."""
    name = module.__name__.rpartition(".measure_")[2]
    given = experiment.measurements.get(name, {})
    for column, value in own.items():
        option = module.COLUMNS[column].option if column in module.COLUMNS else ""
        if option and value != ANY:
            values = given.get(option, options.signature(module.measure)[option][1])
            one_of(float(value), list(map(float, values)), f"{where}: the {column}")


def modules_of(checker: Checker, name: str, option: str | None) -> Iterator[ModuleType]:
    """The measurements that are made of an experiment under an option."""
    experiment = checker.config.experiments[name]
    family = option if option in experiment.variants else LAW
    for measurement in dict.fromkeys(m for m, made_on in checker.measured(name) if made_on == family):
        yield checker.measurement(name, measurement)


def _setting(experiment: Experiment, where: Mapping[str, Any], place: str) -> None:
    option, setting = where.get("option"), where.get("setting", ANY)
    if option in (None, ANY):
        return
    values = dict(experiment.conditions) | {name: v.values for name, v in experiment.variants.items()}
    if option not in values:
        raise ConfigError(
            f"{place}: the option is {option!r}; expected one that the experiment's conditions or variants "
            f"change. Nearest: {nearest(option, values)}"
        )
    if setting != ANY:
        one_of(str(setting), list(map(str, values[option])), f"{place}: the setting of {option}")
