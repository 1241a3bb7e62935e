# Trials of learning rates, from which those in the config were chosen; not part of the paper.
rule rates:
    input:
        spec=RUN.spec("rates", "{experiment}/{learner}"),
        made=RUN.made("rates", "{experiment}/{learner}"),
    output:
        PATHS.rates("{experiment}", "{learner}"),
    log:
        PATHS.log("rates", "{experiment}/{learner}"),
    benchmark:
        PATHS.benchmark("rates", "{experiment}/{learner}")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("rates", "{experiment}/{learner}"),
        runtime=RUN.minutes("rates", "{experiment}/{learner}"),
    shell:
        stage("rates")


for name in (
    name for name, experiment in RUN.config.experiments.items() if experiment.trained
):

    rule:
        name:
            f"rates_{name}"
        input:
            [
                PATHS.rates(name, learner)
                for learner in RUN.config.experiments[name].trained
            ],
        output:
            PATHS.whole(f"rates/{name}.csv"),
        log:
            PATHS.log("rates", name),
        conda:
            "../../envs/icgd.yaml"
        threads: 1
        resources:
            mem_mb=100,
            runtime=5,
        shell:
            "awk 'FNR > 1 || NR == 1' {input:q} > {output:q} 2> {log:q}"
