# Comparison: one tidy table per measurement, merged into the run's metrics; then the claims.
rule compare:
    input:
        prompts=rules.prompts.output,
        baselines=baseline_folders,
        trained=trained_files,
        code=compare_code,
    output:
        f"{RESULTS}/comparisons/{{experiment}}/{{variant}}/{{measurement}}.parquet",
    log:
        f"{RESULTS}/logs/compare/{{experiment}}/{{variant}}/{{measurement}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare/{{experiment}}/{{variant}}/{{measurement}}.tsv"
    priority: 1
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=6000,
        runtime=60,
    params:
        spec=compare_spec,
    shell:
        stage("compare") + " --spec {params.spec:q} --prompts {input.prompts:q} "
        "--baselines {input.baselines:q} --trained {input.trained:q} --output {output:q} > {log:q} 2>&1"


COMPARISONS = [
    f"{RESULTS}/comparisons/{name}/{variant}/{measurement}.parquet"
    for name, experiment in EXPERIMENTS.items()
    for variant in settings.variants(experiment)
    for measurement in settings.measurements(experiment, variant)
]


rule metrics:
    input:
        tables=COMPARISONS,
        code=code.closure("icgd.stages.metrics"),
    output:
        parquet=f"{RESULTS}/metrics.parquet",
        csv=report(
            f"{RESULTS}/metrics.csv",
            caption="../report/metrics.rst",
            category="Tables",
            labels={"table": "all metrics"},
        ),
    log:
        f"{RESULTS}/logs/metrics.log",
    benchmark:
        f"{RESULTS}/benchmarks/metrics.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        stage("metrics")
        + " --spec '{{}}' --tables {input.tables:q} --parquet {output.parquet:q} "
        "--csv {output.csv:q} > {log:q} 2>&1"


rule claims:
    input:
        metrics=rules.metrics.output.parquet,
        code=code.closure("icgd.stages.claims"),
    output:
        report(
            f"{RESULTS}/claims.csv",
            caption="../report/claims.rst",
            category="Tables",
            labels={"table": "claims"},
        ),
    log:
        f"{RESULTS}/logs/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=as_json({"claims": config["claims"], "confidence": config["confidence"]}),
    shell:
        stage("claims")
        + " --spec {params.spec:q} --metrics {input.metrics:q} --output {output:q} "
        "> {log:q} 2>&1"


rule verify:
    input:
        metrics=rules.metrics.output.parquet,
        reference=f"workflow/reference/{RUN}.csv",
        code=code.closure("icgd.stages.verify"),
    output:
        f"{RESULTS}/verify.txt",
    log:
        f"{RESULTS}/logs/verify.log",
    benchmark:
        f"{RESULTS}/benchmarks/verify.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=as_json({"unverified": config["unverified"]}),
    shell:
        stage("verify")
        + " --spec {params.spec:q} --metrics {input.metrics:q} --reference {input.reference:q} "
        "--output {output:q} 2>&1 | tee {log:q}"
