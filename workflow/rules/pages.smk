# Pages to click: the report of the run, and the companion, in which its learners answer.
rule report:
    input:
        spec=RUN.spec("report", "all"),
        made=RUN.made("report", "all"),
    output:
        PATHS.whole("report.html"),
    log:
        PATHS.log("report", "all"),
    benchmark:
        PATHS.benchmark("report", "all")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        stage("report")


rule companion:
    input:
        spec=RUN.spec("companion", "all"),
        made=RUN.made("companion", "all"),
    output:
        PATHS.whole("companion/index.html"),
    log:
        PATHS.log("companion", "all"),
    benchmark:
        PATHS.benchmark("companion", "all")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        stage("companion")
