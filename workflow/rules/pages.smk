# Pages to click: the report of the run.
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
