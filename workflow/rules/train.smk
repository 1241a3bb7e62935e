# Training: one job per learner, variant and block of seeds.
BLOCK = "{experiment}/{variant}/{learner}.{seeds}"


rule train:
    input:
        spec=RUN.spec("train", BLOCK),
        made=RUN.made("train", BLOCK),
    output:
        PATHS.learner("{experiment}", "{variant}", "{learner}", "{seeds}"),
    log:
        PATHS.log("train", BLOCK),
    benchmark:
        PATHS.benchmark("train", BLOCK)
    priority: RUN.priority("train", BLOCK)
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("train", BLOCK),
        runtime=RUN.minutes("train", BLOCK),
        gpu=RUN.gpu(GPUS),
    params:
        device=lambda wildcards, resources: assignment(resources.gpu),
    shell:
        stage("train", "{params.device}")
