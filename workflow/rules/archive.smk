# The whole run in one file, to make its figures without training (make figures ARCHIVE=file).
rule archive:
    input:
        spec=RUN.spec("archive", "all"),
        made=RUN.made("archive", "all"),
    output:
        PATHS.whole(f"icgd-{RUN.name}.tar.gz"),
        PATHS.whole(f"icgd-{RUN.name}.txt"),
    log:
        PATHS.log("archive", "all"),
    benchmark:
        PATHS.benchmark("archive", "all")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("archive", "all"),
        runtime=RUN.minutes("archive", "all"),
    shell:
        stage("archive")
