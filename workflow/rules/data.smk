# Evaluation prompts: drawn once per experiment, seen by every learner.
VARIANT = "{experiment}/{variant}"


rule prompts:
    input:
        spec=RUN.spec("prompts", VARIANT),
    output:
        directory(PATHS.prompts("{experiment}", "{variant}")),
    log:
        PATHS.log("prompts", VARIANT),
    benchmark:
        PATHS.benchmark("prompts", VARIANT)
    priority: RUN.priority("prompts", VARIANT)
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("prompts", VARIANT),
        runtime=RUN.minutes("prompts", VARIANT),
    shell:
        stage("prompts")
