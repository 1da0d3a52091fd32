"""No verdict about equipment rests on what that equipment says of itself alone."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from playing import EMULATED, FIRST_EVENT, STORY, play, quick_bench

from bench.config import load_bench
from bench.use_case.tables import load as load_use_case
from reports.run_directory import MeasurementLine, RunDirectory
from reports.verdict import RowState, Verdict

BENCH = load_bench(EMULATED)
METERS = {name for name, device in BENCH.devices.items() if device.role == "meter"}
PREFIXES = tuple(f"{fleet.prefix}_" for fleet in BENCH.fleets.values())
LOCKOUT = "A discharging bank refuses to close"
ISOLATION = "An isolated inverter stays off until the utility itself releases it"


def devices_in(text: str | None) -> set[str]:
    """Name the devices of the bench that a text speaks of, single ones and those of fleets."""
    words = {word.strip(".,:;()") for word in (text or "").replace("/", " ").split()}
    return {word for word in words if word in BENCH.devices or word.startswith(PREFIXES)}


def self_reported(measurements: Iterable[MeasurementLine]) -> list[str]:
    """Return what was measured of a device by that device alone: a source that is nothing but its name."""
    return [f"{m.quantity} by {m.source}" for m in measurements if {m.source} & devices_in(m.quantity)]


def effects_without_measurement(directory: RunDirectory) -> list[str]:
    """Return the met effects that cite no measurement by another source than the device's own word."""
    effects = {row.number for row in load_use_case().rows.values() if row.kind == "effect"}
    return [
        f"row {item.row} {item.instance}: {item.evidence}"
        for scenario in directory.run.scenarios
        for item in scenario.items
        if item.row in effects and item.state is RowState.MET
        if not any(citation.startswith("measurement:") for citation in item.evidence)
    ]


def test_what_a_device_says_of_itself_would_be_noticed() -> None:
    word = MeasurementLine(1, 0.0, "position that ltc reports", source="ltc")
    told = MeasurementLine(2, 0.0, "position that ltc reports", source="ltc against the plant")
    meter = MeasurementLine(3, 0.0, "energy that net_meter_7 counted", source="net_meter_7")
    assert self_reported([word, told, meter]) == [
        "position that ltc reports by ltc",
        "energy that net_meter_7 counted by net_meter_7",
    ]


@pytest.mark.parametrize(
    ("scenario", "stop_after"),
    [
        (STORY, FIRST_EVENT),
        pytest.param(STORY, None, marks=pytest.mark.long),
        (LOCKOUT, None),
        pytest.param(ISOLATION, None, marks=pytest.mark.long),
    ],
)
def test_every_measurement_of_a_clean_run_has_another_source_than_its_device(
    tmp_path: Path, scenario: str, stop_after: str | None
) -> None:
    bench = quick_bench(horizon_s=330.0) if stop_after else BENCH
    outcome = play(tmp_path / "run", bench, scenario=scenario, stop_after=stop_after)
    assert outcome.verdict is Verdict.PASS, outcome.failure
    directory = outcome.directory()
    assert directory.measurements, "a scenario that measures nothing proves nothing"
    assert self_reported(directory.measurements) == []
    assert effects_without_measurement(directory) == []
    if scenario == STORY:
        spoken_of = {name for m in directory.measurements for name in devices_in(f"{m.quantity} {m.source}")}
        shared = {"customer_battery_1", "control_contacts"}  # not alone at its terminal; shown by what it moves
        assert spoken_of >= set(BENCH.devices) - METERS - shared, "of some equipment nothing was measured"
