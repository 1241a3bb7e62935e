# Figures: each from the comparisons of its own experiment, so that one can be had without the rest.
rule figure:
    input:
        tables=figure_tables,
        code=figure_code,
    output:
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
        png=report(
            f"{RESULTS}/figures/{{figure}}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels=lambda w: {"figure": config["figures"][w.figure]["title"]},
        ),
        csv=f"{RESULTS}/figures/{{figure}}.csv",
    log:
        f"{RESULTS}/logs/figures/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures/{{figure}}.tsv"
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
