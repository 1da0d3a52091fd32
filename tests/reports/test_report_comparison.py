"""The managed run beside the autonomous one, on the page: its table, its charts, and what becomes of a broken one."""

import json
from pathlib import Path

import pytest
from synthetic_run import write_run

from reports.errors import ReportError
from reports.html import html_report
from reports.run_directory import RunDirectory, ScenarioRun


def scenario_of(run: Path) -> ScenarioRun:
    return RunDirectory.open(run).run.scenarios[0]


def page_of(run: Path) -> str:
    return html_report(RunDirectory.open(run))


def change_comparison(run: Path, comparison: object) -> None:
    document = json.loads((run / "run.json").read_text())
    document["scenarios"][0]["comparison"] = comparison
    (run / "run.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("figure", "managed", "autonomous"),
    [
        ("Operations of ltc", "3", "7"),
        ("Operations in all", "4", "8"),
        ("Reversed operations", "0", "0"),
        ("Any meter outside Range A (min)", "4.0", "19.0"),
        ("Outside Range A (meter-min)", "160.0", "760.0"),
        ("Losses (kWh)", "100.0", "100.0"),
    ],
)
def test_the_table_sets_both_runs_side_by_side(passing_run: Path, figure: str, managed: str, autonomous: str) -> None:
    row = f'<td>{figure}</td><td class="number">{managed}</td><td class="number">{autonomous}</td>'
    assert row in page_of(passing_run)


def test_voltage_and_tap_of_both_runs_share_a_chart(passing_run: Path) -> None:
    page = page_of(passing_run)
    for title in ("Lowest service voltage", "Tap position of ltc"):
        chart = page[page.index(f"<figcaption>{title}</figcaption>") :]
        chart = chart[: chart.index("</svg>")]
        assert "managed" in chart, title
        assert "autonomous controls only" in chart, title
    assert "Range A, 114 to 126 V" in page


def test_the_autonomous_series_is_read_beside_the_scenarios_own(passing_run: Path) -> None:
    directory = RunDirectory.open(passing_run)
    scenario = directory.run.scenarios[0]
    assert scenario.comparison is not None
    managed, autonomous = directory.series(scenario), directory.autonomous_series(scenario.comparison)
    assert managed is not None
    assert managed["v:net_meter_200"].iloc[-1] > autonomous["v:net_meter_200"].iloc[-1]


def test_a_damaged_autonomous_series_costs_its_charts_only(small_run: Path) -> None:
    (small_run / "series" / "0001-autonomous.parquet").unlink()
    page = page_of(small_run)
    assert "cannot read series/0001-autonomous.parquet" in page
    assert "Operations of ltc" in page
    assert "Voltage profile at the meters" in page


def test_an_autonomous_series_outside_the_run_directory_is_not_read(small_run: Path) -> None:
    comparison = json.loads((small_run / "run.json").read_text())["scenarios"][0]["comparison"]
    change_comparison(small_run, comparison | {"series": "../elsewhere.parquet"})
    directory = RunDirectory.open(small_run)
    compared = directory.run.scenarios[0].comparison
    assert compared is not None
    with pytest.raises(ReportError, match="outside the run directory"):
        directory.autonomous_series(compared)


def test_a_comparison_that_broke_says_why(small_run: Path) -> None:
    change_comparison(small_run, {"absent": "the feeder did not solve <twice> in a row"})
    assert scenario_of(small_run).comparison is None
    assert "the feeder did not solve &lt;twice&gt; in a row" in page_of(small_run)


def test_a_run_without_comparison_shows_none(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", steps=5, alerts=1)
    change_comparison(run, None)
    assert "autonomous controls only" not in page_of(run)
