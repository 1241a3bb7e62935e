# Trials of learning rates, from which those in the config were chosen; not part of the paper.
rule rates:
    input:
        start=start_files,
        code=lambda w: code.closure("icgd.stages.rates", *trained_kinds(w)),
    output:
        f"{RESULTS}/rates/{{experiment}}/{{variant}}/{{learner}}.csv",
    log:
        f"{RESULTS}/logs/rates/{{experiment}}/{{variant}}/{{learner}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/rates/{{experiment}}/{{variant}}/{{learner}}.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        spec=rates_spec,
    shell:
        stage("rates") + " --spec {params.spec:q} --start {input.start:q} "
        "--output {output:q} > {log:q} 2>&1"


for name, experiment in EXPERIMENTS.items():

    rule:
        name:
            f"rates_{name}"
        input:
            expand(
                f"{RESULTS}/rates/{name}/test/{{learner}}.csv",
                learner=experiment["trained"],
            ),
        output:
            f"{RESULTS}/rates/{name}.csv",
        log:
            f"{RESULTS}/logs/rates/{name}.log",
        conda:
            "../../envs/icgd.yaml"
        threads: 1
        resources:
            mem_mb=100,
            runtime=5,
        shell:
            "awk 'FNR > 1 || NR == 1' {input:q} > {output:q} 2> {log:q}"
