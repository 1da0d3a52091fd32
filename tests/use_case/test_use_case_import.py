"""Importing use-case documents: the one at hand, a small one of the same template, and damaged ones."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.use_case.coverage import check
from bench.use_case.importer import Imported, import_document
from bench.use_case.skeleton import skeleton
from bench.use_case.step_numbers import gaps, restore
from bench.use_case.tables import load
from bench.use_case.writer import write
from instruments.errors import ConfigError

SOURCE = Path(__file__).parents[2] / ".." / "shared" / "use_case"
STEP_HEADING = (
    "#\tEvent\tPrimary Actor\tName\tDescription\tInformation Producer\tInformation Receiver\tObject\tNotes\tEnv"
)


def step(
    number: str, text: str, producer: str, receiver: str, information: str, *, primary: str = "", notes: str = ""
) -> str:
    return "\t".join([number, "e", primary, "a", text, producer, receiver, information, notes, ""])


SMALL = "\n".join(
    [
        "1.1 Function Name",
        "",
        "Pump of the village well",
        "",
        "1.2 Function ID",
        "",
        "W-1",
        "",
        "Actors of the Utility Actors.",
        "Actor Name\tActor Type\tActor Description",
        "Keeper\tPerson\tLooks after the well.",
        "Pump\tDevice\tLifts",
        "",
        "Actor Name\tActor Type\tActor Description",
        "Control\t\twater.",
        "Office\tSystem\tKeeps the book.",
        "",
        "Information Object Name\tInformation Object Description",
        "Start Order\tOrder to run.",
        "Pump State\tWhat the pump does.",
        "",
        "2.1 Steps to implement function - Scenario 1",
        "",
        "Water is needed",
        "",
        "Actor/System/Information/Contract\tPreconditions or Assumptions",
        "Keeper\tIs awake.",
        "",
        STEP_HEADING,
        step("1.1", "The Keeper orders a start.", "Keeper", "Office", "Start Order"),
        step("1.1.", "The Office sends the Start Order to the Pump Control.", "Office", "Pump Control", "Start Order"),
        step(
            "1.1.", "The Pump Control responds accordingly.", "Pump Control", "", "Start Order", primary="Pump Control"
        ),
        step("1.2. 1A. 1", "The Pump Control sends Pump State to the Office.", "Pump Control", "Keeper", "Pump State"),
        step("1.2. 1B. 1", "Mayor sends Pump State to the Office.", "Mayor", "Office", "Pump State", notes="OPTIONAL"),
        step("1.4", "The Office works out the Pump State.", "Office", "Office", "Pump State"),
        "1.5\tonly three\tcells",
        step("fifth", "The Office sends Pump State.", "Office", "Keeper", "Pump State"),
        "",
    ]
)


@pytest.fixture(scope="module")
def source() -> Imported:
    if not SOURCE.is_dir():
        pytest.skip("the use case's source document is not beside this checkout")
    document = next(SOURCE.glob("*.txt"))
    return import_document(document.read_text(encoding="utf-8"))


def test_the_source_gives_the_same_rows_as_the_tables(source: Imported) -> None:
    ours = load()
    for imported, row in zip(source.use_case.rows.values(), ours.rows.values(), strict=True):
        facts = {"order", "scenario", "number", "kind", "verb", "producer", "receiver", "information"}
        assert imported.model_dump(include=facts) == row.model_dump(include=facts)
    assert not source.unread


def test_the_source_s_contradictions_are_the_known_ones(source: Imported) -> None:
    known = {row.number for row in load().rows.values() if row.erratum}
    assert {row.number for row in source.use_case.rows.values() if row.erratum} == known
    assert len(source.contradictions) == 18


def test_the_source_s_lists_and_sequences_are_the_tables(source: Imported) -> None:
    ours, theirs = load(), source.use_case
    assert list(theirs.actors) == list(ours.actors)
    assert {a.name: (a.type, a.group) for a in theirs.actors.values()} == {
        a.name: (a.type, a.group) for a in ours.actors.values()
    }
    assert list(theirs.information_objects) == list(ours.information_objects)
    assert [(p.scenario, p.party) for p in theirs.preconditions] == [(p.scenario, p.party) for p in ours.preconditions]
    assert [(s.at, s.taken, s.normal, list(s.of)) for s in theirs.sequences] == [
        (s.at, s.taken, s.normal, list(s.of)) for s in ours.sequences
    ]


def test_an_import_can_be_written_loaded_and_told(source: Imported, tmp_path: Path) -> None:
    write(source.use_case, tmp_path / "tables")
    again = load(tmp_path / "tables")
    assert again == source.use_case
    for scenario in again.scenarios:
        (tmp_path / f"{scenario}.feature").write_text(skeleton(again, scenario), encoding="utf-8")
    assert str(check(tmp_path, again)) == "277 of 277 rows encoded"


def test_tables_are_never_overwritten(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write a use case"):
        write(load(), tmp_path)


def test_a_small_document_of_the_same_template() -> None:
    small = import_document(SMALL)
    rows = small.use_case.rows
    assert list(rows) == ["1.1", "1.1.1", "1.1.2", "1.2.1A.1", "1.2.1B.1", "1.4"]
    assert [row.kind for row in rows.values()] == [
        "driven", "exchange", "effect", "exchange", "exchange", "computation",
    ]  # fmt: skip
    assert small.use_case.actors["Pump Control"].duties == "Lifts water."
    assert rows["1.1.2"].receiver == "Pump Control", "a blank receiver is the primary actor"
    place = small.use_case.sequences[0]
    assert (place.at, place.taken, place.normal) == ("1.2", "alternative", "1A")


def test_a_small_document_s_faults_are_listed() -> None:
    listed = str(import_document(SMALL))
    for part in (
        "row 1.2.1A.1: receiver is 'Keeper' in the table, 'Office' in the text; the table is kept",
        "row 1.2.1B.1: producer 'Mayor' is not in the document's list",
        "row 1.4: there is no row 1.3",
        "1.5\tonly three\tcells",
        "'fifth' cannot be made a step number",
    ):
        assert part in listed, listed


def test_a_small_document_loads_again(tmp_path: Path) -> None:
    small = import_document(SMALL)
    write(small.use_case, tmp_path / "tables")
    assert load(tmp_path / "tables") == small.use_case


@pytest.mark.parametrize("text", ["", "no table at all", "#\tEvent\n1.1\ta", STEP_HEADING])
def test_a_document_without_steps_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="no step table"):
        import_document(text)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.sampled_from(["", "\t", "\n", " ", "1", ".", "A", "é"]))))
def test_no_damage_to_a_document_ends_in_anything_but_a_clear_error(damage: list[tuple[int, str]]) -> None:
    text = SMALL
    for place, character in damage:
        text = text[:place] + character + text[place + 1 :]
    try:
        imported = import_document(text)
    except ConfigError:
        return
    assert imported.use_case.rows
    assert str(imported)


@pytest.mark.parametrize(
    ("printed", "numbers"),
    [
        (["1.1", "1.1.", "1.1.", "1.2"], ["1.1", "1.1.1", "1.1.2", "1.2"]),
        (["1.9", "1.1", "1.1 0.1", "1.1", "1.1 2"], ["1.9", "1.10", "1.10.1", "1.11", "1.12"]),
        (["1.9", "1.1", "1.1 0.1 A.1", "1.1 0.1 B.1"], ["1.9", "1.10", "1.10.1A.1", "1.10.1B.1"]),
        (["3.1", "3.2", "32"], ["3.1", "3.2", "3.2.1"]),
        (
            ["2.7", "2.7.", "2.7. 2", "2.7.", "2.7.", "2.7. 1.2"],
            ["2.7", "2.7.1", "2.7.2", "2.7.3", "2.7.1.1", "2.7.1.2"],
        ),
        (["1.1", "x", "1.2"], ["1.1", None, "1.2"]),
    ],
)
def test_broken_numbers_are_restored(printed: list[str], numbers: list[str | None]) -> None:
    assert restore(printed) == numbers


def test_gaps_are_found() -> None:
    assert gaps(["3.1", "3.2", "3.4", "3.4.1"]) == {"3.4": "3.3"}
    assert gaps(["1.1", "1.2.1A.1", "1.2.1B.1", "1.2.2"]) == {}
