"""Long steps where nothing moves, against one-second steps: the same taps and banks, voltages and energies."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from plant_bench import ROOT, emulated_bench, running, variant

from bench.assembly.bench import BenchAssembly
from bench.bus import Message, Priority
from bench.config import BenchFile
from bench.messages.customers import MeterRegisters
from bench.messages.names import Information, Party
from bench.messages.readings import ScheduledRead
from bench.use_case.tables import load
from reports.run_directory import RunWriter

LONGEST_S = 300.0
QUIET_NIGHT = {
    "environment.start_hour": 1.0,
    "clock.longest_step_s": LONGEST_S,
    "ami.event_poll_s": 900.0,
    "ami.scheduled_read_s": 3600.0,
    "ami.read_spacing_s": 900.0,
}
"""Meters are read together, as in scenario 2: a read of its own every three seconds finds the plant of its moment."""
LOAD_SHAPE = ROOT / "fixtures" / "profiles" / "residential_summer.csv"
CONTROLS_AND_METERS = {
    "ltc",
    "capacitor_1",
    "capacitor_2",
    "capacitor_3",
    "net_meter_1",
    "credit_meter_1",
    "feeder_meter",
}


@dataclass(frozen=True)
class Stretch:
    """What a stretch of time left behind: operations by control, s and direction; legs at its end, V; its steps."""

    operations: dict[str, list[tuple[float, int]]]
    legs_v: np.ndarray
    steps: int


def under_load(deck: str, start_hour: float, longest_s: float) -> BenchFile:
    """The bench's controls and meters on a deck of its feeder, and the load of a summer's day.

    All of them straight at the feeder: a sensing source is told only what has moved, which shifts slow operations.
    """
    whole = emulated_bench()
    straight = {"source": None, "contacts": None}
    terminals = {n: t.model_dump() | straight for n, t in whole.terminals.items() if t.device in CONTROLS_AND_METERS}
    return variant(
        {
            "devices": {n: d.model_dump() for n, d in whole.devices.items() if n in CONTROLS_AND_METERS},
            "terminals": terminals,
            "feeder.model": whole.feeder.model.with_name(deck),
            "environment.start_hour": start_hour,
            "environment.load_shape": LOAD_SHAPE,
            "clock.longest_step_s": longest_s,
        }
    )


def played(folder: Path, bench: BenchFile, length_s: float) -> Stretch:
    with RunWriter.create(folder) as writer:
        assembly = BenchAssembly(bench, load(), writer, "a stretch of the day", 1)
        steps: list[float] = []
        assembly.plant.listeners.append(lambda state: steps.append(state.time_s))
        try:
            assembly.run_alone(assembly.weather.sky, length_s)
        finally:
            assert assembly.close() == {}
    operations = {n: [(o.time_s, o.change) for o in moved.operations] for n, moved in assembly.apparatus.items()}
    return Stretch(operations, assembly.plant.state.legs_v, len(steps))


@pytest.mark.parametrize(
    ("deck", "start_hour", "hours"),
    [
        pytest.param("master.dss", 6.75, 0.5, id="the tap changer in the morning"),
        pytest.param("usual_var_settings.dss", 8.5, 0.5, id="a bank in the morning"),
        pytest.param("master.dss", 0.0, 24.0, id="a day", marks=pytest.mark.long),
        pytest.param("usual_var_settings.dss", 0.0, 24.0, id="a day with usual banks", marks=pytest.mark.soak),
    ],
)
def test_long_steps_find_the_operations_and_voltages_of_short_ones(
    tmp_path: Path, deck: str, start_hour: float, hours: float
) -> None:
    fixed = played(tmp_path / "fixed", under_load(deck, start_hour, 1.0), hours * 3600.0)
    adaptive = played(tmp_path / "adaptive", under_load(deck, start_hour, LONGEST_S), hours * 3600.0)
    assert adaptive.steps < fixed.steps / 5
    assert any(fixed.operations.values()), "nothing operated: there is nothing to compare"
    for name, expected in fixed.operations.items():
        found = adaptive.operations[name]
        assert [change for _, change in found] == [change for _, change in expected], name
        assert [time_s for time_s, _ in found] == pytest.approx([time_s for time_s, _ in expected], abs=5.0), name
    np.testing.assert_allclose(adaptive.legs_v, fixed.legs_v, atol=0.05)


def test_a_command_counts_from_its_moment_until_its_reversion(tmp_path: Path) -> None:
    """A generator told 300 kW for 20 minutes, in the middle of a night of long steps; energy worked out by hand."""
    bench = variant(QUIET_NIGHT)
    with running(tmp_path / "run", bench) as night:
        meter, generator = night.assembly.drivers["credit_meter_utility_dg"], night.assembly.drivers["utility_dg"]
        night.run_for(2000.3)
        generator.set_power_w(300e3, reversion_s=1200.0)
        steps: list[float] = []
        night.assembly.plant.listeners.append(lambda state: steps.append(state.time_s))
        night.run_for(3600.0)
        exported_kwh = meter.read_meter().export_wh / 1000.0
        # 10 s of start, then 40 kW/s up to 300 kW within 7.5 s; down again with 120 kW/s within 2.5 s
        expected_kwh = 300.0 * (1200.0 - 10.0 - 7.5 / 2 + 2.5 / 2) / 3600.0
        assert exported_kwh == pytest.approx(expected_kwh, rel=0.005)
        assert len(steps) < 400, "most of the hour is at rest"


def test_routine_readings_leave_the_steps_long_and_an_alert_does_not(tmp_path: Path) -> None:
    bench = variant(QUIET_NIGHT)
    with running(tmp_path / "run", bench) as night:
        bus, steps = night.played.story.bus, [0.0]
        night.assembly.plant.listeners.append(lambda state: steps.append(state.time_s))
        night.run_for(1510.0)

        zero = {"voltage_v": (), "p_w": 0.0, "q_var": 0.0, "import_wh": 0.0, "export_wh": 0.0}
        registers = MeterRegisters(meter="net_meter_1", time_s=night.assembly.clock.now_s, **zero)

        def told(priority: Priority) -> int:
            before = len(steps)
            payload = ScheduledRead(interval=0, registers=registers)
            bus.send(Message(Party.NET_METER, Party.AMI_NETWORK, Information.SCHEDULED_READ, payload, "t", priority))
            night.run_for(20.0)
            return len(steps) - before

        assert told(Priority.SCHEDULED) <= 3
        assert told(Priority.NORMAL) >= 18
