"""Config files are read strictly, and an override changes what it names alone."""

from pathlib import Path

import pytest

from icgd.spec.reading import ConfigError, joined, merged, one_of, read


def written(folder: Path, text: str) -> Path:
    path = folder / "some.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-2", 0.01),
        ("1.0e-2", 0.01),
        ("2E3", 2000.0),
        ("5", 5),
        ("012", 12),
        (".5", 0.5),
        ("-3", -3),
        ("true", True),
        ("on", "on"),
        ("yes", "yes"),
        ("2026-11-27", "2026-11-27"),
        ("1_000", "1_000"),
        ("~", None),
    ],
)
def test_values_are_what_they_look_like(tmp_path: Path, text: str, value: object) -> None:
    found = read(written(tmp_path, f"key: {text}"))["key"]
    assert found == value
    assert type(found) is type(value)


def test_names_that_yaml_once_read_as_true_are_names(tmp_path: Path) -> None:
    assert read(written(tmp_path, "on: {no: 1}")) == {"on": {"no": 1}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seeds: 2\nx: 1\nseeds: 9\n", ["'seeds' stands twice", "lines 1 and 3"]),
        ("a:\n  b: 1\n  b: 2\n", ["'b' stands twice", "lines 2 and 3"]),
        ("1: a\n", ["line 1", "'1'", "quotes"]),
        ("a: [1, 2\n", ["line 2", "expected"]),
        ("a: *nothing\n", ["line 1", "alias"]),
        ("- 1\n", ["holds list", "keys with values"]),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        read(written(tmp_path, text))
    for word in [str(tmp_path), *words]:
        assert word in str(error.value)


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yaml does not exist"):
        read(tmp_path / "nothing.yaml")
    (tmp_path / "latin.yaml").write_bytes("a: é".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin\.yaml is not UTF-8"):
        read(tmp_path / "latin.yaml")


def test_an_anchor_may_be_changed_where_it_is_used(tmp_path: Path) -> None:
    text = "a: &a {p: 1, q: 2}\nb: {<<: *a, q: 3}\n"
    assert read(written(tmp_path, text))["b"] == {"p": 1, "q": 3}


BASE = {"a": {"x": {"t": 1, "u": 2}, "y": {"t": 2}, "n": 5}, "l": [1, 2]}


def test_null_removes_an_entry() -> None:
    assert merged(BASE, {"a": {"x": None, "y": {"t": None}}}) == {"a": {"y": {}, "n": 5}, "l": [1, 2]}
    assert merged(BASE, {"new": {"p": None, "q": 1}})["new"] == {"q": 1}


def test_lists_are_replaced() -> None:
    assert merged(BASE, {"l": [3]})["l"] == [3]
    assert merged(BASE, {"l": []})["l"] == []


def test_a_star_changes_every_entry_before_those_of_its_name() -> None:
    found = merged(BASE, {"a": {"y": {"t": 7}, "*": {"t": 5}}})
    assert found["a"] == {"x": {"t": 5, "u": 2}, "y": {"t": 7}, "n": 5}


def test_merging_leaves_its_arguments_alone() -> None:
    override = {"a": {"x": {"t": [1]}}}
    found = merged(BASE, override)
    found["a"]["x"]["t"].append(2)
    assert override == {"a": {"x": {"t": [1]}}}
    assert BASE["a"] == {"x": {"t": 1, "u": 2}, "y": {"t": 2}, "n": 5}


def test_a_name_in_two_files_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"looks\.gd stands in one\.yaml and in two\.yaml"):
        joined([("one.yaml", {"gd": 1}), ("two.yaml", {"gd": 1})], "looks")


def test_the_nearest_name_is_given() -> None:
    with pytest.raises(ConfigError, match=r"here is 'gdd'; expected one of gd, ols\. Nearest: 'gd'"):
        one_of("gdd", ["ols", "gd"], "here")
