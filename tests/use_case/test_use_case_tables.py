"""The tables of the integrated DER use case, against its source and against hand-made damage."""

import csv
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml

from bench.use_case.model import UseCase
from bench.use_case.tables import DEFAULT, load
from instruments.errors import ConfigError

SOURCE = Path(__file__).parents[2] / ".." / "shared" / "use_case"
RUN = 6  # words in a row that count as taken over


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    return load()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT, tmp_path / "copy"))


def source_table(name: str) -> list[dict[str, str]]:
    if not SOURCE.is_dir():
        pytest.skip("the use case's source documents are not beside this checkout")
    with (SOURCE / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} no longer holds {old!r}: mend this test"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def complaint(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder)
    return str(caught.value)


def test_every_row_is_there_with_its_kind(use_case: UseCase) -> None:
    assert Counter(row.scenario for row in use_case.rows.values()) == {"1": 71, "2": 98, "3": 108}
    kinds = Counter(row.kind for row in use_case.rows.values())
    assert kinds == {"driven": 14, "effect": 18, "computation": 19, "exchange": 226}


def test_rows_agree_with_the_source_one_by_one(use_case: UseCase) -> None:
    source = source_table("steps.csv")
    theirs = [
        (r["order"], r["scenario"], r["step"], r["kind"], r["producer"], r["receiver"], r["information"])
        for r in source
    ]
    ours = [
        (str(r.order), r.scenario, r.number, r.kind, r.producer, r.receiver, r.information)
        for r in use_case.rows.values()
    ]
    assert ours == theirs
    assert {r.number for r in use_case.rows.values() if r.erratum} == {r["step"] for r in source if r["erratum"]}


def test_actors_objects_and_preconditions_agree_with_the_source(use_case: UseCase) -> None:
    actors = [(actor.name, actor.type, actor.group) for actor in use_case.actors.values()]
    assert actors == [(r["actor"], r["type"].lower(), r["group"]) for r in source_table("actors.csv")]
    objects = [r["information_object"] for r in source_table("information_objects.csv")]
    assert list(use_case.information_objects) == objects
    conditions = [(item.scenario, item.party) for item in use_case.preconditions]
    assert conditions == [(r["scenario"], r["party"]) for r in source_table("preconditions.csv")]


