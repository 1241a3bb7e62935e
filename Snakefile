# The whole paper: snakemake --cores all. See README.md for single figures and other targets.
include: "workflow/Snakefile"


workflow.default_target = "all"  # that of an included file is not taken over
