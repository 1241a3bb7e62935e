"""What a kind's options may be: its signature, as a schema that names what is wrong with a value."""

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import ValidationError, create_model

from icgd.ranges import OfLearner
from icgd.spec.explain import explained
from icgd.spec.model import Part
from icgd.spec.reading import ConfigError


def signature(kind: Callable[..., Any]) -> dict[str, tuple[Any, Any]]:
    """Options with their types and defaults (... if required): fields of a class, keyword-only parameters else."""
    hints = get_type_hints(kind.__init__ if inspect.isclass(kind) else kind, include_extras=True)
    if dataclasses.is_dataclass(kind):
        hints |= get_type_hints(kind, include_extras=True)
    parameters = inspect.signature(kind).parameters.values()
    options = parameters if inspect.isclass(kind) else (p for p in parameters if p.kind is p.KEYWORD_ONLY)
    return {p.name: (hints[p.name], ... if p.default is p.empty else p.default) for p in options}


def checked(kind: Callable[..., Any], options: Mapping[str, Any], where: str) -> None:
    """Raise a `ConfigError` for the first option that the kind does not have or cannot take."""
    _validate(signature(kind), options, where)


def checked_value(kind: Callable[..., Any], option: str, value: Any, where: str) -> None:
    """The same for a value of one option."""
    _validate({option: signature(kind)[option]}, {option: value}, where)


def _validate(fields: Mapping[str, Any], options: Mapping[str, Any], where: str) -> None:
    model = create_model("Options", __base__=Part, **fields)
    try:
        model.model_validate(dict(options))
    except ValidationError as error:
        raise ConfigError(explained(error, where)) from None


def learner_names(kind: Callable[..., Any], options: Mapping[str, Any]) -> Iterator[str]:
    """The values among options that name learners."""
    for option, (hint, _) in signature(kind).items():
        if option in options:
            yield from _names(options[option], hint)


def _names(value: Any, hint: Any) -> Iterator[str]:
    if get_origin(hint) is Annotated and OfLearner in hint.__metadata__:
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _names(item, get_args(hint)[0] if get_args(hint) else None)
    elif isinstance(value, Mapping) and len(get_args(hint)) == 2:
        for key, item in value.items():
            yield from _names(key, get_args(hint)[0])
            yield from _names(item, get_args(hint)[1])
