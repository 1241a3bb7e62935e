# Explicit algorithms at their optimal hyper-parameters.
def baselines_spec(wildcards):
    baselines = EXPERIMENTS[wildcards.experiment]["baselines"]
    spec = {"baselines": baselines, "count": config["fitting_prompts"]}
    return as_json(base_spec(wildcards) | spec)


def baseline_specs(wildcards):
    return "learners", EXPERIMENTS[wildcards.experiment]["baselines"].values()


rule baselines:
    input:
        code=lambda w: code_of("baselines", experiment_tasks(w), baseline_specs(w)),
    output:
        directory(RESULTS + "/baselines/{experiment}/{variant}"),
    log:
        RESULTS + "/logs/baselines/{experiment}/{variant}.log",
    benchmark:
        RESULTS + "/benchmarks/baselines/{experiment}/{variant}.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        spec=baselines_spec,
    shell:
        stage("baselines")
        + " --spec {params.spec:q} --output {output:q} > {log:q} 2>&1"
