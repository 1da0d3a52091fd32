"""Features held against the tables: what is complete, and every way to get a row wrong."""

import re
from pathlib import Path

import pytest

from bench.use_case.coverage import Coverage, check
from bench.use_case.grammar import mistakes, wording
from bench.use_case.model import UseCase
from bench.use_case.order import RowOrder
from bench.use_case.skeleton import skeleton
from bench.use_case.tables import load
from instruments.errors import ConfigError

FEATURES = Path(__file__).parents[2] / "features"
HEAD = "@scenario-1\nFeature: f\n\n  Scenario: s\n"


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    return load()


def covered(folder: Path, use_case: UseCase, text: str) -> Coverage:
    (folder / "a.feature").write_text(text, encoding="utf-8")
    return check(folder, use_case)


def feature(use_case: UseCase, numbers: list[str]) -> str:
    rows = [use_case.row(number) for number in numbers]
    return HEAD + "".join(f"    {'When' if r.kind == 'driven' else 'Then'} {wording(r)}\n" for r in rows)


def test_the_features_of_this_checkout_encode_every_row_and_nothing_is_wrong(use_case: UseCase) -> None:
    coverage = check(FEATURES, use_case)
    assert coverage.encoded == tuple(use_case.rows), f"no feature encodes {coverage.missing}"
    assert str(coverage) == "277 of 277 rows encoded"


def test_skeletons_encode_every_row(use_case: UseCase, tmp_path: Path) -> None:
    for scenario in use_case.scenarios:
        (tmp_path / f"{scenario}.feature").write_text(skeleton(use_case, scenario), encoding="utf-8")
    coverage = check(tmp_path, use_case)
    assert coverage.is_complete, str(coverage)
    assert str(coverage) == "277 of 277 rows encoded"


def test_rows_not_yet_encoded_are_missing_and_no_fault(use_case: UseCase, tmp_path: Path) -> None:
    coverage = covered(tmp_path, use_case, feature(use_case, ["1.1", "1.1.1"]))
    assert not coverage.faults
    assert len(coverage.missing) == 275
    assert not coverage.is_complete


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (["1.1", "1.1.2"], r"a.feature:4: leaves out 1\.1\.1 between"),
        (["1.21", "1.21.1A.1", "1.21.1A.2", "1.21.2"], r"leaves out 1\.21\.1B\.1, 1\.21\.1B\.2 between"),
        (["1.1", "1.1.1", "1.1.1"], r"a.feature:7: row 1\.1\.1 is encoded already, at a.feature:6"),
        (["1.1.1", "1.1"], r"a.feature:5: row 1\.1\.1 comes before 1\.1, which"),
        (["2.1"], r"row 2\.1 does not belong to this scenario"),
    ],
)
def test_rows_left_out_doubled_misplaced(use_case: UseCase, tmp_path: Path, numbers: list[str], expected: str) -> None:
    coverage = covered(tmp_path, use_case, feature(use_case, numbers))
    assert len(coverage.faults) == 1, str(coverage)
    assert re.search(expected, str(coverage)), str(coverage)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("row 1.1:", "row 1.9.9:", "unknown row '1.9.9'; nearest known"),
        ("row 1.1:", "row 1.1 says", "is not of the form"),
        ("Then row", "When row", "is a When; a row of kind exchange has to be a Then"),
        ("the AMI Net/Billing Meter sends", "the AMI Meter sends", "producer is 'AMI Meter', the table says 'AMI Net"),
        ("to the AMI Network", "to the AMI Notwork", "receiver is 'AMI Notwork Management System'"),
        (" to the AMI Network Management System", "", "receiver is 'missing'"),
        ("the Voltage Out of Range Event", "the Voltage Event", "information is 'Voltage Event'"),
        ("sends the", "computes the", "verb is 'computes'"),
        ("sends the", "gives the", "has to read 'row 1.1: the AMI Net"),
        ("the AMI Net/Billing", "AMI Net/Billing", "has to read 'row 1.1: the AMI Net"),
        ("@scenario-1\n", "", "tag @scenario-... is missing"),
        ("@scenario-1\n", "@scenario-7\n", "unknown scenario '7'"),
        ("@scenario-1\n", "@scenario-1 @scenario-2\n", "several tags @scenario-"),
        ("@scenario-1\n", "@scenario-1 @variant-1Z\n", "unknown variant"),
        ("Scenario: s", "Background:", "a background cannot hold rows"),
        ("Feature: f", "Feture: f", "a.feature:"),
    ],
)
def test_a_row_told_wrongly(use_case: UseCase, tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = feature(use_case, ["1.1"])
    assert old in text
    coverage = covered(tmp_path, use_case, text.replace(old, new, 1))
    assert len(coverage.faults) == 1, str(coverage)
    assert expected in str(coverage)


def test_and_keeps_the_keyword_before_it(use_case: UseCase, tmp_path: Path) -> None:
    text = feature(use_case, ["1.1.3", "1.1.4"]).replace("When row 1.1.4", "And row 1.1.4")
    assert "is a Then; a row of kind driven has to be a When" in str(covered(tmp_path, use_case, text))


def test_the_same_row_may_be_told_once_for_each_variant(use_case: UseCase, tmp_path: Path) -> None:
    text = skeleton(use_case, "1")
    assert not covered(tmp_path, use_case, text).faults
    again = covered(tmp_path, use_case, text.replace("@variant-1A", "@variant-1B"))
    assert any("row 1.1 is encoded already" in fault.text for fault in again.faults)
    assert any("row 1.19.5.1A.1 does not belong" in fault.text for fault in again.faults)


def test_every_row_is_missed_when_it_is_taken_out(use_case: UseCase, tmp_path: Path) -> None:
    text = skeleton(use_case, "3")
    for row in use_case.rows_of("3"):
        less = re.sub(rf"    (Then|When|And) {re.escape(wording(row))}\n", "", text)
        coverage = covered(tmp_path, use_case, less)
        assert row.number in coverage.missing, row.number


def test_swapping_neighbours_is_a_fault_exactly_when_they_are_ordered(use_case: UseCase, tmp_path: Path) -> None:
    order = RowOrder(use_case)
    numbers = [row.number for row in use_case.rows_of("2")]
    for first, second in zip(numbers[::3], numbers[1::3], strict=False):
        swapped = [{first: second, second: first}.get(number, number) for number in numbers]
        coverage = covered(tmp_path, use_case, feature(use_case, swapped).replace("@scenario-1", "@scenario-2"))
        assert bool(coverage.faults) == order.precedes(first, second), f"{first} and {second}: {coverage}"


def test_features_inside_rules_count(use_case: UseCase, tmp_path: Path) -> None:
    text = feature(use_case, ["1.1"]).replace("Feature: f\n", "Feature: f\n\n  Rule: r\n")
    assert covered(tmp_path, use_case, text).encoded == ("1.1",)


def test_a_folder_without_features_is_an_error(use_case: UseCase, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no feature file"):
        check(tmp_path, use_case)


def test_every_row_reads_as_it_is_worded(use_case: UseCase) -> None:
    assert [mistakes(wording(row), use_case) for row in use_case.rows.values()] == [[]] * 277
    assert (
        wording(use_case.row("1.1.4"))
        == "row 1.1.4: Distribution Operations acknowledges the Voltage Out of Range Event"
    )
