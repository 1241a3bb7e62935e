"""What pydantic found wrong, a sentence for each: the place, the value, what was expected and the nearest
name.
"""

from typing import Any

from pydantic import ValidationError

from icgd.spec.reading import nearest

WORDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "greater_than": "a value greater than {gt}",
    "greater_than_equal": "a value of at least {ge}",
    "less_than": "a value less than {lt}",
    "less_than_equal": "a value of at most {le}",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "string_too_short": "text that is not empty",
    "literal_error": "one of {expected}",
    "string_pattern_mismatch": "text that matches {pattern}",
}
PATTERNS = {
    r"^[a-z][a-z0-9_]*$": "a name of small letters, digits and _ that begins with a letter",
    r"^[a-z][a-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*$": "module.name, such as descent.gradient_step",
    r"^#[0-9A-Fa-f]{6}$": "a colour such as '#0072B2'",
    r"^[A-Za-z0-9.]+$": "letters, digits and dots",
}


def explained(error: ValidationError, where: str = "") -> str:
    """A line for each error; a key that is missing comes after what may be its misspelling."""
    ordered = sorted(error.errors(), key=lambda e: (e["type"] == "missing", list(map(str, e["loc"]))))
    return "\n".join(_explained(one, where) for one in ordered)


def _explained(error: Any, where: str) -> str:
    parts = [where, *(str(part) for part in error["loc"])]
    if error["type"] == "missing":
        return f"{_place(parts[:-1])} lacks the key {parts[-1]!r}, which is required"
    if error["type"] == "value_error":
        return f"{_place(parts)}: {error['ctx']['error']}"
    if parts[-1] == "[key]":
        return f"{_place(parts[:-1])} is no possible name; expected {_expected(error)}"
    value = repr(error["input"])
    value = value if len(value) < 80 else f"{value[:77]}..."
    return f"{_place(parts)} is {value}; expected {_expected(error)}"


def _place(parts: list[str]) -> str:
    return ".".join(filter(None, parts)) or "the config"


def _expected(error: Any) -> str:
    context = dict(error.get("ctx") or {})
    if (pattern := context.get("pattern")) in PATTERNS:
        return PATTERNS[pattern]
    words = WORDS.get(error["type"])
    text = words.format(**context) if words else str(error["msg"])
    if error["type"] == "literal_error":
        text += f". Nearest: {nearest(error['input'], context['expected'].split(chr(39))[1::2])}"
    return text
