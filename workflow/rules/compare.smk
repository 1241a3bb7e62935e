# Comparison: one tidy table per measurement, merged into the run's metrics.
COMPARISON = "{experiment}/{variant}/{measurement}"


rule compare:
    input:
        spec=RUN.spec("compare", COMPARISON),
        made=RUN.made("compare", COMPARISON),
    output:
        PATHS.comparison("{experiment}", "{variant}", "{measurement}"),
    log:
        PATHS.log("compare", COMPARISON),
    benchmark:
        PATHS.benchmark("compare", COMPARISON)
    priority: RUN.priority("compare", COMPARISON)
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("compare", COMPARISON),
        runtime=RUN.minutes("compare", COMPARISON),
    shell:
        stage("compare")


rule metrics:
    input:
        spec=RUN.spec("metrics", "all"),
        made=RUN.made("metrics", "all"),
    output:
        PATHS.whole("metrics.parquet"),
        PATHS.whole("metrics.csv"),
    log:
        PATHS.log("metrics", "all"),
    benchmark:
        PATHS.benchmark("metrics", "all")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("metrics", "all"),
        runtime=RUN.minutes("metrics", "all"),
    shell:
        stage("metrics")
