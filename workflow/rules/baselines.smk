# Explicit algorithms at their optimal hyper-parameters.
rule baselines:
    input:
        spec=RUN.spec("baselines", VARIANT),
    output:
        directory(PATHS.baselines("{experiment}", "{variant}")),
    log:
        PATHS.log("baselines", VARIANT),
    benchmark:
        PATHS.benchmark("baselines", VARIANT)
    priority: RUN.priority("baselines", VARIANT)
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("baselines", VARIANT),
        runtime=RUN.minutes("baselines", VARIANT),
    shell:
        stage("baselines")
