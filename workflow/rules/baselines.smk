# Explicit algorithms at their optimal hyper-parameters.
rule baselines:
    input:
        code=lambda w: code_of("baselines", experiment_tasks(w), baseline_specs(w)),
    output:
        directory(f"{RESULTS}/baselines/{{experiment}}/{{variant}}"),
    log:
        f"{RESULTS}/logs/baselines/{{experiment}}/{{variant}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/baselines/{{experiment}}/{{variant}}.tsv"
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
