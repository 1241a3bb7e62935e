# Training: one job per learner, variant and block of seeds; reruns when the code's meaning changes.
rule train:
    input:
        start=start_files,
    output:
        f"{RESULTS}/learners/{{experiment}}/{{variant}}/{{learner}}.{{seeds}}.npz",
    log:
        f"{RESULTS}/logs/train/{{experiment}}/{{variant}}/{{learner}}.{{seeds}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{experiment}}/{{variant}}/{{learner}}.{{seeds}}.tsv"
    # Then comparisons, so that the many short figures fill the end.
    priority: 2
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
        stage("train") + " --spec {params.spec:q} --start {input.start:q} "
        "--output {output:q} > {log:q} 2>&1"
