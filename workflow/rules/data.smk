# Evaluation prompts: drawn once per experiment, seen by every learner, deleted after the last use.
def prompts_spec(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    conditions = settings.conditions(experiment, wildcards.variant)
    count = config["evaluation_prompts"]
    return as_json(base_spec(wildcards) | {"conditions": conditions, "count": count})


rule prompts:
    input:
        code=lambda w: code_of("prompts", experiment_tasks(w)),
    output:
        temp(directory(RESULTS + "/prompts/{experiment}/{variant}")),
    log:
        RESULTS + "/logs/prompts/{experiment}/{variant}.log",
    benchmark:
        RESULTS + "/benchmarks/prompts/{experiment}/{variant}.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        spec=prompts_spec,
    shell:
        stage("prompts") + " --spec {params.spec:q} --output {output:q} > {log:q} 2>&1"
