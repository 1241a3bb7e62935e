# The whole paper: snakemake --cores all. See README.md for single figures and other targets.
include: "workflow/Snakefile"
