"""The atlas as a table, and its config."""

import pandas as pd

from icgd.plotting.looks import Looks
from icgd.spec.config import load
from icgd.studies.atlas import table_atlas

LOOKS = Looks.of(
    {
        "near": {"label": "trained", "model": "one layer"},
        "gd": {"label": "GD"},
        "ols": {"label": "least squares"},
    }
)


def test_the_table_counts_the_seeds_on_which_a_model_is_the_nearest_algorithm() -> None:
    found = []
    for seed, distance, law, shifts in ((0, 0.04, 1.0, (1.0, 1.0)), (1, 0.06, 1.0, (1.0, 0.0))):
        key = {
            "experiment": "atlas",
            "learner": "near",
            "seed": seed,
            "step": 5,
            "option": None,
            "setting": None,
        }
        for reference, apart, cosine in (("gd", distance, 0.99), ("ols", 0.5, 0.2)):
            values = {"relative_distance": apart, "relative_distance_standard_error": 0.01}
            values |= {"sensitivity_cosine": cosine, "is_algorithm": law if reference == "gd" else 0.0}
            values |= {"beyond_nearest": apart - distance, "beyond_nearest_standard_error": 0.02}
            found += [key | {"reference": reference, "metric": m, "value": v} for m, v in values.items()]
        for setting, holds in zip(("0.5", "1.5"), shifts, strict=True):
            where = {"option": "input_scale", "setting": setting, "reference": "gd", "metric": "is_algorithm"}
            found.append(key | where | {"value": holds})
    found.append(key | {"learner": "gd", "seed": None, "step": None, "metric": "loss", "value": 1.0})
    metrics = pd.DataFrame(found).astype(
        {"seed": "Int64", "step": "Int64", "option": "string", "setting": "string"}
    )
    # Half the 95 % interval of 0.04 and 0.06 is 12.706·0.01; added in squares to 2·0.01 it is 0.1286. That of
    # the gaps, 0.46 and 0.44, has errors of 2·0.02 over prompts: 0.1332.
    expected = (
        r"one layer & GD & $0.050\pm0.129$ & least squares & $0.500\pm0.020$ & $0.450\pm0.133$ & yes & "
        r"0.990 & 2/2 & 1/2 \\" + "\n"
    )
    assert table_atlas.latex(metrics, LOOKS, 0.95) == expected
    vague = metrics["value"].where(metrics["metric"] != "beyond_nearest_standard_error", 0.25)
    assert "& no & 0.990" in table_atlas.latex(metrics.assign(value=vague), LOOKS, 0.95)


def test_seeds_that_differ_in_what_is_nearest_have_ranges_instead_of_intervals() -> None:
    found = []
    for seed, (near, far) in enumerate(((0.1, 0.4), (0.2, 0.5), (0.4, 0.3))):
        for reference, apart in (("gd", near), ("ols", far)):
            values = {"relative_distance": apart, "relative_distance_standard_error": 0.0}
            values |= {
                "sensitivity_cosine": 0.9,
                "is_algorithm": 0.0,
                "beyond_nearest": apart - min(near, far),
            }
            values |= {"beyond_nearest_standard_error": 0.0}
            key = {"experiment": "atlas", "learner": "near", "seed": seed, "step": 5, "reference": reference}
            key |= {"option": None, "setting": None}
            found += [key | {"metric": metric, "value": value} for metric, value in values.items()]
            found.append(
                key | {"option": "inputs", "setting": "normal", "metric": "is_algorithm", "value": 0.0}
            )
    metrics = pd.DataFrame(found).astype({"seed": "Int64", "step": "Int64", "option": "string"})
    row = table_atlas.latex(metrics, LOOKS, 0.95)
    assert row.startswith("one layer & GD (2/3) & 0.100--0.400 & least squares & 0.300--0.500 &")


def test_every_model_is_compared_with_every_algorithm_of_the_figure() -> None:
    config = load([])
    shown = config.figures["atlas"].options
    references = config.experiments["atlas"].references
    assert set(shown["models"]) == set(references)
    members = [name for family in shown["families"].values() for name in family]
    for comparison in references.values():
        assert sorted(comparison.all) == sorted(members)
