"""What config options may be: names for ranges of numbers, and the keys that are no options.

To a type checker they are plain numbers. `icgd.config` reads the names in a signature, without
importing the module, and refuses values outside the range before any job starts.
"""

from typing import TypeAlias

PositiveInt: TypeAlias = int
NonNegativeInt: TypeAlias = int
PositiveFloat: TypeAlias = float
NonNegativeFloat: TypeAlias = float
Fraction: TypeAlias = float

RESERVED = ("kind", "training", "start", "task")
"""Keys of a spec that are no options of what it names."""
SCHEMAS: dict[str, dict[str, object]] = {
    "PositiveInt": {"type": "integer", "minimum": 1},
    "NonNegativeInt": {"type": "integer", "minimum": 0},
    "PositiveFloat": {"type": "number", "exclusiveMinimum": 0},
    "NonNegativeFloat": {"type": "number", "minimum": 0},
    "Fraction": {"type": "number", "minimum": 0, "maximum": 1},
}
