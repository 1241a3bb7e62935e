# Evaluation prompts: drawn once per experiment, seen by every learner.
rule prompts:
    input:
        code=lambda w: code_of("prompts", experiment_tasks(w)),
    output:
        directory(f"{RESULTS}/prompts/{{experiment}}/{{variant}}"),
    log:
        f"{RESULTS}/logs/prompts/{{experiment}}/{{variant}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prompts/{{experiment}}/{{variant}}.tsv"
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
