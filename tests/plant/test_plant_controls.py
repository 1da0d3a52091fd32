"""Controls on a running plant: what they sense is the feeder's, and what their contacts do happens in the feeder."""

from collections.abc import Iterator

import pytest
from plant_bench import RunningBench, running

from bench.plant.controls import TapChanger
from bench.plant.plant import PlantState

PT_RATIO, HALF_STEP_V = 60.0, 0.0051
SENSED_BUS = {"ltc": "substation", "capacitor_1": "n060", "capacitor_2": "n095", "capacitor_3": "n125"}
BAND_V, DELAY_S, MOTOR_S = (122.0, 124.0), 45.0, 3.0
"""The deck's RegControl: 123 V with a band of 2 V, 45 s; and the time that the plant's mechanism takes for a tap."""


@pytest.fixture
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBench]:
    with running(tmp_path_factory.mktemp("controls") / "run") as bench:
        bench.run_for(3)
        yield bench


def test_controls_sense_the_secondary_of_their_own_bus(bench: RunningBench) -> None:
    states: list[PlantState] = []
    bench.assembly.plant.listeners.append(states.append)
    bench.run_for(2)
    for control, bus in SENSED_BUS.items():
        shown_v = bench.assembly.drivers[control].read_status().voltage_v
        there_v = abs(bench.phase_voltages_v(bus, states[-2])[0]) / PT_RATIO  # equipment meets the step before
        assert shown_v == pytest.approx(there_v, abs=HALF_STEP_V), f"{control} at {bus}"


def test_a_tap_changer_left_outside_its_band_comes_back_by_itself(bench: RunningBench) -> None:
    """Raised by hand first; every move is one of the feeder's own tap, and the first comes when the delay is over."""
    control, started = bench.assembly.drivers["ltc"], bench.state
    control.set_automatic(False)
    for _ in range(4):
        control.raise_tap()
        bench.run_for(MOTOR_S + 2)
    raised, automatic_s = bench.state, bench.state.time_s
    assert raised.snapshot.taps["ltc"] == started.snapshot.taps["ltc"] + 4
    assert (raised.service_v > started.service_v).all(), "a tap that is raised lifts every service"
    assert control.read_status().voltage_v > BAND_V[1]
    control.set_automatic(True)
    bench.run_for(120)
    tap_changer = bench.assembly.apparatus["ltc"]
    assert isinstance(tap_changer, TapChanger)
    lowered = [operation for operation in tap_changer.operations if operation.change < 0]
    assert lowered[0].time_s == pytest.approx(automatic_s + DELAY_S + MOTOR_S, abs=2.0)
    assert BAND_V[0] <= control.read_status().voltage_v <= BAND_V[1]
    assert bench.state.snapshot.taps["ltc"] == raised.snapshot.taps["ltc"] - len(lowered)


def test_a_bank_closed_over_the_wire_feeds_its_vars_into_the_feeder(bench: RunningBench) -> None:
    before = bench.state
    bench.assembly.drivers["capacitor_3"].close_bank()
    bench.run_for(3)
    assert bench.state.snapshot.capacitors == {**before.snapshot.capacitors, "capacitor_3": True}
    gained_kvar = before.snapshot.head_q_kvar - bench.state.snapshot.head_q_kvar
    assert 200.0 < gained_kvar < 400.0, "300 kvar, less what volt-var gives back, more what lower losses save"
    assert bench.state.service_v.min() > before.service_v.min() + 0.5
