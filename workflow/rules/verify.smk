# Comparison with a reference run: statistically, for another machine, or bit for bit.
for name, job in {
    "verify": PRODUCTS.verify(False),
    "verify_exact": PRODUCTS.verify(True),
}.items():

    rule:
        name:
            name
        input:
            spec=RUN.spec(name, "all"),
            made=RUN.made(name, "all"),
        output:
            str(job.outputs["output"]),
        log:
            PATHS.log(name, "all"),
        benchmark:
            PATHS.benchmark(name, "all")
        conda:
            "../../envs/icgd.yaml"
        threads: 1
        resources:
            mem_mb=RUN.memory(name, "all"),
            runtime=RUN.minutes(name, "all"),
        shell:
            stage("verify")
