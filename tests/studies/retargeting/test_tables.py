"""Tables of this study, row by row."""

from typing import Any

from icgd.analysis.tidy import table
from icgd.plotting.looks import Look, Looks
from icgd.studies.retargeting import measure_attainment, measure_cost, table_cost, table_scores

LOOKS = Looks(told=Look("blocks"), all=Look("everything"))


def row(metric: str, value: float, learner: str, **columns: Any) -> dict[str, Any]:
    shared = {"experiment": "hand", "learner": learner, "seed": None, "step": None}
    return shared | columns | {"metric": metric, "value": value}


def test_scores() -> None:
    records = []
    for learner, own in (("explicit", 0.5), ("told", 0.4)):
        for asked in ("l1", "l2", "linf"):
            for attained in ("l1", "l2", "linf"):
                value = own if asked == attained else -0.3
                records.append(row("attainment", value, learner, objective=asked, attained=attained))
            records.append(row("own_gain", own + 0.3, learner, objective=asked))
        records.append(row("score", own / 0.5, learner))
    metrics = table(records, measure_attainment.COLUMNS)
    lines = table_scores.latex(metrics, LOOKS, 0.95).splitlines()
    assert lines[0] == "explicit descent & " + " & ".join(["$0.500$ & $0.800$"] * 3) + r" & $1.000$ \\"
    assert lines[1] == "blocks & " + " & ".join(["$0.400$ & $0.700$"] * 3) + r" & $0.800$ \\"


def test_costs() -> None:
    records = []
    for objective in ("l1", "linf"):
        for start, share in (("base", 0.8), ("random", 0.3)):
            place = {"change": "all", "objective": objective, "start": start}
            name = f"{start}_{objective}"
            records += [row("share_of_whole", share, name, **place), row("change_score", 0.9, name, **place)]
            records += [row("trained_parameters", 7, name, **place), row("steps_to_most", 40, name, **place)]
            records.append(row("late_gain", 0.012, name, **place))
    metrics = table(records, measure_cost.COLUMNS)
    half = "40 & 1.2 & $0.800$ & $0.900$ & $0.300$ &  \\\\\n"
    expected = f"everything & 7 & $L_1$ & {half}& & $L_\\infty$ & {half}"
    assert table_cost.latex(metrics, LOOKS, 0.95) == expected
