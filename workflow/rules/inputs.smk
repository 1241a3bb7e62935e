# Input and params functions of all rules: what a job's spec is, and which files it needs.


def prompts_spec(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    conditions = settings.conditions(experiment, wildcards.variant)
    count = config["evaluation_prompts"]
    return as_json(base_spec(wildcards) | {"conditions": conditions, "count": count})


def train_spec(wildcards):
    learner = EXPERIMENTS[wildcards.experiment]["trained"][wildcards.learner]
    seeds = settings.block_seeds(wildcards.seeds)
    spec = {"learner": learner, "name": wildcards.learner, "seeds": seeds}
    return as_json(base_spec(wildcards) | spec)


def train_digest(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    learner = experiment["trained"][wildcards.learner]
    kinds = [*modules("tasks", [experiment["task"]]), *modules("learners", [learner])]
    return code.digest("icgd.stages.train", *kinds)


def baselines_spec(wildcards):
    baselines = EXPERIMENTS[wildcards.experiment]["baselines"]
    spec = {"baselines": baselines, "count": config["fitting_prompts"]}
    return as_json(base_spec(wildcards) | spec)


def baseline_specs(wildcards):
    return "learners", EXPERIMENTS[wildcards.experiment]["baselines"].values()


def compare_spec(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    parts = ("trained", "baselines", "interpolations", "rivals")
    spec = {part: list(experiment[part]) for part in parts}
    spec["interpolations"] = experiment["interpolations"]
    spec["reference"] = experiment["reference"]
    spec["conditions"] = settings.conditions(experiment, wildcards.variant)
    spec["measurement"] = wildcards.measurement
    spec["options"] = experiment["measurements"].get(wildcards.measurement, {})
    return as_json(base_spec(wildcards) | spec)


def trained_files(wildcards):
    names = EXPERIMENTS[wildcards.experiment]["trained"]
    blocks = settings.seed_blocks(config["seeds"], config["seeds_per_job"])
    pattern = f"{RESULTS}/learners/{wildcards.experiment}/{wildcards.variant}"
    return [f"{pattern}/{name}.{block}.npz" for name in names for block in blocks]


def compare_code(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    learners = [*experiment["trained"].values(), *experiment["baselines"].values()]
    kinds = [*modules("tasks", [experiment["task"]]), *modules("learners", learners)]
    return code.closure(
        "icgd.stages.compare",
        f"icgd.compare.{wildcards.measurement}",
        *kinds,
    )


def figure_spec(wildcards):
    figure = config["figures"][wildcards.figure]
    return as_json({"plot": figure["plot"], "confidence": config["confidence"]})


def figure_tables(wildcards):
    """The tables that the config names as the figure's sources."""
    figure = config["figures"][wildcards.figure]
    name = figure["experiment"]
    experiment = EXPERIMENTS[name]
    return [
        f"{RESULTS}/comparisons/{name}/{variant}/{measurement}.parquet"
        for variant in settings.variants(experiment)
        for measurement in settings.measurements(experiment, variant)
        if measurement in figure["sources"].get(variant.split("=")[0], [])
    ]


def figure_code(wildcards):
    plot = config["figures"][wildcards.figure]["plot"]
    return code.closure("icgd.stages.figure", f"icgd.plots.{plot}")
