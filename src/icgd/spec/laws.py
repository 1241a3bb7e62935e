"""Laws of prompts: those that learners are evaluated on, and those that algorithms are fitted on."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Float

from icgd.prompt import Prompt
from icgd.randomness import named_key
from icgd.spec.build import build_task


class Condition(NamedTuple):
    """A law of evaluation prompts: an option of the task and its setting; None for the training law."""

    option: str | None
    setting: Any
    changes: Mapping[str, Any]

    @property
    def file(self) -> str:
        """The name of its file of prompts, without suffix."""
        return "law" if self.option is None else f"{self.option}={self.setting}"

    @property
    def columns(self) -> dict[str, str]:
        """What the columns `option` and `setting` hold."""
        return {} if self.option is None else {"option": self.option, "setting": str(self.setting)}


def fitting_prompts(spec: Mapping[str, Any]) -> tuple[Prompt, Float[Array, "p m"]]:
    """The prompts of an experiment's variant that baselines are fitted on, and their targets."""
    key = named_key(spec["seed"], spec["experiment"], spec["variant"], "fitting")
    return jax.vmap(build_task(spec["task"]).sample)(jax.random.split(key, spec["fitting_prompts"]))
