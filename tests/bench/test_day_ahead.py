"""The day-ahead plan against worked examples, and against the duals of a linear programme of its own."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from bench.dispatch.day_ahead import Block, PlannedInterval, Reserve, Unit, plan_day, read_generation_stack
from instruments.errors import ConfigError

STACK_FILE = Path(__file__).parents[2] / "fixtures" / "profiles" / "generation_stack.csv"
STACK = (
    Unit("base", 50.0, (Block(50.0, 10.0),)),
    Unit("middle", 20.0, (Block(30.0, 40.0), Block(20.0, 60.0))),
    Unit("peak", 0.0, (Block(30.0, 150.0),)),
)
"""Lowest outputs 70 kW together, highest 200 kW: 10 up to 120 kW, 40 up to 150, 60 up to 170, 150 up to 200."""


def planned(load_kw: float | None, reserve: Reserve | None = None) -> PlannedInterval:
    return plan_day(STACK, [load_kw], 3600.0, reserve).intervals[0]


@pytest.mark.parametrize(
    ("load_kw", "price"),
    [(69.9, 0.0), (70.0, 10.0), (119.9, 10.0), (120.0, 40.0), (149.9, 40.0), (150.0, 60.0), (170.0, 150.0)],
)
def test_lambda_is_what_the_next_kilowatt_hour_costs(load_kw: float, price: float) -> None:
    assert planned(load_kw).lambda_per_mwh == price


def test_units_are_loaded_from_the_cheapest_on_and_add_up_to_the_load() -> None:
    assert planned(160.0).output_kw == {"base": 100.0, "middle": 60.0, "peak": 0.0}
    assert planned(160.0).surplus_kw == 0.0


def test_load_and_reserve_beyond_the_stack_are_the_requirement_at_the_price_of_scarcity() -> None:
    short = planned(190.0, Reserve(25.0, scarcity_price_per_mwh=900.0))
    assert short.requirement_kw == pytest.approx(15.0)
    assert short.lambda_per_mwh == 900.0
    assert short.output_kw is not None
    assert sum(short.output_kw.values()) == pytest.approx(175.0), "the reserve is not to be used up"
    assert planned(190.0, Reserve(25.0)).lambda_per_mwh == 150.0
    assert planned(174.9, Reserve(25.0, 900.0)).requirement_kw == 0.0
    assert planned(174.9, Reserve(25.0, 900.0)).lambda_per_mwh == 150.0


def test_lowest_outputs_above_the_load_are_a_surplus_and_no_requirement() -> None:
    idle = planned(40.0)
    assert (idle.surplus_kw, idle.requirement_kw) == (30.0, 0.0)


def test_an_interval_without_a_forecast_is_a_gap_and_shifts_nothing() -> None:
    plan = plan_day(STACK, [100.0, None, 210.0], 3600.0)
    assert plan.price_per_mwh == (10.0, None, 150.0)
    assert plan.requirement_kw(0.5) == (0.0, None, 5.0)


@pytest.mark.parametrize("load_kw", [-1.0, float("nan"), float("inf")])
def test_a_load_that_is_none_is_refused(load_kw: float) -> None:
    with pytest.raises(ValueError, match="cannot be planned for"):
        planned(load_kw)


def test_a_plan_for_nothing_is_refused_and_the_area_has_the_whole_requirement() -> None:
    with pytest.raises(ValueError, match="at least one committed unit"):
        plan_day([], [1.0], 3600.0)
    with pytest.raises(ValueError, match="intervals of some length"):
        plan_day(STACK, [1.0], 0.0)
    assert plan_day(STACK, [203.0], 3600.0).requirement_kw() == (3.0,)


def test_a_share_above_the_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="share"):
        plan_day(STACK, [100.0], 3600.0).requirement_kw(1.5)


def test_energy_that_costs_nothing_is_loaded_first() -> None:
    wind = Unit("wind", 0.0, (Block(10.0, 0.0),))
    first, second = plan_day((*STACK, wind), [70.0, 80.0], 3600.0).price_per_mwh
    assert (first, second) == (0.0, 10.0)


def test_a_unit_that_gets_cheaper_is_refused() -> None:
    with pytest.raises(ValueError, match="rise from block to block"):
        Unit("odd", 0.0, (Block(10.0, 50.0), Block(10.0, 40.0)))


blocks = st.lists(st.tuples(st.floats(1.0, 100.0), st.floats(5.0, 200.0)), min_size=1, max_size=3)
stacks = st.lists(st.tuples(st.floats(0.0, 50.0), blocks), min_size=1, max_size=5)


def stack_of(drawn: list[tuple[float, list[tuple[float, float]]]]) -> tuple[Unit, ...]:
    return tuple(
        Unit(f"u{i}", low, tuple(Block(width, cost) for width, cost in sorted(parts, key=lambda part: part[1])))
        for i, (low, parts) in enumerate(drawn)
    )


@settings(max_examples=100, deadline=None)
@given(stacks, st.floats(0.02, 0.98), st.floats(0.0, 0.3))
def test_lambda_and_cost_are_those_of_a_linear_programme(
    drawn: list[tuple[float, list[tuple[float, float]]]], at: float, kept: float
) -> None:
    """Least cost of outputs with balance and headroom as constraints; lambda is the balance's dual variable."""
    stack = stack_of(drawn)
    low, high = sum(u.lowest_kw for u in stack), sum(u.highest_kw for u in stack)
    reserve_kw = kept * (high - low)
    load_kw = low + at * (high - low - reserve_kw)
    parts = [block for unit in stack for block in unit.blocks]
    edges = low + np.cumsum([b.width_kw for b in sorted(parts, key=lambda b: b.cost_per_mwh)])
    assume(np.min(np.abs(edges - load_kw)) > 1e-3)  # at an edge the dual is any value between two costs
    ones = np.ones(len(parts))
    costs = np.array([b.cost_per_mwh for b in parts])
    solved = linprog(
        costs,
        A_eq=[ones],
        b_eq=[load_kw - low],
        A_ub=[ones],
        b_ub=[high - low - reserve_kw],
        bounds=[(0.0, b.width_kw) for b in parts],
    )
    plan = plan_day(stack, [load_kw], 3600.0, Reserve(reserve_kw, 1000.0)).intervals[0]
    assert plan.lambda_per_mwh == pytest.approx(solved.eqlin.marginals[0])
    assert plan.output_kw is not None
    assert sum(plan.output_kw.values()) == pytest.approx(load_kw)
    assert _cost(stack, plan) == pytest.approx(solved.fun)