def runs_of_words(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", text.lower())
    return {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def test_sentences_are_our_own(use_case: UseCase) -> None:
    theirs: set[tuple[str, ...]] = set()
    for name in ("steps.csv", "actors.csv", "information_objects.csv", "preconditions.csv"):
        for line in source_table(name):
            for cell in line.values():
                theirs |= runs_of_words(cell)
    for document in SOURCE.glob("*.txt"):
        theirs |= runs_of_words(document.read_text(encoding="utf-8"))
    ours = [row.activity for row in use_case.rows.values()] + [row.erratum for row in use_case.rows.values()]
    ours += [actor.duties for actor in use_case.actors.values()]
    ours += [item.description for item in use_case.information_objects.values()]
    ours += [item.condition for item in use_case.preconditions]
    ours += [use_case.title, *(scenario.title for scenario in use_case.scenarios.values())]
    taken = {text: " ".join(run) for text in ours for run in runs_of_words(text) & theirs}
    assert not taken, f"shares {RUN} words in a row with the source"


def test_every_alert_hop_and_command_has_a_time_limit_and_no_person_has(use_case: UseCase) -> None:
    for row in use_case.rows.values():
        assert (row.limit_s is None) == (row.kind == "driven"), f"row {row.number}: limit {row.limit_s}"


def test_rows_that_reach_equipment_say_so(use_case: UseCase) -> None:
    wire = {row.number: row.wire for row in use_case.rows.values()}
    for number in ("1.1", "1.3.2", "1.4", "1.5", "1.6.1", "1.11", "1.21.1A.1", "2.4.1B.3"):
        assert wire[number] == "wire", number
    for number in ("1.3.3", "1.3.5", "2.3.1A.4", "2.3.1C.5"):
        assert wire[number] == "inside", number
    for number in ("1.1.1", "1.2.3", "1.3", "1.20", "2.11"):
        assert wire[number] == "none", number


def test_an_unknown_row_names_the_nearest(use_case: UseCase) -> None:
    with pytest.raises(ConfigError, match=r"'1\.3\.9'.*1\.3\.[45]"):
        use_case.row("1.3.9")


def test_a_variant_leaves_out_the_alternative_not_taken(use_case: UseCase) -> None:
    everything = {row.number for row in use_case.rows_of("2")}
    overridden = {row.number for row in use_case.rows_of("2", "1A")}
    normal = {row.number for row in use_case.rows_of("2", "1B")}
    assert everything - overridden == {"2.7.1.3.1B.1"}
    assert everything - normal == {"2.7.1.3.1A.1", "2.7.1.3.1A.2", "2.7.1.3.1A.3"}
    assert not use_case.variants("3")


def test_unknown_scenario_and_variant_are_errors(use_case: UseCase) -> None:
    with pytest.raises(ConfigError, match="unknown scenario '4'"):
        use_case.rows_of("4")
    with pytest.raises(ConfigError, match="unknown variant of scenario 3 '1A'"):
        use_case.rows_of("3", "1A")


def test_all_malformed_lines_are_reported_at_once(copy: Path) -> None:
    edit(copy / "rows.csv", "1,1,1.1,exchange", "1,1,1.1,exchanged")
    edit(copy / "rows.csv", "3,1,1.1.2,", "3,1,1.1.x2,")
    edit(copy / "actors.csv", "Customer,person,", "Customer,robot,")
    edit(copy / "use_case.yaml", "title:", "titel:")
    text = complaint(copy)
    for part in ("rows.csv line 2: kind", "'1.1.x2' is not a step number", "actors.csv line 2: type", "titel"):
        assert part in text


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "actors.csv",
            "Utility Inverter,",
            "Utility Inverters,",
            "unknown producer 'Utility Inverter'.*Utility Inverters",
        ),
        ("information_objects.csv", "Override,", "Overrides,", "unknown information object 'Override'"),
        ("rows.csv", "\n2,1,1.1.1,", "\n2,1,1.1,", "row '1.1' occurs 2 times"),
        ("rows.csv", "\n2,1,1.1.1,", "\n7,1,1.1.1,", "column order does not count"),
        ("rows.csv", "\n2,1,1.1.1,", "\n2,2,1.1.1,", "row 1.1.1 is listed under scenario 2"),
        ("rows.csv", "computation,computes", "computation,sends", "verb 'sends' does not fit kind 'computation'"),
        ("rows.csv", ",limit_s,", ",limits_s,", "limits_s: Extra inputs"),
        ("rows.csv", "meter,wire,30", "meter,wire,-30", "limit_s: Input should be greater than 0"),
        ("use_case.yaml", 'at: "1.21"', 'at: "1.22"', "does not say what sequence 1.21.1A is"),
        ("use_case.yaml", "normal: 1B", "normal: 1C", "names the sequence that is normal"),
        ("use_case.yaml", '"3": {', '"4": {', "unknown scenario '3'"),
        ("use_case.yaml", "1B: credit meters}", "1B: credit meters, 1C: nobody}", "sequence 1.21.1C has no row"),
        ("use_case.yaml", "id: integrated_der", "id: [", "use_case.yaml: while parsing"),
        ("preconditions.csv", "\n1,", "\n9,", "unknown scenario '9'"),
    ],
)
def test_damage_is_named(copy: Path, file: str, old: str, new: str, expected: str) -> None:
    edit(copy / file, old, new)
    assert re.search(expected, complaint(copy), re.DOTALL), complaint(copy)


def test_missing_files_are_named(copy: Path) -> None:
    (copy / "actors.csv").unlink()
    (copy / "use_case.yaml").unlink()
    text = complaint(copy)
    assert "actors.csv" in text
    assert "use_case.yaml" in text


def test_every_alternative_and_concurrency_is_declared() -> None:
    declared = yaml.safe_load((DEFAULT / "use_case.yaml").read_text(encoding="utf-8"))["sequences"]
    alternatives = [place["at"] for place in declared if place["taken"] == "alternative"]
    assert alternatives == ["1.19.5", "2.7.1.3"]
