# Verdicts on the claims, study by study, then in one table.
rule claims:
    input:
        spec=RUN.spec("claims", "{study}"),
        made=RUN.made("claims", "{study}"),
    output:
        PATHS.claims("{study}"),
    log:
        PATHS.log("claims", "{study}"),
    benchmark:
        PATHS.benchmark("claims", "{study}")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("claims", "{study}"),
        runtime=RUN.minutes("claims", "{study}"),
    shell:
        stage("claims")


rule verdicts:
    input:
        spec=RUN.spec("verdicts", "all"),
        made=RUN.made("verdicts", "all"),
    output:
        PATHS.whole("claims.csv"),
    log:
        PATHS.log("verdicts", "all"),
    benchmark:
        PATHS.benchmark("verdicts", "all")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("verdicts", "all"),
        runtime=RUN.minutes("verdicts", "all"),
    shell:
        stage("verdicts")
