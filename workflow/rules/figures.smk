# Figures: each from the comparisons of its own experiment, so that one can be had without the rest.
def figure_spec(wildcards):
    figure = config["figures"][wildcards.figure]
    return as_json({"plot": figure["plot"], "confidence": config["confidence"]})


def figure_tables(wildcards):
    """The tables that the config names as the figure's sources."""
    figure = config["figures"][wildcards.figure]
    name = figure["experiment"]
    experiment = EXPERIMENTS[name]
    return [
        f"{RESULTS}/comparisons/{name}/{variant}/{measurement}.parquet"
        for variant in settings.variants(experiment)
        for measurement in settings.measurements(experiment, variant)
        if measurement in figure["sources"].get(variant.split("=")[0], [])
    ]


def figure_code(wildcards):
    plot = config["figures"][wildcards.figure]["plot"]
    return code.closure("icgd.stages.figure", f"icgd.plots.{plot}")


rule figure:
    input:
        tables=figure_tables,
        code=figure_code,
    output:
        pdf=RESULTS + "/figures/{figure}.pdf",
        png=report(
            RESULTS + "/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels=lambda w: {"figure": config["figures"][w.figure]["title"]},
        ),
        csv=RESULTS + "/figures/{figure}.csv",
    log:
        RESULTS + "/logs/figures/{figure}.log",
    benchmark:
        RESULTS + "/benchmarks/figures/{figure}.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=figure_spec,
    shell:
        stage("figure")
        + " --spec {params.spec:q} --tables {input.tables:q} --pdf {output.pdf:q} "
        "--png {output.png:q} --csv {output.csv:q} > {log:q} 2>&1"


for name in config["figures"]:

    rule:
        name:
            f"figure_{name}"
        input:
            expand(f"{RESULTS}/figures/{name}.{{suffix}}", suffix=["pdf", "png", "csv"]),
