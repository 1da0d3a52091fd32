"""The reference feeder must tell the story by physics: the cloud hurts, and only all three remedies together heal.

Range A of ANSI C84.1 is 114 to 126 V at a service. "Cured" asks for a margin besides, for the meters' uncertainty.
Volt-var of every inverter answers in all of these states.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from reference_feeder import BANKS, LTC, Reference

from bench.feeder.probe import LineProbe

LOW_V, HIGH_V, MARGIN_V = 114.0, 126.0, 0.5
NOON_PU, CLOUD_PU = 0.9, 0.08
BATTERY_KW = 1000.0
STEP_S = 1.0  # at 5 s the loop gain in the cloud (1.9) exceeds what a 5 s response tolerates (1.2)


@dataclass(frozen=True)
class Outcome:
    banks: int
    taps: int
    battery: bool
    low_v: float
    high_v: float

    @property
    def too_high(self) -> bool:
        return self.high_v > HIGH_V - MARGIN_V

    def __str__(self) -> str:
        battery = "battery" if self.battery else "no battery"
        return f"{battery}, {self.banks} banks, {self.taps} taps: {self.low_v:.2f} .. {self.high_v:.2f} V"


@pytest.fixture(scope="module")
def start_tap(reference: Reference) -> int:
    """Where the tap changer stands after a sunny noon and the cloud, left to itself."""
    reference.feeder.scale_loads(1.0)
    reference.set_banks(0)
    reference.regulate(NOON_PU)
    reference.regulate(CLOUD_PU)
    return reference.feeder.taps[LTC]


@pytest.fixture(scope="module")
def outcomes(reference: Reference, start_tap: int) -> list[Outcome]:
    """Every combination of banks, taps and battery in the cloud."""
    return [
        outcome(reference, start_tap, banks, taps, battery)
        for banks, taps, battery in product(range(len(BANKS) + 1), range(8), (False, True))
    ]


def outcome(reference: Reference, start_tap: int, banks: int, taps: int, battery: bool) -> Outcome:
    reference.set_banks(banks)
    reference.feeder.set_tap(LTC, start_tap + taps)
    volts = reference.service_v(reference.settle(CLOUD_PU, BATTERY_KW * battery))
    return Outcome(banks, taps, battery, float(volts.min()), float(volts.max()))


def best(outcomes: list[Outcome], *, banks: bool, taps: bool, battery: bool) -> Outcome:
    """The state with the highest low end among those that use only these remedies and stay below the upper limit."""
    allowed = [
        o
        for o in outcomes
        if not o.too_high and (banks or not o.banks) and (taps or not o.taps) and (battery or not o.battery)
    ]
    return max(allowed, key=lambda o: o.low_v)


@pytest.mark.parametrize(("irradiance_pu", "load_pu"), [(NOON_PU, 1.0), (1.0, 0.85), (0.0, 0.5), (0.0, 0.34)])
def test_range_a_holds_at_noon_and_at_night(reference: Reference, irradiance_pu: float, load_pu: float) -> None:
    reference.set_banks(0)
    reference.feeder.scale_loads(load_pu)
    volts = reference.service_v(reference.regulate(irradiance_pu))
    reference.feeder.scale_loads(1.0)
    assert volts.min() >= LOW_V + MARGIN_V, f"lowest {volts.min():.2f} V at {load_pu:.0%} load, sun {irradiance_pu:.0%}"
    assert volts.max() <= HIGH_V - MARGIN_V, (
        f"highest {volts.max():.2f} V at {load_pu:.0%} load, sun {irradiance_pu:.0%}"
    )


def test_the_cloud_takes_the_end_of_the_feeder_out_of_range_a(outcomes: list[Outcome]) -> None:
    untouched = best(outcomes, banks=False, taps=False, battery=False)
    assert 110.0 < untouched.low_v < LOW_V - MARGIN_V, f"too mild or too hard: {untouched}"


def test_the_cloud_hardly_moves_the_substation_bus(reference: Reference, start_tap: int) -> None:
    reference.set_banks(0)
    reference.feeder.set_tap(LTC, start_tap)
    before = reference.settle(NOON_PU)
    after = reference.settle(CLOUD_PU)
    assert reference.ltc_error_v(before) == reference.ltc_error_v(after) == 0, "the tap changer would see the cloud"


@pytest.mark.parametrize(
    "remedies",
    [
        {"battery": True, "banks": False, "taps": False},
        {"battery": False, "banks": True, "taps": False},
        {"battery": False, "banks": False, "taps": True},
        {"battery": True, "banks": True, "taps": False},
        {"battery": True, "banks": False, "taps": True},
        {"battery": False, "banks": True, "taps": True},
    ],
    ids=lambda remedies: "+".join(name for name, used in remedies.items() if used),
)
def test_two_remedies_are_not_enough(outcomes: list[Outcome], remedies: dict[str, bool]) -> None:
    reached = best(outcomes, **remedies)
    assert reached.low_v < LOW_V, f"cured without the third: {reached}"


def test_all_three_remedies_together_cure(outcomes: list[Outcome]) -> None:
    reached = best(outcomes, banks=True, taps=True, battery=True)
    assert reached.low_v >= LOW_V + MARGIN_V + 0.2, f"not cured, or by a hair: {reached}"


def test_the_services_near_the_substation_limit_the_taps(outcomes: list[Outcome]) -> None:
    for battery, banks in product((False, True), range(len(BANKS) + 1)):
        series = [o for o in outcomes if o.battery == battery and o.banks == banks]
        assert series[-1].too_high, f"nothing stops the tap changer: {series[-1]}"
        assert not series[1].too_high, f"no tap is left to raise: {series[1]}"


def test_the_decks_own_controls_start_the_story_where_the_tests_do(reference: Reference, start_tap: int) -> None:
    reference.set_banks(0)
    reference.feeder.set_tap(LTC, 0)
    p_kw = reference.power_kw(NOON_PU)
    snapshot, _ = reference.loop.settle_with_deck_controls(p_kw, np.zeros(len(p_kw)))
    assert snapshot.taps == {LTC: start_tap}
    assert not any(snapshot.capacitors.values()), "a bank would be closed before the story begins"


def test_var_controls_leave_the_banks_alone_until_scada_closes_them(reference: Reference, start_tap: int) -> None:
    """Open, the banks stay open at noon and in the cloud; closed in the cloud, one would open unless it is blocked."""
    feeder = reference.feeder
    feeder.set_tap(LTC, start_tap)

    def flows(irradiance_pu: float, banks: int) -> dict[str, tuple[float, float, float]]:
        reference.set_banks(banks)
        voltage_v = reference.settle(irradiance_pu).voltage_v
        result = {}
        for bank in feeder.capacitors:
            assert bank.settings is not None
            q_kvar = LineProbe.on(feeder, bank.settings.line, bank.settings.terminal).power_kva(voltage_v).imag
            result[bank.name] = (bank.settings.open_below_kvar, q_kvar, bank.settings.close_above_kvar)
        return result

    for irradiance_pu in (1.0, NOON_PU, CLOUD_PU):
        for name, (_, q_kvar, close_above) in flows(irradiance_pu, banks=0).items():
            assert q_kvar < 0.9 * close_above, (
                f"{name} would close by itself at {irradiance_pu:.0%} sun: {q_kvar:.0f} kvar"
            )
    undone = [name for name, (open_below, q_kvar, _) in flows(CLOUD_PU, banks=3).items() if q_kvar < open_below]
    assert undone, "nothing would make the dispatch block VAR logic before it closes banks"


def test_autonomous_controls_do_not_cure_within_twenty_minutes(reference: Reference, start_tap: int) -> None:
    """From sun to cloud within a minute, with the tap changer's delay and response times; the banks see no reason."""
    feeder, population = reference.feeder, reference.loop.population
    reference.set_banks(0)
    feeder.set_tap(LTC, start_tap)
    snapshot = reference.settle(NOON_PU)
    outside_s, low_v = 0.0, []
    (info,) = feeder.tap_changers
    assert info.settings is not None
    q_kvar = np.zeros(len(reference.sites))
    for time_s in range(1260):
        p_kw = reference.power_kw(NOON_PU + (CLOUD_PU - NOON_PU) * min(time_s / 60.0, 1.0))
        terminal_pu = reference.loop.terminal_pu(snapshot)
        _, q_kvar[reference.inverters] = population.step(terminal_pu, p_kw[reference.inverters], STEP_S)
        feeder.set_injections(p_kw, q_kvar)
        snapshot = feeder.solve(float(time_s))
        error_v = reference.ltc_error_v(snapshot)
        outside_s = outside_s + STEP_S if error_v else 0.0
        if outside_s > info.settings.delay_s:
            feeder.set_tap(LTC, feeder.taps[LTC] + (1 if error_v < 0 else -1))
        low_v.append(float(reference.service_v(snapshot).min()))
    after = low_v[120:]
    assert low_v[0] > LOW_V + MARGIN_V, f"Range A is violated before the cloud: {low_v[0]:.2f} V"
    assert max(after) < LOW_V, f"the event cures itself: {max(after):.2f} V at the worst service"
    assert np.ptp(after[-300:]) < 0.1, "the voltage does not stay where it fell to"
