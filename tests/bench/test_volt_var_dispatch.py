"""Volt-var dispatch: cases solved by hand, and the optimum against enumeration of every combination."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dispatch.volt_var import HEALTHY_FACTOR, VOLT_PENALTY, Asset, select

LOWER_V, UPPER_V = 114.5, 125.5


def asset(
    device: str,
    *effect_v: float,
    lower: float = 0.0,
    upper: float = 1.0,
    integer: bool = True,
    cost: float = 1.0,
) -> Asset:
    return Asset(device, np.array(effect_v), lower, upper, integer, cost)


def battery(*effect_v: float, lower: float = -1000.0, upper: float = 1000.0, cost: float = 1e-4) -> Asset:
    return asset("battery", *effect_v, lower=lower, upper=upper, integer=False, cost=cost)


def test_healthy_voltages_ask_for_nothing() -> None:
    chosen = select(np.array([116.0, 124.0]), [battery(0.001, 0.001), asset("bank", 0.7, 0.7)], LOWER_V, UPPER_V)
    assert chosen.amounts == pytest.approx({"battery": 0.0, "bank": 0.0})
    assert chosen.feasible


def test_without_any_asset_the_shortfall_is_told() -> None:
    chosen = select(np.array([113.0, 126.0]), [], LOWER_V, UPPER_V)
    assert chosen.amounts == {}
    assert chosen.shortfall_v == pytest.approx(1.5)
    assert not chosen.feasible


def test_the_battery_gives_exactly_what_is_missing() -> None:
    chosen = select(np.array([113.5, 120.0]), [battery(0.002, 0.001)], LOWER_V, UPPER_V)
    assert chosen.amounts["battery"] == pytest.approx(500.0), "1 V is missing at 0.002 V/kW"
    assert chosen.predicted_v == pytest.approx([114.5, 120.5])


def test_the_battery_charges_against_high_voltage() -> None:
    chosen = select(np.array([126.5]), [battery(0.002)], LOWER_V, UPPER_V)
    assert chosen.amounts["battery"] == pytest.approx(-500.0)


def test_the_cheap_battery_goes_before_switching_operations() -> None:
    chosen = select(np.array([113.5]), [battery(0.002), asset("bank", 1.0)], LOWER_V, UPPER_V)
    assert chosen.amounts == pytest.approx({"battery": 500.0, "bank": 0.0})


def test_what_the_battery_cannot_do_alone_takes_the_fewest_operations() -> None:
    assets = [
        battery(0.001),
        asset("bank_1", 0.4),
        asset("bank_2", 0.9),
        asset("tap", 0.3, lower=-16.0, upper=16.0),
    ]
    chosen = select(np.array([112.7]), assets, LOWER_V, UPPER_V)
    assert chosen.amounts["bank_2"] == 1.0, "1.8 V are missing: 1000 kW give 1 V, bank 2 gives the rest by itself"
    assert (chosen.amounts["bank_1"], chosen.amounts["tap"]) == (0.0, 0.0)
    assert chosen.feasible


def test_an_asset_that_cures_one_end_and_breaks_the_other_is_not_taken() -> None:
    chosen = select(
        np.array([113.5, 125.0]),
        [asset("tap", 1.0, 1.0, lower=-16.0, upper=16.0), asset("bank", 1.2, 0.1, cost=5.0)],
        LOWER_V,
        UPPER_V,
    )
    assert chosen.amounts == {"tap": 0.0, "bank": 1.0}, (
        "a tap up lifts the near end to 126 V; the bank costs more, but fits"
    )


def test_where_nothing_suffices_the_worst_excursion_is_least() -> None:
    chosen = select(np.array([110.0, 121.0]), [battery(0.001, 0.001), asset("bank", 0.5, 0.2)], LOWER_V, UPPER_V)
    assert chosen.amounts == pytest.approx({"battery": 1000.0, "bank": 1.0})
    assert chosen.shortfall_v == pytest.approx(3.0)
    assert not chosen.feasible


def test_two_ends_that_cannot_both_be_right_share_the_excursion() -> None:
    chosen = select(np.array([113.6, 125.6]), [battery(0.001, 0.001)], LOWER_V, UPPER_V)
    assert chosen.amounts["battery"] == pytest.approx(400.0)
    assert chosen.shortfall_v == pytest.approx(0.5), "12 V apart within a band of 11 V: half a volt at each end"


def test_a_limit_that_every_meter_keeps_is_not_given_up_for_one_that_is_broken() -> None:
    chosen = select(np.array([113.0, 125.2]), [battery(0.001, 0.001)], LOWER_V, UPPER_V)
    assert chosen.amounts["battery"] == pytest.approx(300.0), "0.3 V are left at the upper end"
    assert chosen.shortfall_v == pytest.approx(1.2)


def test_a_large_excursion_does_not_hide_a_needless_operation() -> None:
    """The second step down lifts the second meter no more than the first: it is not worth its cost."""
    voltage_v = np.array([111.9, 111.0, 111.3])
    chosen = select(voltage_v, [asset("tap", 0.4, -0.1, 0.0, lower=-3.0, upper=0.0)], LOWER_V, UPPER_V)
    assert chosen.amounts["tap"] == -1.0


def test_an_asset_outside_its_range_is_brought_back_into_it() -> None:
    """A battery that discharges more than its energy lasts for has to come down, whatever the voltages are."""
    chosen = select(np.array([120.0]), [battery(0.001, lower=-2000.0, upper=-400.0)], LOWER_V, UPPER_V)
    assert chosen.amounts["battery"] == pytest.approx(-400.0)


def spent(amounts: Sequence[float], voltage_v: np.ndarray, assets: Sequence[Asset]) -> tuple[float, float, float]:
    """Return worst excursion (V), what excursions cost, and cost of operations, by the definition of the problem."""
    predicted = voltage_v + sum(
        (x * a.effect_v for x, a in zip(amounts, assets, strict=True)), np.zeros(len(voltage_v))
    )
    sides = [
        (float((LOWER_V - predicted).max()), bool((voltage_v < LOWER_V).any())),
        (float((predicted - UPPER_V).max()), bool((voltage_v > UPPER_V).any())),
    ]
    broken, kept = ([0.0, *(v for v, was_broken in sides if was_broken is wanted)] for wanted in (True, False))
    penalty = VOLT_PENALTY * max(broken) + HEALTHY_FACTOR * VOLT_PENALTY * max(kept)
    return max(*broken, *kept), penalty, sum(abs(x) * a.cost for x, a in zip(amounts, assets, strict=True))


TENTHS = st.integers(-12, 12).map(lambda tenths: tenths / 10)


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, list[Asset]]:
    """Draw up to three switched assets at up to three meters; all figures in tenths, so that ties are exact."""
    meters = draw(st.integers(1, 3))
    voltage_v = np.array(draw(st.lists(st.integers(1110, 1290), min_size=meters, max_size=meters))) / 10
    effects = draw(st.lists(st.lists(TENTHS, min_size=meters, max_size=meters), min_size=1, max_size=3))
    return voltage_v, [
        asset(
            f"asset_{i}",
            *effect,
            lower=-draw(st.integers(0, 3)),
            upper=draw(st.integers(0, 3)),
            cost=draw(st.integers(1, 4)),
        )
        for i, effect in enumerate(effects)
    ]


@settings(max_examples=60, deadline=None)
@given(problems())
def test_the_optimum_is_the_best_of_all_combinations(problem: tuple[np.ndarray, list[Asset]]) -> None:
    voltage_v, assets = problem
    ranges = [range(int(a.lower), int(a.upper) + 1) for a in assets]
    costs = [spent(amounts, voltage_v, assets) for amounts in product(*ranges)]
    best = min(penalty + cost for _, penalty, cost in costs)
    chosen = select(voltage_v, assets, LOWER_V, UPPER_V)
    amounts = [chosen.amounts[a.device] for a in assets]
    worst_v, penalty, cost = spent(amounts, voltage_v, assets)
    assert all(a.lower <= x <= a.upper and x == round(x) for a, x in zip(assets, amounts, strict=True))
    assert penalty + cost == pytest.approx(best, rel=1e-9, abs=1e-3), f"it chose {amounts}"
    assert chosen.shortfall_v == pytest.approx(worst_v, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(problems(), st.integers(1, 9))
def test_with_a_battery_no_combination_needs_fewer_operations(
    problem: tuple[np.ndarray, list[Asset]], effect: int
) -> None:
    """For each combination of switched assets the battery's least power follows by hand from the meters."""
    voltage_v, assets = problem
    storage = battery(*[effect / 1000] * len(voltage_v))
    feasible = []
    for amounts in product(*(range(int(a.lower), int(a.upper) + 1) for a in assets)):
        predicted = voltage_v + sum(x * a.effect_v for x, a in zip(amounts, assets, strict=True))
        least = max(-1000.0, (LOWER_V - predicted.min()) / (effect / 1000))
        most = min(1000.0, (UPPER_V - predicted.max()) / (effect / 1000))
        if least <= most:
            power = max(least, min(most, 0.0))
            feasible.append(abs(power) * storage.cost + spent(amounts, voltage_v, assets)[2])
    chosen = select(voltage_v, [*assets, storage], LOWER_V, UPPER_V)
    cost = sum(abs(chosen.amounts[a.device]) * a.cost for a in [*assets, storage])
    if feasible:
        assert chosen.shortfall_v < 1e-4
        assert cost == pytest.approx(min(feasible), rel=1e-3, abs=1e-3)
    else:
        assert chosen.shortfall_v > 0.0
