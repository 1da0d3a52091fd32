"""Controls on a running plant: what they sense is the feeder's, and what their contacts do happens in the feeder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from plant_bench import RunningBench, running, variant

from bench.config import BenchFile
from bench.plant.apparatus import Operation
from bench.plant.controls import TapChanger
from bench.plant.plant import PlantState
from instruments.errors import ConfigError

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


STRAIGHT = {"source": None, "contacts": None}


def wired_straight() -> BenchFile:
    """The emulated bench with all controls wired to the model, in place of instruments in front of two of them."""
    changes = {f"terminals.{name}.{key}": v for name in ("substation", "bank_1") for key, v in STRAIGHT.items()}
    return variant(changes)


def worked(folder: Path, bench: BenchFile) -> dict[str, list[Operation]]:
    """Operate tap changer and bank over the wire, leave them to themselves, and return what their apparatus did."""
    with running(folder, bench) as plant:
        drivers = plant.assembly.drivers
        plant.run_for(3)
        drivers["ltc"].set_automatic(False)
        drivers["capacitor_1"].set_blocked(True)
        drivers["capacitor_1"].close_bank()
        for _ in range(4):
            drivers["ltc"].raise_tap()
            plant.run_for(MOTOR_S + 2)
        drivers["ltc"].set_automatic(True)
        plant.run_for(100)
        drivers["capacitor_1"].open_bank()
        plant.run_for(5)
        assert drivers["ltc"].read_status().tap_position == plant.assembly.apparatus["ltc"].position
        assert not drivers["capacitor_1"].read_status().closed
        return {name: list(plant.assembly.apparatus[name].operations) for name in ("ltc", "capacitor_1")}


def test_controls_behind_instruments_move_their_apparatus_as_those_wired_straight_do(tmp_path: Path) -> None:
    through, straight = worked(tmp_path / "through", variant({})), worked(tmp_path / "straight", wired_straight())
    assert through == straight
    assert [o.change for o in through["capacitor_1"]] == [1, -1]
    assert sum(o.change > 0 for o in through["ltc"]) == 4
    assert any(o.change < 0 for o in through["ltc"]), "it came back by itself, on what the source let it sense"


def test_what_source_and_control_say_of_the_secondaries_is_the_same(bench: RunningBench) -> None:
    drivers, places = bench.assembly.drivers, bench.assembly.places
    sensing = places.bank_sensing("capacitor_1")
    kvar_per_var = 3 * sensing.pt_ratio * sensing.ct_ratio / 1000.0
    sensed = {"ltc": drivers["ltc"].read_sensed(), "capacitor_1": drivers["capacitor_1"].read_sensed(kvar_per_var)}
    for control, shown in sensed.items():
        put_out = drivers[f"{control}_source"].measure()
        assert shown.voltage_v == pytest.approx(put_out.voltage_v, abs=HALF_STEP_V)
        assert shown.current_a == pytest.approx(put_out.current_a, abs=0.00051)
        assert shown.q_var == pytest.approx(put_out.q_var, abs=0.4), "registers resolve a tenth of a degree or kvar"
    assert sensed["ltc"].p_w == pytest.approx(drivers["ltc_source"].measure().p_w, abs=0.4)


def test_a_pulse_shorter_than_the_step_of_the_plant_moves_a_tap(tmp_path: Path) -> None:
    with running(tmp_path / "run", variant({"clock.step_s": 5.0, "clock.longest_step_s": 5.0})) as plant:
        control, position = plant.assembly.drivers["ltc"], plant.assembly.apparatus["ltc"].position
        control.set_automatic(False)
        control.raise_tap()
        plant.run_for(15)
        inputs = plant.assembly.drivers["control_contacts"].watch_inputs()
        assert plant.assembly.apparatus["ltc"].position == position + 1
        assert not inputs.closed[0], "the contact is open again"
        assert inputs.closures[0] == 1


def test_the_switch_tells_its_control_where_it_is_by_a_contact(bench: RunningBench) -> None:
    """A control that hears nothing believes its own pulses: this one is told that its switch did not follow."""
    bench.assembly.emulated.inject("capacitor_1", "does-not-close", None, 0.0, None)
    bench.assembly.drivers["capacitor_1"].close_bank()
    bench.run_for(4)
    assert bench.assembly.drivers["control_contacts"].read_outputs()[6] is False
    assert not bench.assembly.drivers["capacitor_1"].read_status().closed


def test_contacts_that_cannot_tell_every_position_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match=r"devices\.ltc: 6 status contacts tell its position, not 1"),
        running(tmp_path / "run", variant({"terminals.substation.contacts.status": [1]})),
    ):
        pass
