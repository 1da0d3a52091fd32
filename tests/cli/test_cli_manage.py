"""`bench manage`: a line for each day, a table of all, and an exit code that says whether management paid."""

import json
from pathlib import Path

import pytest

from bench.commands import manage
from bench.config import BenchFile
from bench.managed_day import Day
from bench.truth.operating_figures import OperatingFigures


def figures(violation_min: float, operations: int) -> OperatingFigures:
    return OperatingFigures({"ltc": operations}, {"ltc": 1}, 10 * violation_min, violation_min, 50.4)


@pytest.fixture
def days(monkeypatch):
    """Days by seed that are not played, only told."""
    found: dict[int, Day] = {}

    def play(_bench: BenchFile, seed: int, _hours: float, _folder: Path) -> Day:
        return found[seed]

    monkeypatch.setattr(manage, "play_day", play)
    return found


def test_days_on_which_management_pays_pass(bench, days):
    days[1] = Day(1, 8, figures(20.0, 6), figures(200.0, 6))
    days[2] = Day(2, 9, figures(30.0, 5), figures(250.0, 20))
    result = bench("manage", "--seeds", "1,2")
    assert result.exit_code == 0, result.output
    first, second, *table = result.stdout.splitlines()
    assert json.loads(first)["seed"] == 1
    assert json.loads(second)["autonomous"]["violation_min"] == 250.0
    assert json.loads(second)["managed_is_better"] is True
    assert table[0] == "days of 10 h, managed / autonomous"
    assert " ".join(table[-1].split()) == "2 9 5 / 20 1 / 1 30 / 250 300 / 2500 50 / 50 yes"


@pytest.mark.parametrize(
    ("managed", "autonomous"),
    [((20.0, 7), (200.0, 6)), ((200.0, 6), (200.0, 6)), ((210.0, 2), (200.0, 6))],
    ids=["one operation more", "no minute less", "worse"],
)
def test_one_day_on_which_it_does_not_pay_fails(bench, days, managed, autonomous):
    days[1] = Day(1, 8, figures(20.0, 6), figures(200.0, 6))
    days[2] = Day(2, 8, figures(*managed), figures(*autonomous))
    result = bench("manage", "--seeds", "1,2")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1].endswith("no")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--seeds", "1,x"], "whole numbers"), (["--hours", "0"], "is none"), (["--bench", "no.yaml"], "no.yaml")],
)
def test_a_request_that_cannot_be_met_is_a_usage_error(bench, arguments, message):
    result = bench("manage", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_bench_without_clouds_is_a_configuration_error(bench):
    emulated = Path(__file__).parents[2] / "fixtures" / "benches" / "emulated.yaml"
    result = bench("manage", "--bench", emulated, "--seeds", "1")
    assert result.exit_code == 2
    assert "environment.clouds" in result.stderr
