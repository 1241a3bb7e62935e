"""The report of a run as one page without anything beside it: figures, claims, origins, costs."""

import base64
import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from icgd.analysis.claims import FACT, FAILS, HOLDS
from icgd.results.digest import ROOT
from icgd.results.repository import source_root
from icgd.writeup.captions import Captions
from icgd.writeup.html import Converter, definitions
from icgd.writeup.numbers import findings

PAGES = Path(__file__).with_name("pages")
COMPARED = {"below": "< {0}", "above": "> {0}", "between": "{0} … {1}", "equals": "{0} ± {1}"}
LONGEST, COSTLIEST = 12, 5
"""Jobs that are named among the costs, and rules."""
Tree = dict[str, Any]


def template(name: str) -> jinja2.Template:
    """A page's template; what it is given is escaped unless marked as HTML."""
    loader = jinja2.FileSystemLoader(PAGES)
    options: Tree = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    return jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, **options).get_template(name)


def report(spec: Mapping[str, Any]) -> str:
    """The page that a spec of the plan asks for."""
    record = json.loads(spec["provenance"].path.read_text("utf-8"))
    costs = pd.read_csv(spec["costs"].path, keep_default_na=False)
    sources = [ROOT / path for path in spec["sources"] if path.endswith(".tex")]
    captions = Captions.of(sources, {figure["name"]: figure["title"] for figure in spec["figures"]})
    numbers = definitions((spec["numbers"].path / "numbers.tex").read_text("utf-8"))
    convert = Converter(numbers, captions.labels)
    claims = list(claim_rows(pd.read_csv(spec["verdicts"].path, dtype={"id": str}), spec["claims"]))
    figures = [_figure(figure, captions, convert, costs) for figure in spec["figures"]]
    studies = list(_studies(spec["studies"], captions, convert, claims, figures))
    return template("report.html").render(
        run=spec["run"],
        record=record,
        root=source_root(record),
        studies=studies,
        claims=claims,
        findings=[claim for claim in claims if claim["finding"]],
        holds=HOLDS,
        fails=FAILS,
        spent=spent(costs),
        longest=costs.nlargest(LONGEST, "cpu").to_dict("records"),
        hours=costs["cpu"].sum() / 3600,
        schedule=image(spec["schedule"].path),
        facts=list(facts(record)),
        companion=spec["companion"],
    )


def image(path: Path) -> Tree:
    """A PNG as an address that holds it, with its size: the page has its layout before it is drawn."""
    held = path.read_bytes()
    width, height = struct.unpack(">II", held[16:24])
    address = f"data:image/png;base64,{base64.b64encode(held).decode()}"
    return {"src": address, "width": width, "height": height}


def claim_rows(verdicts: pd.DataFrame, homes: Mapping[str, str]) -> Iterator[Tree]:
    """Claims as the page shows them: value and bound in words and, to sort by, as numbers."""
    for row in verdicts.assign(finding=findings(verdicts)).to_dict("records"):
        bounds = [f"{float(bound):.4g}" for bound in str(row["threshold"]).split()]
        interval = (
            f" [{row['interval_low']:.4g}, {row['interval_high']:.4g}]" if row["over"] == "mean" else ""
        )
        yield {str(name): value for name, value in row.items()} | {
            "study": homes.get(row["id"], ""),
            "shown": f"{row['value']:.4g}{interval}",
            "bound": COMPARED[row["comparison"]].format(*bounds),
            "fixed": FACT if row["kind"] == FACT else row["fixed"],
        }


def _figure(figure: Mapping[str, Any], captions: Captions, convert: Converter, costs: pd.DataFrame) -> Tree:
    module = figure["module"].replace(".", "/") + ".py"
    return {
        **figure,
        "caption": convert(captions.figures.get(figure["name"], "")),
        "alt": captions.spoken(figure["name"], figure["title"], convert),
        "image": image(figure["image"].path),
        "code": f"src/{module}" if module.startswith("icgd/") else "",
        "cpu": seconds(costs, figure["from"] | {"figure": [figure["name"]]}),
    }


def seconds(costs: pd.DataFrame, jobs: Mapping[str, list[str]]) -> float:
    """Processor time of some jobs, named by rule."""
    return sum(
        float(costs.loc[(costs["rule"] == rule) & costs["name"].isin(names), "cpu"].sum())
        for rule, names in jobs.items()
    )


def _studies(
    sections: Mapping[str, str],
    captions: Captions,
    convert: Converter,
    claims: list[Tree],
    figures: list[Tree],
) -> Iterator[Tree]:
    """The studies that show something, in the paper's order; what is of none comes last."""
    for study, section in [*sections.items(), ("", "")]:
        title = captions.titles.get(str(ROOT / section), "") if section else ""
        name = study.replace("_", " ").capitalize() or "Of this run"
        found = {
            "name": study or "own",
            "title": convert(title) or name,
            "section": section,
            "claims": [claim for claim in claims if claim["study"] == study],
            "leading": leading(claim for claim in claims if claim["study"] == study),
            "figures": [figure for figure in figures if figure["study"] == study],
        }
        if found["claims"] or found["figures"]:
            yield found


def leading(claims: Iterable[Tree]) -> Tree | None:
    """The claim that says most of a study: its first finding, or the first claim if it has none."""
    return min(claims, key=lambda claim: not claim["finding"], default=None)


def spent(costs: pd.DataFrame) -> Tree:
    """Minutes of processor time by study and rule, each with a sum; the costliest rules, then the others."""
    first = costs.groupby("rule")["cpu"].sum().nlargest(COSTLIEST).index
    named = costs.assign(
        study=costs["study"].replace("", "whole run"),
        rule=costs["rule"].where(costs["rule"].isin(first), "others"),
    )
    rules = [*first, *(["others"] if "others" in set(named["rule"]) else [])]
    table = named.pivot_table(index="study", columns="rule", values="cpu", aggfunc="sum", sort=False) / 60
    rows = [
        {"study": study, "minutes": row[rules].tolist(), "sum": row.sum()} for study, row in table.iterrows()
    ]
    totals = [float(table[rule].sum()) for rule in rules]
    return {"rules": rules, "rows": rows, "totals": totals, "sum": sum(totals)}


def facts(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the record of a run says of its origin, a line each."""
    changed = {True: ", with changes that were not committed", False: "", "unknown": ""}
    yield "revision", f"{record['revision']}{changed.get(record['modified'], '')}"
    for name in ("repository", "config_sha256", "python", "platform", "processor", "device"):
        if record.get(name):
            yield name.replace("_", " "), str(record[name])
    for name in ("packages", "environment"):
        yield name, ", ".join(f"{key} {value}" for key, value in record[name].items())
