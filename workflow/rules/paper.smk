# The write-up: provenance, numbers and tables for LaTeX, and the PDF.
rule provenance:
    input:
        spec=RUN.spec("provenance", "all"),
        made=RUN.made("provenance", "all"),
    output:
        PATHS.whole("provenance.json"),
    log:
        PATHS.log("provenance", "all"),
    benchmark:
        PATHS.benchmark("provenance", "all")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("provenance", "all"),
        runtime=RUN.minutes("provenance", "all"),
    shell:
        stage("provenance")


rule numbers:
    input:
        spec=RUN.spec("numbers", "all"),
        made=RUN.made("numbers", "all"),
    output:
        directory(PATHS.whole("numbers")),
    log:
        PATHS.log("numbers", "all"),
    benchmark:
        PATHS.benchmark("numbers", "all")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("numbers", "all"),
        runtime=RUN.minutes("numbers", "all"),
    shell:
        stage("numbers")


rule paper:
    input:
        spec=RUN.spec("paper", "all"),
        made=RUN.made("paper", "all"),
    output:
        PATHS.whole("paper.pdf"),
    log:
        PATHS.log("paper", "all"),
    benchmark:
        PATHS.benchmark("paper", "all")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("paper", "all"),
        runtime=RUN.minutes("paper", "all"),
    shell:
        stage("paper")


# What the run has cost, and how busy it kept the cores.
rule costs:
    input:
        spec=RUN.spec("costs", "all"),
        made=RUN.made("costs", "all"),
    output:
        PATHS.whole("costs.csv"),
        PATHS.whole("costs.png"),
    log:
        PATHS.log("costs", "all"),
    benchmark:
        PATHS.benchmark("costs", "all")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("costs", "all"),
        runtime=RUN.minutes("costs", "all"),
    shell:
        stage("costs")
