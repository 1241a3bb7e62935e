"""Where the files of a run are: the one place that knows. Every name may be a Snakemake wildcard."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paths:
    """Paths below a run's folder, such as results/paper."""

    root: str

    def prompts(self, experiment: str, variant: str) -> str:
        """The folder of stored prompts, a file per condition."""
        return f"{self.root}/prompts/{experiment}/{variant}"

    def baselines(self, experiment: str, variant: str) -> str:
        """The folder of fitted algorithms, a file each."""
        return f"{self.root}/baselines/{experiment}/{variant}"

    def learner(self, experiment: str, variant: str, learner: str, seeds: str) -> str:
        """A block of seeds of a trained learner; `seeds` is such as 0-4."""
        return f"{self.root}/learners/{experiment}/{variant}/{learner}.{seeds}.npz"

    def comparison(self, experiment: str, variant: str, measurement: str) -> str:
        """The table of one measurement."""
        return f"{self.root}/comparisons/{experiment}/{variant}/{measurement}.parquet"

    def figure(self, figure: str, suffix: str) -> str:
        """A figure, or the table behind it."""
        return f"{self.root}/figures/{figure}.{suffix}"

    def table(self, table: str) -> str:
        """The rows of a table of the text."""
        return f"{self.root}/tables/{table}.tex"

    def claims(self, study: str) -> str:
        """The verdicts of a study's claims."""
        return f"{self.root}/claims/{study}.csv"

    def rates(self, experiment: str, learner: str) -> str:
        """Trials of learning rates."""
        return f"{self.root}/rates/{experiment}/{learner}.csv"

    def whole(self, name: str) -> str:
        """What there is one of in a run: metrics.parquet, claims.csv, paper.pdf, …"""
        return f"{self.root}/{name}"

    def spec(self, rule: str, name: str) -> str:
        """What a job is asked to do; it is an input of the job."""
        return f"{self.root}/specs/{rule}/{name}.json"

    def log(self, rule: str, name: str) -> str:
        """What a job printed."""
        return f"{self.root}/logs/{rule}/{name}.log"

    def costs(self, rule: str, name: str) -> str:
        """What a job has cost, by its own account (see `icgd.results.costs`)."""
        return f"{self.root}/costs/{rule}/{name}.json"

    def benchmark(self, rule: str, name: str) -> str:
        """Time and memory of a job."""
        return f"{self.root}/benchmarks/{rule}/{name}.tsv"
