# Input and params functions of all rules: what a job's spec is, and which files it needs.


def prompts_spec(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    conditions = settings.conditions(experiment, wildcards.variant)
    count = experiment["evaluation_prompts"]
    return as_json(base_spec(wildcards) | {"conditions": conditions, "count": count})


def train_spec(wildcards):
    learner = EXPERIMENTS[wildcards.experiment]["trained"][wildcards.learner]
    seeds = settings.block_seeds(wildcards.seeds)
    spec = {"learner": learner, "name": wildcards.learner, "seeds": seeds}
    return as_json(base_spec(wildcards) | spec)


def rates_spec(wildcards):
    learner = EXPERIMENTS[wildcards.experiment]["trained"][wildcards.learner]
    seeds = list(range(min(2, config["seeds"])))
    spec = {"learner": learner, "name": wildcards.learner, "seeds": seeds}
    return as_json(base_spec(wildcards) | spec)


def trained_kinds(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    learner = experiment["trained"][wildcards.learner]
    return [*modules("tasks", [experiment["task"]]), *modules("learners", [learner])]


def train_digest(wildcards):
    return code.digest("icgd.stages.train", *trained_kinds(wildcards))


def start_files(wildcards):
    """The trained learner whose weights a learner starts from, if any."""
    learner = EXPERIMENTS[wildcards.experiment]["trained"][wildcards.learner]
    if "start" not in learner:
        return []
    return learner_files(wildcards.experiment, wildcards.variant, learner["start"])


def learner_files(experiment, variant, name):
    return [
        f"{RESULTS}/learners/{experiment}/{variant}/{name}.{block}.npz"
        for block in seed_blocks(experiment, name)
    ]


def baselines_spec(wildcards):
    baselines = EXPERIMENTS[wildcards.experiment]["baselines"]
    spec = {"baselines": baselines, "fitting_prompts": config["fitting_prompts"]}
    return as_json(base_spec(wildcards) | spec)


def baseline_specs(wildcards):
    return "learners", EXPERIMENTS[wildcards.experiment]["baselines"].values()


def compare_spec(wildcards):
    experiment = EXPERIMENTS[wildcards.experiment]
    spec = {group: origins(wildcards, group) for group in ("trained", "baselines")}
    spec["interpolations"] = experiment["interpolations"]
    spec["references"] = experiment["references"]
    spec["conditions"] = settings.conditions(experiment, wildcards.variant)
    spec["fitting_prompts"] = config["fitting_prompts"]
    spec["measurement"] = wildcards.measurement
    spec["options"] = experiment["measurements"].get(wildcards.measurement, {})
    return as_json(base_spec(wildcards) | spec)


def origins(wildcards, group):
    return settings.origins(config, wildcards.experiment, group)


def variant_of(source, wildcards):
    """An experiment's own learners are those of the variant, borrowed ones those of the main task."""
    return wildcards.variant if source == wildcards.experiment else "test"


def trained_files(wildcards):
    return [
        file
        for name, source in origins(wildcards, "trained").items()
        for file in learner_files(source, variant_of(source, wildcards), name)
    ]


def baseline_folders(wildcards):
    sources = dict.fromkeys(origins(wildcards, "baselines").values())
    return [
        f"{RESULTS}/baselines/{source}/{variant_of(source, wildcards)}"
        for source in sources
    ]


def seed_blocks(experiment, learner):
    training = EXPERIMENTS[experiment]["trained"][learner]["training"]
    seeds = EXPERIMENTS[experiment].get("seeds", config["seeds"])
    return settings.seed_blocks(seeds, training["seeds_per_job"])


def compare_code(wildcards):
    found = {group: origins(wildcards, group) for group in ("trained", "baselines")}
    sources = {
        wildcards.experiment,
        *found["trained"].values(),
        *found["baselines"].values(),
    }
    tasks = [EXPERIMENTS[source]["task"] for source in sources]
    learners = [
        EXPERIMENTS[source][group][name]
        for group, names in found.items()
        for name, source in names.items()
    ]
    kinds = [*modules("tasks", tasks), *modules("learners", learners)]
    return code.closure(
        "icgd.stages.compare", f"icgd.compare.{wildcards.measurement}", *kinds
    )


def figure_spec(wildcards):
    figure = config["figures"][wildcards.figure]
    options = {"plot": figure["plot"], "options": figure.get("options", {})}
    return as_json(options | {"confidence": config["confidence"]})


def figure_tables(wildcards):
    """The tables that the config names as the figure's sources, by <experiment>/<variant>."""
    return [
        f"{RESULTS}/comparisons/{name}/{variant}/{measurement}.parquet"
        for source, wanted in config["figures"][wildcards.figure]["sources"].items()
        for name, _, family in [source.partition("/")]
        for variant in settings.variants(EXPERIMENTS[name])
        for measurement in settings.measurements(EXPERIMENTS[name], variant)
        if variant.split("=")[0] == family and measurement in wanted
    ]


def figure_code(wildcards):
    plot = config["figures"][wildcards.figure]["plot"]
    return code.closure("icgd.stages.figure", f"icgd.plots.{plot}")
