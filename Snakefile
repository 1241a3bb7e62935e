# The whole paper: snakemake --cores all. See README.md for single figures and other targets.
from snakemake.utils import min_version

min_version("9.0")


if not workflow.configfiles:

    configfile: "config/paper.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/baselines.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/paper.smk"
include: "workflow/rules/bench.smk"
include: "workflow/rules/rates.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        f"{RESULTS}/paper.pdf",
        f"{RESULTS}/metrics.csv",
        f"{RESULTS}/claims.csv",
        f"{RESULTS}/provenance.json",
