"""`bench use-case` and `bench faults`: tables told, features held against them, documents imported."""

from dataclasses import replace
from pathlib import Path

import pytest

import bench.commands.use_case as commands
from bench.commands import faults as listed
from bench.commands.faults import listing
from bench.fault_cases import load_cases
from bench.use_case.skeleton import skeleton
from bench.use_case.tables import load
from instruments.emulators.faults import FAULT_KINDS
from reports.verdict import Verdict

SOURCE = Path(__file__).parents[2] / ".." / "shared" / "use_case"
HEADING = "#\tEvent\tPrimary Actor\tName\tDescription\tProducer\tReceiver\tObject\tNotes\tEnv"
DOCUMENT = "\n".join(
    [
        "Actors of the Utility Actors.",
        "Actor Name\tActor Type\tActor Description",
        "Pump\tDevice\tLifts water.",
        "Office\tSystem\tKeeps the book.",
        "",
        "Information Object Name\tInformation Object Description",
        "Pump State\tWhat the pump does.",
        "",
        "2.1 Steps to implement function - Scenario 1",
        "",
        HEADING,
        "1.1\te\tPump\ta\tThe Pump tells the Office.\tPump\tOffice\tPump State\t\t",
    ]
)


def test_a_row_is_shown_with_its_step_limit_and_predecessors(bench):
    found = bench("use-case", "show", "1.3.4")
    assert found.exit_code == 0
    lines = dict(line.split("  ", 1) for line in found.stdout.splitlines())
    assert lines["step"].strip().startswith("Then row 1.3.4: the Utility Storage Battery")
    assert lines["time limit"].strip() == "60 s from rows"
    assert lines["comes after"].strip() == "1.3.3"


def test_a_row_after_alternatives_is_shown_for_each_of_them(bench):
    found = bench("use-case", "show", "1.20")
    assert "comes after (1A)  1.19.5.1A.3" in found.stdout
    assert "comes after (1B)  1.19.5.1B.1" in found.stdout


def test_rows_of_all_scenarios_can_be_shown():
    for number in list(load().rows)[::20]:
        assert f"row {number}:" in commands.show(number)


def test_an_unknown_row_names_the_nearest(bench):
    found = bench("use-case", "show", "1.3.44")
    assert found.exit_code == 2
    assert "1.3.4" in found.stderr


def test_the_features_of_the_repository_fit_the_tables(bench):
    found = bench("use-case", "check")
    assert (found.exit_code, found.stdout) == (0, "277 of 277 rows encoded\n")


@pytest.fixture
def features(tmp_path, monkeypatch) -> Path:
    """A folder of features that stands in for the repository's."""
    monkeypatch.setattr(commands, "FEATURES", tmp_path)
    return tmp_path


def test_rows_that_no_feature_encodes_are_named_and_fail_the_check(bench, features):
    for scenario in ("1", "2"):
        (features / f"{scenario}.feature").write_text(skeleton(load(), scenario), encoding="utf-8")
    partial = bench("use-case", "check")
    assert partial.exit_code == 1
    assert "169 of 277 rows encoded" in partial.stdout
    assert "not encoded: 3.1," in partial.stdout
    (features / "3.feature").write_text(skeleton(load(), "3"), encoding="utf-8")
    complete = bench("use-case", "check")
    assert (complete.exit_code, complete.stdout) == (0, "277 of 277 rows encoded\n")


def test_a_single_row_left_out_fails_the_check(bench, features):
    for scenario in load().scenarios:
        text = skeleton(load(), scenario)
        kept = [line for line in text.splitlines() if "row 3.15.2:" not in line]
        (features / f"{scenario}.feature").write_text("\n".join(kept), encoding="utf-8")
    found = bench("use-case", "check")
    assert (found.exit_code, found.stdout) == (1, "not encoded: 3.15.2\n276 of 277 rows encoded\n")


def test_an_invented_row_is_a_fault_with_file_and_line(bench, features):
    text = skeleton(load(), "1").replace("row 1.1:", "row 1.99:", 1)
    (features / "invented.feature").write_text(text, encoding="utf-8")
    found = bench("use-case", "check")
    assert found.exit_code == 1
    assert "invented.feature:" in found.stdout
    assert "1.99" in found.stdout


def test_a_document_becomes_tables_and_a_feature_skeleton(bench, tmp_path):
    document, out = tmp_path / "document.txt", tmp_path / "tables"
    document.write_text(DOCUMENT, encoding="utf-8")
    found = bench("use-case", "import", document, "--out", out)
    assert found.exit_code == 0, found.stderr
    assert found.stdout.startswith("1 rows in 1 scenarios")
    assert load(out).row("1.1").receiver == "Office"
    assert "row 1.1: the Pump sends the Pump State to the Office" in (out / "scenario_1.feature").read_text()
    again = bench("use-case", "import", document, "--out", out)
    assert again.exit_code == 2
    assert str(out) in again.stderr


def test_without_a_folder_an_import_only_reports(bench, tmp_path):
    document = tmp_path / "document.txt"
    document.write_text(DOCUMENT, encoding="utf-8")
    assert bench("use-case", "import", document).exit_code == 0
    assert list(tmp_path.iterdir()) == [document]


@pytest.mark.parametrize("content", [b"no table here", b"\xff\xfe\x00", None])
def test_a_document_that_cannot_be_read_is_refused(bench, tmp_path, content):
    document = tmp_path / "document"
    if content is not None:
        document.write_bytes(content)
    found = bench("use-case", "import", document)
    assert found.exit_code == 2
    assert found.stderr.startswith("error: ")


def test_the_source_document_gives_all_rows(bench):
    documents = list(SOURCE.glob("*.txt"))
    if not documents:
        pytest.skip("the source document of the use case is not beside this repository")
    found = bench("use-case", "import", documents[0])
    assert found.stdout.startswith("277 rows in 3 scenarios")


def test_every_fault_kind_is_listed_once_with_the_rows_that_catch_it(bench):
    found = bench("faults")
    assert found.exit_code == 0
    assert [line.split()[0] for line in listing().splitlines()[1 : len(FAULT_KINDS) + 1]] == [
        k.name for k in FAULT_KINDS
    ]
    line = next(line for line in found.stdout.splitlines() if line.startswith("scaled "))
    assert line.split()[1:4] == ["0.9", "1.3.4,", "2.3.1C.4,"]
    type_tested = next(line for line in found.stdout.splitlines() if line.startswith("wrong-dead-band "))
    assert "ieee1547.1 5.14.4; overlooked: ieee1547.1 " in type_tested


def test_a_kind_that_is_tolerated_is_listed_with_what_tells_of_it(bench, monkeypatch):
    case = next(case for case in load_cases() if case.fault.kind == "stuck")
    tolerated = replace(case, verdict=Verdict.PASS, caught_at=("frames lost",))
    monkeypatch.setattr(listed, "load_cases", lambda: (tolerated,))
    found = bench("faults").stdout.splitlines()
    assert "tolerated: frames lost" in next(line for line in found if line.startswith("stuck "))
    assert " - " in next(line for line in found if line.startswith("bounces "))