def _cost(stack: tuple[Unit, ...], plan: PlannedInterval) -> float:
    """Cost above the lowest outputs: each unit fills its own blocks from the cheapest on."""
    total = 0.0
    for unit in stack:
        above = (plan.output_kw or {})[unit.name] - unit.lowest_kw
        for block in unit.blocks:
            taken = min(above, block.width_kw)
            total, above = total + taken * block.cost_per_mwh, above - taken
    return total


@settings(max_examples=100, deadline=None)
@given(stacks, st.floats(0.0, 2000.0), st.floats(0.0, 2000.0), st.floats(0.0, 100.0))
def test_more_load_never_lowers_lambda_or_the_requirement(
    drawn: list[tuple[float, list[tuple[float, float]]]], one_kw: float, other_kw: float, reserve_kw: float
) -> None:
    less, more = plan_day(stack_of(drawn), sorted([one_kw, other_kw]), 900.0, Reserve(reserve_kw, 300.0)).intervals
    assert less.lambda_per_mwh is not None
    assert more.lambda_per_mwh is not None
    assert less.lambda_per_mwh <= more.lambda_per_mwh
    assert (less.requirement_kw or 0.0) <= (more.requirement_kw or 0.0)


def test_the_stack_of_the_fixtures_reads_with_its_committed_units_and_blocks() -> None:
    stack = {unit.name: unit for unit in read_generation_stack(STACK_FILE)}
    assert "peaker_4" not in stack, "a unit that is not committed serves nothing"
    assert stack["combined_cycle_1"] == Unit("combined_cycle_1", 12e3, (Block(13e3, 32.0), Block(5e3, 37.0)))
    assert sum(unit.highest_kw for unit in stack.values()) == 200e3


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["a,0,ten,5,yes"], "line 2: .*ten"),
        (["a,0,10,5,yes", "b,10,0,5,yes"], "line 3: b: the range"),
        (["a,0,10,5,maybe"], "line 2: .*maybe"),
        (["a,0,10,5,yes", "a,12,20,6,yes"], "line 3: a: a block from 12 kW.*10 kW"),
        (["a,0,10,5,yes", "a,10,20,6,no"], "line 3: a is committed"),
        (["a,0,10,5,yes", "a,10,20,4,yes"], "line 3: a: costs"),
        (["a,0,10,nan,yes"], "line 2: a: a number"),
        ([",0,10,5,yes"], "line 2: a unit without a name"),
        (["a,0,10,5,no"], "no unit is committed"),
        (["a,0"], "line 2"),
    ],
)
def test_a_stack_that_cannot_be_read_is_refused_with_its_place(tmp_path: Path, rows: list[str], says: str) -> None:
    path = tmp_path / "stack.csv"
    path.write_text("\n".join(["unit,lowest_kw,highest_kw,cost_per_mwh,committed", *rows]) + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"stack.csv.*{says}"):
        read_generation_stack(path)


def test_a_missing_table_or_column_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not found"):
        read_generation_stack(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("unit,lowest_kw\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1: no column highest_kw, cost_per_mwh, committed"):
        read_generation_stack(tmp_path / "other.csv")
