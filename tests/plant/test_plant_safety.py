"""Every way out of a run leaves the equipment safe, on the emulators' own state and not on the drivers' word."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest
from plant_bench import BENCH_PATH, TITLE, RunningBench, emulated_bench, hazards, source_of, variant

from bench.assembly import bench as assembly_module
from bench.assembly.emulation import EmulatedEquipment
from bench.config import BenchFile
from bench.faults import parse_fault
from bench.plant.plant import PlantState
from bench.safety import Interrupted, interruptible
from bench.session import Played, RunSession
from bench.stage import RowNotMet
from instruments.errors import BenchError, ConfigError, SafetyTrip
from reports.run_directory import RunDirectory
from reports.verdict import Verdict

HORIZON_S = 200.0
STEP = "row 1.1: the alert"


@dataclass
class Seen:
    """The emulated equipment of the bench under test, at hand also when the bench never came to be."""

    equipment: list[EmulatedEquipment] = field(default_factory=list)

    @property
    def emulated(self) -> EmulatedEquipment:
        (only,) = self.equipment
        return only

    @property
    def voltages_sent(self) -> list[float]:
        """Every voltage set-point that reached the grid simulator, V."""
        units = [unit for message in source_of(self.emulated).scpi.received for unit in message.split(";")]
        return [float(unit.split(" ")[1]) for unit in units if "VOLT" in unit and " " in unit and "?" not in unit]

    @property
    def switched_on(self) -> bool:
        return any("OUTP ON" in message for message in source_of(self.emulated).scpi.received)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    seen = Seen()

    class Observed(EmulatedEquipment):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            seen.equipment.append(self)

    monkeypatch.setattr(assembly_module, "EmulatedEquipment", Observed)
    return seen


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunSession]]:
    """Start sessions, and close what they left open."""
    sessions: list[RunSession] = []

    def begin(bench: BenchFile | None = None, faults: tuple[str, ...] = ()) -> RunSession:
        bench = bench or variant({"horizon_s": HORIZON_S})
        path = tmp_path / f"run{len(sessions)}"
        sessions.append(RunSession(path, bench, BENCH_PATH, 1, [parse_fault(text) for text in faults]))
        return sessions[-1]

    yield begin
    for session in sessions:
        session.writer.close()


def played_hot(session: RunSession) -> Played:
    """Put a bench together and make everything on it dangerous."""
    played = session.play(TITLE, ["1.1"])
    bench = RunningBench(played)
    bench.command_kw("utility_inverter", "utility_battery", power_kw=600.0)
    bench.run_for(5)
    assert bench.analyzer_kw == pytest.approx(600.0, rel=0.01)
    assert len(hazards(played.assembly.emulated)) == 4, "the bench has to be hot for this test to mean anything"
    return played


def test_a_normal_end_leaves_the_bench_safe_with_the_source_off_first(start: Callable[..., RunSession]) -> None:
    session = start()
    played = played_hot(session)
    session.close(played)
    session.finish()
    assert hazards(played.assembly.emulated) == []
    last = [line for line in RunDirectory.open(session.path).wire if line.time_s == HORIZON_S]
    off = next(line.seq for line in last if line.endpoint == "grid_simulator" and "OUTP OFF" in str(line))
    released = [line.seq for line in last if line.endpoint == "utility_inverter" and line.operation == "write"]
    assert off < min(released)


def test_a_row_that_is_not_met_leaves_the_bench_safe(start: Callable[..., RunSession]) -> None:
    session = start()
    played = played_hot(session)
    with pytest.raises(RowNotMet, match=r"row 1\.1: .*NOT_RUN|row 1\.1: .*NOT_MET"):
        played.story.observe("1.1")
    assert session.close(played) is not Verdict.PASS
    assert hazards(played.assembly.emulated) == []


def test_a_bench_that_breaks_is_an_error_and_left_safe(start: Callable[..., RunSession]) -> None:
    session = start()
    played = played_hot(session)

    def break_down(_: PlantState) -> NoReturn:
        raise BenchError("the link is down")

    played.assembly.plant.listeners.append(break_down)
    assert session.close(played) is Verdict.ERROR
    assert hazards(played.assembly.emulated) == []
    assert session.finish() is Verdict.ERROR
    assert "the link is down" in RunDirectory.open(session.path).run.scenarios[0].reason


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_step_aborts_and_leaves_the_bench_safe(
    start: Callable[..., RunSession], number: signal.Signals
) -> None:
    session = start()
    with interruptible():
        played = played_hot(session)
        played.assembly.plant.listeners.append(
            lambda state: os.kill(os.getpid(), number) if state.time_s > 20 else None
        )
        played.step = STEP
        with pytest.raises(Interrupted, match=number.name):
            played.story.calm()
        assert session.close(played) is Verdict.ABORTED
    assert hazards(played.assembly.emulated) == []


def test_a_signal_while_the_bench_is_made_safe_aborts_when_it_is_safe(
    start: Callable[..., RunSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice, as impatient people do, and each time in the middle: when the source has been switched off."""
    session = start()
    with interruptible():
        played = played_hot(session)
        source = played.assembly.drivers["grid_simulator"]
        switch_off = source.make_safe

        def impatient() -> None:
            switch_off()
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr(source, "make_safe", impatient)
        assert session.close(played) is Verdict.ABORTED
    assert hazards(played.assembly.emulated) == []
    assert "stopped by SIGINT while the equipment was made safe" in session.scenarios[0]["reason"]


def test_a_start_that_was_stopped_and_cannot_be_proven_safe_is_an_error(start: Callable[..., RunSession]) -> None:
    session, stop = start(), Interrupted("stopped by SIGINT")
    session.fail_to_start(TITLE, stop)
    stop.add_note("grid_simulator could not be proven safe: no answer")
    session.fail_to_start(TITLE, stop)
    assert [entry["verdict"] for entry in session.scenarios] == ["ABORTED", "ERROR"]
    assert "grid_simulator could not be proven safe" in session.scenarios[1]["reason"]
    session.finish()


