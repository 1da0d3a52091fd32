"""The DER automation application's choice: its own model, what it was sent, and what each asset can give."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.dispatch.assets import DispatchSettings, choose_assets, operating_point
from bench.dispatch.network import OperatingPoint, Response
from bench.messages.equipment import AffectedArea, AssetCommand, EquipmentState, SelectedAssets

SETTINGS = DispatchSettings(margin_v=0.5, duration_s=3600.0)
METERS = ("net_meter_1", "net_meter_2")


@dataclass
class LinearNetwork:
    """A network that answers the same voltages and sensitivities whatever it is asked, and keeps the question."""

    voltage_v: tuple[float, float] = (119.0, 119.0)
    effect_v: dict[str, tuple[float, float]] = field(
        default_factory=lambda: {"battery": (0.001, 0.001), "bank": (0.6, 0.6), "ltc": (0.3, 0.3)}
    )
    asked: list[OperatingPoint] = field(default_factory=list)

    def response(self, point: OperatingPoint) -> Response:
        self.asked.append(point)
        return Response(METERS, np.array(self.voltage_v), {d: np.array(e) for d, e in self.effect_v.items()})


def battery(**changes: object) -> EquipmentState:
    state = EquipmentState(
        device="battery", kind="battery", available=True, power_kw=0.0, rating_kw=1000.0, energy_kwh=2000.0
    )
    return state.model_copy(update=changes)


BANK = EquipmentState(device="bank", kind="capacitor", available=True, closed=False)
LTC = EquipmentState(device="ltc", kind="tap_changer", available=True, tap=4)


def choose(
    lowest_v: float,
    *equipment: EquipmentState,
    network: LinearNetwork | None = None,
    settings: DispatchSettings = SETTINGS,
) -> SelectedAssets:
    area = AffectedArea(
        event="e1",
        affected_meters=METERS[:1],
        voltage_v=dict(zip(METERS, (lowest_v, lowest_v + 2.0), strict=True)),
        equipment=equipment,
    )
    return choose_assets(area, network or LinearNetwork(), settings, 340.0)


def test_measured_voltages_go_before_the_model() -> None:
    chosen = choose(114.0, battery(), network=LinearNetwork(voltage_v=(90.0, 90.0)))
    assert chosen.commands == (AssetCommand(device="battery", kind="battery", power_kw=500.0, duration_s=3600.0),)
    assert chosen.predicted_lowest_v == pytest.approx(114.5)
    assert chosen.predicted_highest_v == pytest.approx(116.5)


def test_a_meter_that_did_not_answer_counts_with_the_models_voltage() -> None:
    area = AffectedArea(event="e1", affected_meters=(), voltage_v={"net_meter_2": 120.0}, equipment=(battery(),))
    chosen = choose_assets(area, LinearNetwork(voltage_v=(114.25, 90.0)), SETTINGS, 0.0)
    assert chosen.commands[0].power_kw == pytest.approx(250.0)


def test_nothing_to_do_asks_for_nothing() -> None:
    assert choose(116.0, battery(), BANK, LTC).commands == ()


@pytest.mark.parametrize(
    ("energy_kwh", "duration_s", "power_kw"),
    [(2000.0, 3600.0, 1000.0), (300.0, 3600.0, 300.0), (300.0, 1800.0, 600.0), (0.0, 3600.0, None)],
)
def test_energy_has_to_last_as_long_as_the_command(
    energy_kwh: float, duration_s: float, power_kw: float | None
) -> None:
    settings = DispatchSettings(margin_v=0.5, duration_s=duration_s)
    chosen = choose(110.0, battery(energy_kwh=energy_kwh), settings=settings)
    assert [command.power_kw for command in chosen.commands] == ([] if power_kw is None else [power_kw])


def test_a_battery_that_cannot_keep_up_its_discharge_is_taken_down() -> None:
    chosen = choose(118.0, battery(power_kw=800.0, energy_kwh=500.0))
    assert chosen.commands[0].power_kw == pytest.approx(500.0)


def test_a_command_is_the_whole_power_and_not_the_change() -> None:
    chosen = choose(114.0, battery(power_kw=200.0))
    assert chosen.commands[0].power_kw == pytest.approx(700.0)


def test_batteries_go_first_then_the_fewest_operations() -> None:
    kinds = {command.kind: command for command in choose(113.0, battery(), BANK, LTC).commands}
    assert kinds["battery"].power_kw == pytest.approx(900.0)
    assert kinds["capacitor"].close is True
    assert "tap_changer" not in kinds, "1.5 V are missing: 0.6 V of them by one closing instead of two taps"


@pytest.mark.parametrize("state", [battery(available=False), battery(device="stranger")], ids=["out", "unknown"])
def test_what_is_not_available_or_not_in_the_model_is_left_alone(state: EquipmentState) -> None:
    chosen = choose(113.0, state)
    assert chosen.commands == ()
    assert chosen.predicted_lowest_v == pytest.approx(113.0)


def test_a_closed_bank_can_only_be_opened_and_an_open_one_only_closed() -> None:
    closed = BANK.model_copy(update={"closed": True})
    assert choose(113.0, closed).commands == ()
    too_high = LinearNetwork(effect_v={"bank": (0.6, 0.6)})
    opened = choose(124.0, closed, network=too_high).commands
    assert [command.close for command in opened] == [False]
    assert choose(124.0, BANK, network=too_high).commands == ()


def test_taps_stop_at_the_ends_of_the_changer() -> None:
    near_its_end = LTC.model_copy(update={"tap": 14})
    assert [command.tap for command in choose(110.0, near_its_end).commands] == [16]


def test_the_operating_point_is_what_was_sent() -> None:
    plants = [
        EquipmentState(device="pv_1", kind="generation", available=True, power_kw=100.0, rating_kw=1000.0),
        EquipmentState(device="pv_2", kind="generation", available=True, power_kw=500.0, rating_kw=2000.0),
    ]
    network = LinearNetwork()
    choose(114.0, battery(power_kw=-50.0), BANK, LTC, *plants, network=network)
    point = network.asked[0]
    assert point == OperatingPoint(340.0, 0.2, {"ltc": 4}, {"bank": False}, {"battery": -50.0})


def test_without_a_plant_that_reports_generation_counts_as_none() -> None:
    area = AffectedArea(event="e1", affected_meters=(), voltage_v={}, equipment=(BANK,))
    assert operating_point(area, 0.0).generation_pu == 0.0


@given(
    lowest_v=st.floats(105.0, 124.0),
    power_kw=st.floats(-1000.0, 1000.0),
    energy_kwh=st.floats(0.0, 4000.0),
)
def test_no_command_ever_leaves_rating_or_energy(lowest_v: float, power_kw: float, energy_kwh: float) -> None:
    for command in choose(lowest_v, battery(power_kw=power_kw, energy_kwh=energy_kwh), BANK, LTC).commands:
        if command.kind == "battery":
            assert -1000.05 <= command.power_kw <= min(1000.0, energy_kwh) + 0.05
        if command.kind == "tap_changer":
            assert command.tap is not None
            assert -16 <= command.tap <= 16
