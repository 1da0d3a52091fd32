"""Use cases in Word: the same rows as from text, and documents that are damaged, foreign, or none at all."""

import io
import zipfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import docx
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_use_case_import import SMALL, SOURCE, STEP_HEADING, step

from bench.cli import main
from bench.use_case.importer import import_document
from bench.use_case.word import read_word
from instruments.errors import ConfigError


def bench_import(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["use-case", "import", *map(str, arguments)])


def write_docx(text: str, path: Path) -> Path:
    """Write a document whose tables are the tab-separated lines of a text, its paragraphs the others."""
    document = docx.Document()
    for in_table, lines in groupby(text.splitlines(), key=lambda line: "\t" in line):
        if in_table:
            add_table(document, [line.split("\t") for line in lines])
        else:
            for line in filter(str.strip, lines):
                document.add_paragraph(line)
    document.save(str(path))
    return path


def add_table(document: docx.document.Document, rows: Sequence[Sequence[str]]) -> docx.table.Table:
    table = document.add_table(rows=0, cols=max(map(len, rows)))
    for cells in rows:
        for cell, text in zip(table.add_row().cells, cells, strict=False):
            cell.text = text
    return table


def other_document(scenarios: Sequence[int], rows: int) -> str:
    """A document of the template with scenarios of these numbers and so many rows each."""
    head, _, _ = SMALL.partition("2.1 Steps")
    parts = [head]
    for place, number in enumerate(scenarios, start=1):
        steps = [
            step(f"{number}.{i}", "The Office sends Pump State to the Keeper.", "Office", "Keeper", "Pump State")
            for i in range(1, rows + 1)
        ]
        title = f"2.{place} Steps to implement function - Scenario {number}"
        parts += [title, "", f"Water is wanted {place}", "", STEP_HEADING, *steps, ""]
    return "\n".join(parts)


def test_word_and_text_of_a_document_give_the_same(tmp_path: Path) -> None:
    from_text = import_document(SMALL)
    word = read_word(write_docx(SMALL, tmp_path / "small.docx"))
    from_word = import_document(word.text, word.unread)
    assert from_word.use_case.rows == from_text.use_case.rows
    assert from_word.use_case.preconditions == from_text.use_case.preconditions
    assert list(from_word.use_case.actors) == list(from_text.use_case.actors)
    assert from_word.contradictions == from_text.contradictions
    assert any("row 1.5: information is empty" in text for text in from_word.unread), from_word.unread


def test_the_source_in_word_gives_its_277_rows(tmp_path: Path) -> None:
    if not SOURCE.is_dir():
        pytest.skip("the use case's source document is not beside this checkout")
    text = next(SOURCE.glob("*.txt")).read_text(encoding="utf-8")
    word = read_word(write_docx(text, tmp_path / "source.docx"))
    from_word, from_text = import_document(word.text), import_document(text)
    assert len(from_word.use_case.rows) == 277
    assert from_word.use_case == from_text.use_case
    assert len(from_word.contradictions) == 18
    assert not from_word.unread


@pytest.mark.parametrize("ending", [".docx", ".txt"])
def test_other_scenarios_and_rows_are_taken_as_they_are(ending: str, tmp_path: Path) -> None:
    text, path = other_document((4, 7), 6), tmp_path / f"other{ending}"
    if ending == ".docx":
        write_docx(text, path)
    else:
        path.write_text(text, encoding="utf-8")
    found = bench_import(path, "--out", tmp_path / "tables")
    assert found.exit_code == 0, found.output
    assert found.stdout.startswith("12 rows in 2 scenarios")
    assert {file.name for file in (tmp_path / "tables").glob("*.feature")} == {
        "scenario_4.feature",
        "scenario_7.feature",
    }


@pytest.mark.parametrize("with_preconditions", [True, False])
def test_tables_that_all_come_last_go_to_their_scenarios(with_preconditions: bool, tmp_path: Path) -> None:
    text = other_document((4, 7), 3)
    if with_preconditions:
        for who in ("Keeper", "Office"):
            table = f"Actor/System/Information/Contract\tPreconditions\n{who}\tIs there.\n\n#\tEvent\tPrimary"
            text = text.replace("\n#\tEvent\tPrimary", f"\n{table.replace('#', '§')}", 1)
        text = text.replace("§", "#")
    lines = text.splitlines()
    ends = [i for i, line in enumerate(lines) if "\t" in line and "\t" not in (lines[i + 1 :] or [""])[0]]
    tables = [
        line for i, line in enumerate(lines) for line in ([line, ""] if i in ends else [line]) if "\t" in lines[i]
    ]
    prose = [line for line in lines if "\t" not in line]
    path = tmp_path / "last.docx"
    write_docx("\n".join([*prose, *tables]), path)
    use_case = import_document(read_word(path).text).use_case
    assert {n: s.title for n, s in use_case.scenarios.items()} == {"4": "Water is wanted 1", "7": "Water is wanted 2"}
    assert list(use_case.rows) == ["4.1", "4.2", "4.3", "7.1", "7.2", "7.3"]
    wanted = [("4", "Keeper"), ("7", "Office")] if with_preconditions else []
    assert [(p.scenario, p.party) for p in use_case.preconditions] == wanted


