"""The day's schedule: worked examples, its optimum proven by a dual programme, and by dynamic programming on a grid."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from bench.dispatch.day_ahead import Reserve, plan_day, read_generation_stack
from bench.dispatch.storage_schedule import (
    PENALTY_FACTOR,
    Generator,
    Request,
    Schedule,
    Signal,
    Storage,
    blocks,
    bridge,
    optimise,
)

LOSSLESS = Storage("battery", 100.0, 100.0, 200.0, 100.0, charge_efficiency=1.0, discharge_efficiency=1.0)


def hourly(prices: list[float | None], requirement: list[float | None] | None = None) -> Signal:
    return Signal(3600.0, prices, requirement or [0.0] * len(prices))


def test_storage_buys_cheap_and_sells_dear() -> None:
    found = optimise(hourly([20.0, 100.0, 60.0]), [LOSSLESS])
    assert found.power_kw["battery"] == pytest.approx([-100.0, 100.0, 100.0])
    assert found.stored_kwh["battery"] == pytest.approx([100.0, 200.0, 100.0, 0.0])
    assert found.value == pytest.approx((-20.0 + 100.0 + 60.0) * 0.1)


def test_a_quarter_of_an_hour_moves_and_earns_a_quarter() -> None:
    found = optimise(Signal(900.0, [100.0], [0.0]), [LOSSLESS])
    assert found.stored_kwh["battery"][-1] == pytest.approx(75.0)
    assert found.value == pytest.approx(2.5)


def test_efficiencies_are_lost_on_either_way() -> None:
    """100 kW for an hour store 80 kWh, of which half reaches the feeder."""
    lossy = Storage("battery", 100.0, 100.0, 200.0, 0.0, charge_efficiency=0.8, discharge_efficiency=0.5)
    found = optimise(hourly([1.0, 100.0]), [lossy])
    assert found.stored_kwh["battery"] == pytest.approx([0.0, 80.0, 0.0])
    assert found.power_kw["battery"] == pytest.approx([-100.0, 40.0])


def test_a_spread_below_the_losses_is_not_traded() -> None:
    lossy = Storage("battery", 100.0, 100.0, 200.0, 0.0, charge_efficiency=0.8, discharge_efficiency=0.5)
    assert np.all(optimise(hourly([41.0, 100.0]), [lossy]).power_kw["battery"] == 0.0)


def test_reserve_and_final_energy_stay_in_the_storage() -> None:
    kept = Storage("battery", 100.0, 100.0, 200.0, 100.0, reserve_kwh=30.0, final_kwh=60.0, discharge_efficiency=1.0)
    found = optimise(hourly([100.0, 90.0, 80.0]), [kept])
    assert found.stored_kwh["battery"].min() >= 30.0 - 1e-6
    assert found.stored_kwh["battery"][-1] == pytest.approx(60.0)


def test_a_generator_runs_only_where_the_price_is_above_its_cost() -> None:
    found = optimise(hourly([50.0, 150.0]), [], [Generator("dg", 600.0, 90.0)])
    assert found.power_kw["dg"] == pytest.approx([0.0, 600.0])
    assert found.value == pytest.approx((150.0 - 90.0) * 0.6)


def test_the_requirement_comes_before_the_price_and_its_remainder_is_stated() -> None:
    found = optimise(hourly([100.0, 10.0], [0.0, 250.0]), [LOSSLESS], [Generator("dg", 50.0, 500.0)])
    assert found.power_kw["battery"][1] == pytest.approx(100.0), "energy is kept for the hour that needs it"
    assert found.power_kw["dg"][1] == pytest.approx(50.0), "a dear generator still comes before a gap"
    assert found.uncovered_kw == pytest.approx([0.0, 100.0])


def test_an_interval_without_requirement_lets_storage_charge() -> None:
    found = optimise(hourly([1.0, 100.0, 90.0], [0.0, 10.0, 10.0]), [LOSSLESS])
    assert found.power_kw["battery"] == pytest.approx([-100.0, 100.0, 100.0])


def test_a_negative_price_does_not_make_storage_charge_and_discharge_at_once() -> None:
    """Burning energy in the round trip would pay: 100 kW in and 50 kW out are 50 kW net for no energy stored."""
    lossy = Storage("battery", 100.0, 100.0, 50.0, 50.0, charge_efficiency=0.5, discharge_efficiency=1.0)
    found = optimise(hourly([-10.0, -10.0]), [lossy])
    assert_energies_add_up(found, lossy, 1.0)


def test_equal_schedules_are_decided_for_the_device_named_first_and_the_earlier_time() -> None:
    twin = Storage("twin", 100.0, 100.0, 200.0, 100.0, charge_efficiency=1.0, discharge_efficiency=1.0)
    covered = optimise(hourly([0.0, 0.0], [60.0, 0.0]), [LOSSLESS, twin])
    assert covered.power_kw["battery"] == pytest.approx([60.0, 0.0])
    assert covered.power_kw["twin"] == pytest.approx([0.0, 0.0])
    assert optimise(hourly([50.0, 50.0, 50.0]), [LOSSLESS]).power_kw["battery"] == pytest.approx([100.0, 0.0, 0.0])


def test_gaps_are_bridged_and_listed() -> None:
    found = bridge(
        hourly([None, 20.0, None, None, 50.0, 60.0, 70.0, 80.0], [0.0, 0.0, 0.0, 0.0, None, 8.0, 9.0, 9.0]), 0.6
    )
    assert found.price_per_mwh == pytest.approx([20.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0])
    assert found.requirement_kw[4] == pytest.approx(4.0)
    assert found.estimated == (0, 2, 3, 4)


def test_a_gap_at_the_end_takes_the_nearest_price() -> None:
    assert bridge(hourly([10.0, 30.0, 40.0, None])).price_per_mwh[-1] == 40.0


@pytest.mark.parametrize("prices", [[None], [None, None], [10.0, None, 20.0]])
def test_a_signal_with_too_many_gaps_is_refused(prices: list[float | None]) -> None:
    with pytest.raises(ValueError, match="too many to bridge"):
        optimise(hourly(prices), [LOSSLESS])


def test_the_share_of_gaps_that_is_bridged_is_a_limit_itself() -> None:
    assert bridge(hourly([10.0, 20.0, 30.0, None])).estimated == (3,)
    with pytest.raises(ValueError, match="1 of 3 intervals"):
        bridge(hourly([10.0, 20.0, None]))


def test_signals_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="2 prices and 1 requirements"):
        optimise(Signal(3600.0, [1.0, 2.0], [0.0]), [LOSSLESS])
    with pytest.raises(ValueError, match="not finite"):
        optimise(hourly([float("nan")]), [LOSSLESS])


def test_a_final_energy_out_of_reach_is_said() -> None:
    with pytest.raises(ArithmeticError, match="no schedule that keeps all limits"):
        optimise(hourly([10.0]), [Storage("battery", 10.0, 10.0, 200.0, 100.0, final_kwh=150.0)])


@pytest.mark.parametrize(
    "figures",
    [
        {"initial_kwh": 20.0, "reserve_kwh": 30.0},
        {"initial_kwh": 300.0},
        {"final_kwh": 201.0},
        {"charge_efficiency": 0.0},
        {"discharge_efficiency": 1.1},
        {"charge_kw": -1.0},
    ],
)
def test_storage_with_figures_that_contradict_is_refused(figures: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="battery:"):
        Storage(
            **{"device": "battery", "charge_kw": 1.0, "discharge_kw": 1.0, "energy_kwh": 200.0, "initial_kwh": 100.0}
            | figures
        )


def test_blocks_merge_equal_neighbours_and_leave_idle_times_out() -> None:
    power = np.array([0.0, -5.0, -5.0, 0.0, 7.0, 7.0, 7.0])
    schedule = Schedule(3600.0, {"battery": power, "dg": np.zeros(7)}, {}, 0.0, np.zeros(7), ())
    assert blocks(schedule) == [Request("battery", 1, 3, -5.0), Request("battery", 4, 7, 7.0)]


def test_a_slow_drift_is_not_merged_into_one_block() -> None:
    schedule = Schedule(3600.0, {"battery": np.array([10.0, 10.008, 10.016])}, {}, 0.0, np.zeros(3), ())
    assert [(b.start, b.end) for b in blocks(schedule)] == [(0, 2), (2, 3)]


def assert_energies_add_up(found: Schedule, storage: Storage, hours: float) -> None:
    """Energy follows from the net power alone: impossible if some of it went in and out at once."""
    power, stored = found.power_kw[storage.device], found.stored_kwh[storage.device]
    into = np.where(power < 0.0, -power * storage.charge_efficiency, -power / storage.discharge_efficiency)
    assert np.diff(stored) == pytest.approx(into * hours, abs=1e-2), f"powers {power}, stored {stored}"


storages = st.builds(
    lambda kw, hours, at, floor, final, into, out: Storage(
        "battery", kw, 0.8 * kw, kw * hours, kw * hours * max(at, floor), kw * hours * floor,
        min(final, max(at, floor)) * kw * hours, into, out,
    ),
    st.floats(10.0, 500.0), st.floats(0.5, 4.0), st.floats(0.0, 1.0), st.floats(0.0, 0.3), st.floats(0.0, 1.0),
    st.floats(0.7, 1.0), st.floats(0.7, 1.0),
)  # fmt: skip
days = st.lists(st.tuples(st.floats(0.0, 200.0), st.sampled_from([0.0, 0.0, 50.0, 300.0])), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(storages, days, st.floats(0.0, 100.0), st.floats(0.0, 200.0))
def test_the_schedule_is_feasible_and_no_better_one_exists(
    storage: Storage, day: list[tuple[float, float]], rating_kw: float, cost: float
) -> None:
    """Its worth equals that of the dual programme, which no feasible schedule can exceed (weak duality)."""
    prices, needs = [p for p, _ in day], [r for _, r in day]
    generator = Generator("dg", rating_kw, cost)
    found = optimise(Signal(1800.0, prices, needs), [storage], [generator])
    assert_energies_add_up(found, storage, 0.5)
    power, output, stored = found.power_kw["battery"], found.power_kw["dg"], found.stored_kwh["battery"]
    assert np.all((power >= -storage.charge_kw - 1e-3) & (power <= storage.discharge_kw + 1e-3))
    assert np.all((output >= -1e-3) & (output <= rating_kw + 1e-3))
    assert np.all((stored >= storage.reserve_kwh - 1e-3) & (stored <= storage.energy_kwh + 1e-3))
    assert stored[-1] >= storage.final_kwh - 1e-3
    penalty = PENALTY_FACTOR * max([1.0, cost, *prices])
    worth = (np.dot(prices, power + output) - cost * output.sum() - penalty * found.uncovered_kw.sum()) * 0.5 / 1000.0
    bound = dual_bound(storage, generator, np.array(prices), np.array(needs), penalty)
    moved_mwh = (np.abs(power).sum() + output.sum()) * 0.5 / 1000.0
    assert worth == pytest.approx(bound, rel=1e-5, abs=1e-3 * (3.0 * moved_mwh + 1.0)), f"powers {power}, {output}"


def dual_bound(storage: Storage, generator: Generator, prices: np.ndarray, needs: np.ndarray, penalty: float) -> float:
    """Solve the dual of a formulation of its own, without energies as variables: x = (charge, discharge, output, open).

    Primal: max w x with A x <= b, x >= 0. Dual: min b y with A' y >= w, y >= 0.
    """
    n, hours = len(prices), 0.5
    eye, none, sums = np.eye(n), np.zeros((n, n)), np.tril(np.ones((n, n)))
    gain = np.hstack(
        [sums * storage.charge_efficiency * hours, -sums / storage.discharge_efficiency * hours, none, none]
    )
    floor = np.full(n, storage.reserve_kwh)
    floor[-1] = max(storage.reserve_kwh, storage.final_kwh)
    asked = needs > 0.0
    a = np.vstack(
        [
            np.hstack([eye, none, none, none]),
            np.hstack([none, eye, none, none]),
            np.hstack([none, none, eye, none]),
            gain,
            -gain,
            np.hstack([eye, -eye, -eye, -eye])[asked],
        ]
    )
    b = np.concatenate(
        [
            np.full(n, storage.charge_kw),
            np.full(n, storage.discharge_kw),
            np.full(n, generator.rating_kw),
            np.full(n, storage.energy_kwh - storage.initial_kwh),
            storage.initial_kwh - floor,
            -needs[asked],
        ]
    )
    w = np.concatenate([-prices, prices, prices - generator.cost_per_mwh, np.full(n, -penalty)]) * hours / 1000.0
    solved = linprog(b, A_ub=-a.T, b_ub=-w, bounds=(0.0, None))
    assert solved.success, solved.message
    return float(solved.fun)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-50, 200), st.integers(0, 4)), min_size=1, max_size=6),
    st.integers(1, 3),
    st.integers(1, 6),
    st.data(),
)
def test_the_schedule_is_worth_what_dynamic_programming_on_a_grid_finds(
    day: list[tuple[int, int]], power: int, energy: int, data: st.DataObject
) -> None:
    """Without losses and with whole numbers an optimum lies on the grid: every state and move is tried."""
    initial, final = data.draw(st.integers(0, energy)), data.draw(st.integers(0, energy))
    final = min(final, initial)
    penalty = PENALTY_FACTOR * max([1.0, *(abs(price) for price, _ in day)])
    best = {initial: 0.0}
    for price, need in day:
        after: dict[int, float] = {}
        for stored, worth in best.items():
            for out in range(max(-power, stored - energy), min(power, stored) + 1):
                gap = max(0, need - out) if need else 0
                total = worth + (price * out - penalty * gap) / 1000.0
                after[stored - out] = max(total, after.get(stored - out, -np.inf))
        best = after
    optimum = max(worth for stored, worth in best.items() if stored >= final)
    signal = hourly([float(price) for price, _ in day], [float(need) for _, need in day])
    battery = Storage("battery", power, power, energy, initial, 0.0, final, 1.0, 1.0)
    found = optimise(signal, [battery])
    assert found.value - penalty * found.uncovered_kw.sum() / 1000.0 == pytest.approx(optimum, abs=1e-3)


def test_the_plan_of_the_day_ahead_is_a_signal_to_schedule_against() -> None:
    """An evening beyond the stack: the feeder's share of what is missing is covered out of a cheap night."""
    stack = read_generation_stack(Path(__file__).parents[2] / "fixtures" / "profiles" / "generation_stack.csv")
    load_kw = [110e3, 110e3, None, 150e3, 205e3, 205e3, 140e3, 120e3]
    plan = plan_day(stack, load_kw, 3600.0, Reserve(5e3))
    signal = Signal(plan.interval_s, plan.price_per_mwh, plan.requirement_kw(0.04))
    found = optimise(signal, [Storage("battery", 500.0, 500.0, 1000.0, 300.0)])
    assert found.estimated == (2,)
    assert np.all(found.power_kw["battery"][4:6] >= 0.04 * 10e3 - 1e-3)
    assert np.all(found.uncovered_kw == 0.0)
    assert found.power_kw["battery"][:2].min() < 0.0
