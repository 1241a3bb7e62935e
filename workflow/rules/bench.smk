# The benchmark of training (make bench); not part of the paper.
rule bench:
    input:
        code=code.closure("icgd.bench"),
    output:
        csv="results/bench/bench.csv",
        png="results/bench/bench.png",
    log:
        "results/bench/bench.log",
    benchmark:
        "results/bench/bench.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    shell:
        "NPROC={threads} python -m icgd.bench results/bench 2>&1 | tee {log:q}"
