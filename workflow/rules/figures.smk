# Figures: each from the comparisons that it reads, so that one can be had without the rest.
rule figure:
    input:
        spec=RUN.spec("figure", "{figure}"),
        made=RUN.made("figure", "{figure}"),
    output:
        PATHS.figure("{figure}", "pdf"),
        PATHS.figure("{figure}", "png"),
        PATHS.figure("{figure}", "csv"),
    log:
        PATHS.log("figure", "{figure}"),
    benchmark:
        PATHS.benchmark("figure", "{figure}")
    priority: RUN.priority("figure", "{figure}")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("figure", "{figure}"),
        runtime=RUN.minutes("figure", "{figure}"),
    shell:
        stage("figure")


# Tables of the text, as rows for LaTeX.
rule table:
    input:
        spec=RUN.spec("table", "{table}"),
        made=RUN.made("table", "{table}"),
    output:
        PATHS.table("{table}"),
    log:
        PATHS.log("table", "{table}"),
    benchmark:
        PATHS.benchmark("table", "{table}")
    conda:
        "../../envs/icgd.yaml"
    threads: 1
    resources:
        mem_mb=RUN.memory("table", "{table}"),
        runtime=RUN.minutes("table", "{table}"),
    shell:
        stage("table")


for name, job in PRODUCTS.figures.items():

    rule:
        name:
            f"figure_{name}"
        input:
            RUN.outputs([job]),


# A study: its figures and tables, and the verdicts on its claims.
for study in RUN.config.studies:

    rule:
        name:
            f"study_{study}"
        input:
            RUN.outputs(RUN.study_jobs(study)),
