"""Jobs as files."""

from pathlib import Path

from icgd.results.job import Job, read_job


def test_a_spec_keeps_the_order_of_the_config(tmp_path: Path) -> None:
    """Figures and tables show learners in the order of their looks."""
    looks = {"scratch": {"label": "b"}, "all": {"label": "a"}, "mlp": {"label": "c"}}
    job = Job("figure", "curve", {"looks": looks}, {"pdf": tmp_path / "curve.pdf"})
    file = tmp_path / "curve.json"
    file.write_text(job.text())
    found = read_job(file)
    assert list(found.spec["looks"]) == ["scratch", "all", "mlp"]
    assert (found.digest, found.outputs) == (job.digest, job.outputs)
