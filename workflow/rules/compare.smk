# Comparison: one tidy table per measurement, merged into the run's metrics; then the claims.
def compare_spec(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    parts = ("trained", "baselines", "interpolations", "rivals")
    spec = {part: list(experiment[part]) for part in parts}
    spec["interpolations"] = experiment["interpolations"]
    spec["reference"] = experiment["reference"]
    spec["conditions"] = settings.conditions(experiment, wildcards.variant)
    spec["measurement"] = wildcards.measurement
    spec["options"] = experiment["measurements"].get(wildcards.measurement, {})
    return as_json(base_spec(wildcards) | spec)


def trained_files(wildcards):
    names = EXPERIMENTS[wildcards.experiment]["trained"]
    blocks = settings.seed_blocks(config["seeds"], config["seeds_per_job"])
    pattern = f"{RESULTS}/learners/{wildcards.experiment}/{wildcards.variant}"
    return [f"{pattern}/{name}.{block}.npz" for name in names for block in blocks]


def compare_code(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    learners = [*experiment["trained"].values(), *experiment["baselines"].values()]
    kinds = [*modules("tasks", [experiment["task"]]), *modules("learners", learners)]
    return code.closure(
        "icgd.stages.compare", f"icgd.compare.{wildcards.measurement}", *kinds
    )


rule compare:
    input:
        prompts=rules.prompts.output,
        baselines=rules.baselines.output,
        trained=trained_files,
        code=compare_code,
    output:
        RESULTS + "/comparisons/{experiment}/{variant}/{measurement}.parquet",
    log:
        RESULTS + "/logs/compare/{experiment}/{variant}/{measurement}.log",
    benchmark:
        RESULTS + "/benchmarks/compare/{experiment}/{variant}/{measurement}.tsv"
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
        parquet=RESULTS + "/metrics.parquet",
        csv=report(
            RESULTS + "/metrics.csv",
            caption="../report/metrics.rst",
            category="Tables",
            labels={"table": "all metrics"},
        ),
    log:
        RESULTS + "/logs/metrics.log",
    benchmark:
        RESULTS + "/benchmarks/metrics.tsv"
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
            RESULTS + "/claims.csv",
            caption="../report/claims.rst",
            category="Tables",
            labels={"table": "claims"},
        ),
    log:
        RESULTS + "/logs/claims.log",
    benchmark:
        RESULTS + "/benchmarks/claims.tsv"
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
        RESULTS + "/verify.txt",
    log:
        RESULTS + "/logs/verify.log",
    benchmark:
        RESULTS + "/benchmarks/verify.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        stage("verify")
        + " --spec '{{}}' --metrics {input.metrics:q} --reference {input.reference:q} "
        "--output {output:q} 2>&1 | tee {log:q}"