def test_an_interrupt_that_nobody_handles_aborts_and_leaves_the_bench_safe(start: Callable[..., RunSession]) -> None:
    session = start()
    played = played_hot(session)

    def interrupt(_: PlantState) -> NoReturn:
        raise KeyboardInterrupt

    played.assembly.plant.listeners.append(interrupt)
    played.step = STEP
    with pytest.raises(KeyboardInterrupt):
        played.story.calm()
    assert session.close(played) is Verdict.ABORTED
    assert hazards(played.assembly.emulated) == []
    assert STEP in session.scenarios[0]["reason"]


def test_an_assembly_that_fails_after_its_outputs_are_on_leaves_them_off(
    start: Callable[..., RunSession], seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    hot: list[bool] = []

    def refuse(*_: object) -> NoReturn:
        hot.append(source_of(seen.emulated).node.energized)
        raise ConfigError("the last part does not fit")

    monkeypatch.setattr(assembly_module, "SeriesRecorder", refuse)
    with pytest.raises(ConfigError, match="the last part does not fit"):
        start().play(TITLE, ["1.1"])
    assert hot == [True], "the failure has to come after the output was switched on"
    assert hazards(seen.emulated) == []


def test_a_feature_with_an_unknown_row_leaves_the_outputs_off(start: Callable[..., RunSession], seen: Seen) -> None:
    with pytest.raises(ConfigError, match=r"9\.9\.9"):
        start().play(TITLE, ["9.9.9"])
    assert seen.switched_on
    assert hazards(seen.emulated) == []


def test_a_source_that_does_not_switch_off_is_told_and_the_others_are_safe(start: Callable[..., RunSession]) -> None:
    session = start(faults=("grid_simulator:does-not-switch-off",))
    played = played_hot(session)
    assert session.close(played) is Verdict.ERROR
    (left,) = hazards(played.assembly.emulated)
    assert "grid simulator" in left
    assert "grid_simulator could not be proven safe" in session.scenarios[0]["reason"]


def test_a_start_outside_the_envelope_sends_no_set_point(start: Callable[..., RunSession], seen: Seen) -> None:
    """The feeder has 118 V there, and the bench allows 100: nothing may reach the instrument."""
    session = start(variant({"devices.grid_simulator.limits.voltage_v": (0.0, 100.0)}))
    with pytest.raises(SafetyTrip, match=r"voltage_v 11\d(\.\d+)? is outside 0 to 100"):
        session.play(TITLE, ["1.1"])
    assert seen.voltages_sent == []
    assert not seen.switched_on
    assert hazards(seen.emulated) == []


def test_a_voltage_that_leaves_the_envelope_in_the_middle_is_not_sent(
    start: Callable[..., RunSession], seen: Seen
) -> None:
    """The cloud pulls the terminal below 116.5 V; the run ends as an error with the last allowed voltage sent."""
    lowest_v = 116.5
    limits = {"devices.grid_simulator.limits.voltage_v": (lowest_v, 300.0), "horizon_s": HORIZON_S}
    session = start(variant(limits))
    played = session.play(TITLE, ["1.1"])
    played.story.release_cloud()
    assert session.close(played) is Verdict.ERROR
    assert "is outside 116.5 to 300" in session.scenarios[0]["reason"]
    assert len(seen.voltages_sent) > 3 * 5, "the run has to get under way first"
    assert min(seen.voltages_sent) >= lowest_v
    assert hazards(seen.emulated) == []


def test_the_envelope_of_a_bench_holds_for_storage_and_taps_as_well(start: Callable[..., RunSession]) -> None:
    """The battery's nameplate has 25 kW, and the tap changer 16 taps: the bench allows less."""
    limits = {"utility_battery": {"power_w": (-5e3, 5e3)}, "ltc": {"tap": (-16, 0)}}
    played = start(variant({f"devices.{name}.limits": limit for name, limit in limits.items()})).play(TITLE, ["1.1"])
    drivers, servers = played.assembly.drivers, played.assembly.emulated.servers
    battery, ltc = drivers["utility_battery"], drivers["ltc"]
    ltc.set_automatic(False)
    ltc.lower_tap()
    before = [list(servers[name].log) for name in limits]
    for refused in (lambda: battery.set_power_w(5001.0, 60.0), lambda: battery.set_power_w(-5001.0, 60.0)):
        with pytest.raises(SafetyTrip, match="is outside -5000 to 5000"):
            refused()
    with pytest.raises(SafetyTrip, match=r"tap [67] is outside -inf to 0"):
        ltc.raise_tap()
    writes = [[entry for entry in servers[name].log if entry.function in {6, 16}] for name in limits]
    assert writes == [[entry for entry in log if entry.function in {6, 16}] for log in before]
    assert played.assembly.close() == {}


def test_the_instruments_own_range_is_a_fence_too(start: Callable[..., RunSession], seen: Seen) -> None:
    """A bench file may allow what the instrument cannot do: the narrower of both is in force."""
    wide = variant({"devices.grid_simulator.limits.voltage_v": (0.0, 1000.0)})
    assert emulated_bench().devices["grid_simulator"].limits != wide.devices["grid_simulator"].limits
    played = start(wide).play(TITLE, ["1.1"])
    source = played.assembly.drivers["grid_simulator"]
    before = list(seen.voltages_sent)
    with pytest.raises(SafetyTrip, match="is outside 0 to 300"):
        source.set_voltage((301.0, 120.0, 120.0), 60.0)
    assert seen.voltages_sent == before
    assert played.assembly.close() == {}
