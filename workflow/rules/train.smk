# Training: one job per learner, variant and block of seeds; reruns when the code's meaning changes.
def train_spec(wildcards):
    learner = EXPERIMENTS[wildcards.experiment]["trained"][wildcards.learner]
    seeds = settings.block_seeds(wildcards.seeds)
    spec = {"learner": learner, "name": wildcards.learner, "seeds": seeds}
    return as_json(base_spec(wildcards) | spec)


def train_digest(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    learner = experiment["trained"][wildcards.learner]
    kinds = [*modules("tasks", [experiment["task"]]), *modules("learners", [learner])]
    return code.digest("icgd.stages.train", *kinds)


rule train:
    output:
        RESULTS + "/learners/{experiment}/{variant}/{learner}.{seeds}.npz",
    log:
        RESULTS + "/logs/train/{experiment}/{variant}/{learner}.{seeds}.log",
    benchmark:
        RESULTS + "/benchmarks/train/{experiment}/{variant}/{learner}.{seeds}.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=train_spec,
        code=train_digest,
    shell:
        stage("train") + " --spec {params.spec:q} --output {output:q} > {log:q} 2>&1"
