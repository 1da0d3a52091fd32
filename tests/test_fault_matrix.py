"""The whole fault matrix: every fault is noticed, or tolerated, where its case says; good equipment passes always."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.faults import KINDS
from reports.matrix import Matrix, read_matrix

SEEDS = 50


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    """All runs, played with one process for each processor; their page stays below runs/."""
    folder = Path(__file__).parents[1] / "runs" / f"matrix-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    found = CliRunner().invoke(main, ["faults", "--matrix", "--seeds", str(SEEDS), "--out", str(folder)])
    assert found.exit_code in (0, 1), found.output
    return read_matrix(folder)


@pytest.mark.matrix
def test_every_fault_ends_where_its_case_says_and_good_equipment_passes(matrix: Matrix) -> None:
    told = [f"{line.fault or 'good'} in {line.scenario!r}, seed {line.seed}: {line.objection}" for line in matrix.lines]
    wrong = [text for text, line in zip(told, matrix.lines, strict=True) if not line.as_expected]
    assert not wrong, "\n".join(wrong)


@pytest.mark.matrix
def test_every_kind_of_fault_was_played(matrix: Matrix) -> None:
    played = {line.fault.partition(":")[2].partition("=")[0].partition("@")[0] for line in matrix.faults}
    assert {kind.name for kind in KINDS} <= played


@pytest.mark.matrix
def test_all_three_scenarios_passed_under_many_seeds_and_the_first_under_all(matrix: Matrix) -> None:
    seeds = {s: {line.seed for line in lines} for s, lines in matrix.clean_by_scenario()}
    counts = sorted((len(found) for found in seeds.values()), reverse=True)
    assert counts[0] == SEEDS, counts
    assert counts[1:3] == [SEEDS // 5] * 2, counts
