"""What a deposit says of the project: CITATION.cff and .zenodo.json, by their formats and by each other."""

import json
import tomllib
from typing import Literal

import jsonschema  # type: ignore[import-untyped]  # a package that Snakemake needs
import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from tests.conftest import ROOT

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
DEPOSIT = json.loads((ROOT / ".zenodo.json").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


class Strict(BaseModel):
    """No field beside these."""

    model_config = ConfigDict(extra="forbid")


class Creator(Strict):
    name: str = Field(min_length=1)
    affiliation: str = ""
    orcid: str = Field("0000-0000-0000-0000", pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")


class Related(Strict):
    identifier: str
    relation: Literal["cites", "references", "isSupplementTo", "isDerivedFrom", "isNewVersionOf"]
    scheme: Literal["arxiv", "doi", "url"]
    resource_type: Literal["publication-conferencepaper", "publication-preprint", "software", "dataset"]


class Deposit(Strict):
    """The fields of Zenodo's deposit metadata that are used here (developers.zenodo.org, Representation)."""

    title: str = Field(min_length=3)
    upload_type: Literal["software", "dataset"]
    description: str = Field(min_length=1)
    creators: list[Creator] = Field(min_length=1)
    version: str
    license: Literal["MIT"]
    access_right: Literal["open"]
    language: str = Field(pattern=r"^[a-z]{3}$")
    keywords: list[str]
    related_identifiers: list[Related]


def test_deposit_has_the_fields_that_zenodo_knows() -> None:
    Deposit.model_validate(DEPOSIT)


def test_both_say_what_the_project_says() -> None:
    for key in ("title", "version", "license"):
        assert CITATION[key] == DEPOSIT[key]
    assert (CITATION["version"], CITATION["license"]) == (PROJECT["version"], PROJECT["license"])
    assert [author["name"] for author in CITATION["authors"]] == [c["name"] for c in DEPOSIT["creators"]]
    cited = [i["value"] for reference in CITATION["references"] for i in reference["identifiers"]]
    assert cited == [related["identifier"] for related in DEPOSIT["related_identifiers"]]


def citation_errors(citation: object) -> list[str]:
    """What the schema of the format has against a citation, whose dates are texts there."""
    schema = json.loads((ROOT / "tests/data/cff-1.2.0.json").read_text("utf-8"))
    checker = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    return [error.message for error in checker.iter_errors(json.loads(json.dumps(citation, default=str)))]


def test_citation_is_valid_by_its_schema() -> None:
    assert citation_errors(CITATION) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [({"licence": "MIT"}, "'licence'"), ({"authors": []}, "[]"), ({"cff-version": "1.3"}, "'1.3'")],
)
def test_schema_refuses_what_is_no_citation(change: dict[str, object], words: str) -> None:
    assert any(words in message for message in citation_errors(CITATION | change))
