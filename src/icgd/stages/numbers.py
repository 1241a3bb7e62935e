"""Stage: every number of the paper as LaTeX definitions, the claims, and which studies it has sections of.

An undefined number stops LaTeX. Only what the sources use is written, as LaTeX could not hold all metrics.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from icgd.analysis.claims import NoRowsError
from icgd.results.digest import ROOT
from icgd.results.job import Job
from icgd.results.repository import source_root
from icgd.results.store import write_text
from icgd.results.tables import load_table
from icgd.spec.selectors import measured, parsed, used_keys
from icgd.stages.errors import StageError
from icgd.writeup import numbers
from icgd.writeup.captions import Captions
from icgd.writeup.html import Converter
from icgd.writeup.latex import claims_table
from icgd.writeup.sections import left_out_experiments, placed_studies
from icgd.writeup.text import address, escape


def main(job: Job) -> None:
    """Write numbers.tex and claims.tex into the folder `output`."""
    spec, output = job.spec, job.outputs["output"]
    metrics, verdicts = (
        load_table(spec["metrics"]),
        pd.read_csv(spec["claims"].path, dtype={"id": str, "group": str}),
    )
    record = json.loads(spec["provenance"].path.read_text("utf-8"))
    used = dict(used_keys(ROOT / path for path in spec["sources"] if path.endswith(".tex")))
    found = definitions(spec, metrics, verdicts, record, used)
    lines = (rf"\defineresult{{{key}}}{{{value}}}" for key, value in found.items() if key in used)
    fixed = [
        rf"\defineresult{{run/{name}}}{{{found[f'run/{name}']}}}"
        for name in ("short_revision", "source_root")
    ]
    frame = [*fixed, *_studies(spec), *alternatives(spec, found)]
    write_text(output / "numbers.tex", "\n".join([*lines, *frame]) + "\n")
    write_text(output / "claims.tex", claims_table(verdicts))


def _studies(spec: Mapping[str, Any]) -> Iterator[str]:
    """The studies that the paper has sections of, and those of them that its frame has no place for."""
    printed = [study for study in spec["studies"] if study in spec["sections"]]
    yield from (rf"\defineresult{{study/{study}}}{{}}" for study in printed)
    others = "".join(rf"\study{{{study}}}" for study in printed if study not in placed_studies())
    yield rf"\newcommand{{\otherstudies}}{{{others}}}"


def alternatives(spec: Mapping[str, Any], found: Mapping[str, str]) -> Iterator[str]:
    """What can be read aloud in place of a figure, as a text string of PDF: UTF-16 in hexadecimal digits.

    It is what the report has: the caption with the numbers of the run.
    """
    titles = {name: figure["title"] for name, figure in spec["config"]["figures"].items()}
    captions = Captions.of((ROOT / path for path in spec["sources"] if path.endswith(".tex")), titles)
    convert = Converter(found, captions.labels)
    for name, title in titles.items():
        text = f"Figure: {captions.spoken(name, title, convert)}".encode("utf-16-be").hex().upper()
        yield rf"\defineresult{{alt/figures/{name}}}{{FEFF{text}}}"


def definitions(
    spec: Mapping[str, Any],
    metrics: pd.DataFrame,
    verdicts: pd.DataFrame,
    record: Mapping[str, Any],
    used: Mapping[str, str],
) -> dict[str, str]:
    """All definitions that the sources may ask for; `used` says where each key is."""
    absent, parts = left_out_experiments(spec["studies"]), numbers.parts(metrics, spec["confidence"])
    found: dict[str, str] = {}
    for key in filter(measured, used):
        selector = parsed(key)
        try:
            if selector.statistic == "seeds" and selector.experiment not in absent:
                found[key] = numbers.every_seed(metrics, selector)
            else:
                found |= numbers.results(parts, [key], absent)
        except (NoRowsError, numbers.SeveralRowsError) as error:
            raise StageError(f"{used[key]} asks for {key}: {error}") from None
    found |= numbers.claims(verdicts, spec["confidence"])
    found |= {f"config{key}": value for key, value in numbers.flatten(spec["config"])}
    found |= {f"run{key}": value for key, value in numbers.flatten(record)}
    found["run/short_revision"] = escape(record["revision"][:7])
    found["run/source_root"] = address(source_root(dict(record)))
    found["confidence"] = rf"\ensuremath{{{100 * spec['confidence']:.0f}\,\%}}"
    # The check before the plan has found them in the published config: this run has left them out.
    left_out = [key for key in used if key not in found and key.startswith(("config/", "claim/"))]
    return found | dict.fromkeys(left_out, numbers.NOT_IN_RUN)
