# The write-up: provenance, numbers and tables for LaTeX, and the PDF.
LATEX_SOURCES = sorted(
    str(p.relative_to(ROOT)) for p in (ROOT / "paper").rglob("*.[tb]*")
)
FIGURES = expand(f"{RESULTS}/figures/{{name}}.pdf", name=config["figures"])


rule provenance:
    input:
        metrics=rules.metrics.output.parquet,
        figures=FIGURES,
        code=code.closure("icgd.stages.provenance"),
    output:
        f"{RESULTS}/provenance.json",
    log:
        f"{RESULTS}/logs/provenance.log",
    benchmark:
        f"{RESULTS}/benchmarks/provenance.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=as_json({"run": RUN, "config": config}),
        benchmarks=f"{RESULTS}/benchmarks",
    shell:
        stage("provenance")
        + " --spec {params.spec:q} --benchmarks {params.benchmarks:q} "
        "--output {output:q} > {log:q} 2>&1"


rule numbers:
    input:
        metrics=rules.metrics.output.parquet,
        claims=rules.claims.output,
        provenance=rules.provenance.output,
        sources=LATEX_SOURCES,
        code=code.closure("icgd.stages.numbers"),
    output:
        directory(f"{RESULTS}/numbers"),
    log:
        f"{RESULTS}/logs/numbers.log",
    benchmark:
        f"{RESULTS}/benchmarks/numbers.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=as_json({"config": config, "confidence": config["confidence"]}),
    shell:
        stage("numbers")
        + " --spec {params.spec:q} --metrics {input.metrics:q} --claims {input.claims:q} "
        "--provenance {input.provenance:q} --sources {input.sources:q} --output {output:q} > {log:q} 2>&1"


rule paper:
    input:
        sources=LATEX_SOURCES,
        numbers=rules.numbers.output,
        figures=FIGURES,
        code=code.closure("icgd.stages.paper"),
    output:
        f"{RESULTS}/paper.pdf",
    log:
        f"{RESULTS}/logs/paper.log",
    benchmark:
        f"{RESULTS}/benchmarks/paper.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        stage("paper") + " --spec '{{}}' --sources paper --numbers {input.numbers:q} "
        "--figures {input.figures:q} --output {output:q} > {log:q} 2>&1"
