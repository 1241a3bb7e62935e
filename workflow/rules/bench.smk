# The benchmarks of training, and of growth (make bench); not part of the paper.
rule bench:
    output:
        csv="results/bench/families.csv",
        png="results/bench/families.png",
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
    params:
        python=lambda wildcards: sys.executable,
        script=str(ROOT / "workflow/scripts/bench.py"),
    shell:
        "NPROC={threads} {params.python:q} {params.script:q} results/bench 2>&1 | tee {log:q}"


rule growth:
    output:
        csv="results/bench/growth.csv",
        png="results/bench/growth.png",
    log:
        "results/bench/growth.log",
    benchmark:
        "results/bench/growth.tsv"
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        python=lambda wildcards: sys.executable,
        script=str(ROOT / "workflow/scripts/growth.py"),
    shell:
        "NPROC={threads} {params.python:q} {params.script:q} results/bench 2>&1 | tee {log:q}"