def test_what_spans_cells_and_what_breaks_lines_is_one_text(tmp_path: Path) -> None:
    path = write_docx(other_document((1,), 3), tmp_path / "spans.docx")
    document = docx.Document(str(path))
    table = document.tables[-1]
    table.cell(1, 5).merge(table.cell(2, 5)).text = "Of\tfice"  # one producer for two rows, with a tab in its name
    table.cell(3, 8).merge(table.cell(3, 9)).text = "a note\nover two lines"
    document.save(str(path))
    imported = import_document(read_word(path).text)
    assert [row.producer for row in imported.use_case.rows.values()] == ["Of fice", "Of fice", "Office"]
    assert any("producer 'Of fice' is not in the document's list" in text for text in imported.contradictions)


def test_a_row_without_text_does_not_end_its_table(tmp_path: Path) -> None:
    text = other_document((1,), 4).replace("\n1.3\t", "\n" + "\t" * 9 + "\n1.3\t")
    imported = import_document(read_word(write_docx(text, tmp_path / "gap.docx")).text)
    assert list(imported.use_case.rows) == ["1.1", "1.2", "1.3", "1.4"]


def test_missing_columns_are_told_row_by_row(tmp_path: Path) -> None:
    lines = other_document((1,), 3).splitlines()
    narrow = "\n".join("\t".join(line.split("\t")[:8]) for line in lines)
    found = bench_import(write_docx(narrow, tmp_path / "narrow.docx"))
    assert found.exit_code == 2
    assert "no step table of the use-case template" in found.stderr
    assert found.stderr.count("8 cells, a step has 10: 1.") == 3
    assert "Traceback" not in found.output


def test_tables_that_are_none_of_the_template_s_and_nested_ones_are_named(tmp_path: Path) -> None:
    path = write_docx(other_document((1,), 2), tmp_path / "foreign.docx")
    document = docx.Document(str(path))
    foreign = add_table(document, [["Revision", "Author"], ["1", "somebody"]])
    foreign.cell(1, 1).add_table(1, 1).cell(0, 0).text = "hidden"
    document.save(str(path))
    found = bench_import(path)
    assert found.exit_code == 0
    assert "not read: 1 x table that is none of the template's, beginning with 'Revision | Author'" in found.stdout
    assert "not read: 1 x table inside a table's cell" in found.stdout


def empty_docx() -> bytes:
    stream = io.BytesIO()
    docx.Document().save(stream)
    return stream.getvalue()


def zipped(**parts: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "a .docx is a zip archive"),
        (b"this is text in a file with the wrong name", "a .docx is a zip archive"),
        (b"PK\x03\x04 and then nothing", "a .docx is a zip archive"),
        (zipped(letter="no document"), "cannot be read as a Word document"),
        (empty_docx(), "no step table of the use-case template"),
    ],
    ids=["empty file", "text", "torn zip", "other zip", "empty document"],
)
def test_what_is_no_use_case_is_refused_in_words(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "document.docx"
    path.write_bytes(content)
    found = bench_import(path)
    assert found.exit_code == 2
    assert found.stderr.startswith("error: ")
    assert told in found.stderr
    assert "Traceback" not in found.output


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.use_case.word.MOST_BYTES", 1000)
    path = tmp_path / "bomb.docx"
    path.write_bytes(zipped(**{"word/document.xml": "x" * 100_000}))
    with pytest.raises(ConfigError, match="would unpack to 100000 bytes"):
        read_word(path)


CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=10, max_size=10), max_size=6), title=CELL)
def test_whatever_the_cells_hold_there_are_rows_or_a_clear_error(
    rows: list[list[str]], title: str, tmp_path: Path
) -> None:
    document = docx.Document()
    document.add_paragraph(f"2.1 Steps to implement function {title}")
    add_table(document, [STEP_HEADING.split("\t"), *rows])
    document.save(str(tmp_path / "any.docx"))
    word = read_word(tmp_path / "any.docx")
    try:
        told = str(import_document(word.text, word.unread))
    except ConfigError as error:
        told = str(error)
    assert "rows in 1 scenarios" in told or "no step table" in told


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), garbage=st.binary(min_size=1, max_size=40))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(place: float, garbage: bytes, tmp_path: Path) -> None:
    good = empty_docx()
    at = int(place * len(good))
    path = tmp_path / "damaged.docx"
    path.write_bytes(good[:at] + garbage + good[at + len(garbage) :])
    told = f"nothing that mattered was hit in {path}"
    try:
        read_word(path)
    except ConfigError as error:
        told = str(error)
    assert str(path) in told
