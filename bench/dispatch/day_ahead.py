"""The day-ahead plan of the energy management system: merit order, system lambda, and what the stack cannot serve.

Committed units are loaded in the order of their costs, interval by interval; ramps and starts are left to whoever
commits them. *System lambda* is the cost of the next kilowatt hour out of dispatchable units.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.tables import TableRow, table_rows
from instruments.errors import ConfigError

COLUMNS = ("unit", "lowest_kw", "highest_kw", "cost_per_mwh", "committed")


@dataclass(frozen=True)
class Block:
    """A part of a unit's range: its width, kW, and what energy out of it costs, per MWh."""

    width_kw: float
    cost_per_mwh: float


@dataclass(frozen=True)
class Unit:
    """A generating unit: what it runs at least once committed, kW, and the blocks above that, from the cheapest on.

    Raises ValueError for a range that runs backwards, or for blocks that get cheaper: no merit order loads those.
    """

    name: str
    lowest_kw: float
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        numbers = [self.lowest_kw, *(n for block in self.blocks for n in (block.width_kw, block.cost_per_mwh))]
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"{self.name}: a number that is not finite")
        if not self.blocks or self.lowest_kw < 0 or any(block.width_kw < 0 for block in self.blocks):
            raise ValueError(f"{self.name}: the range of its output runs backwards, or is none")
        costs = [block.cost_per_mwh for block in self.blocks]
        if costs != sorted(costs) or costs[0] < 0:
            raise ValueError(f"{self.name}: costs have to rise from block to block, and none is below zero")

    @property
    def highest_kw(self) -> float:
        """Its highest output."""
        return self.lowest_kw + math.fsum(block.width_kw for block in self.blocks)


@dataclass(frozen=True)
class Reserve:
    """Output that must stay unused, kW, and the price of energy when it does not (None: that of the dearest block)."""

    spinning_kw: float = 0.0
    scarcity_price_per_mwh: float | None = None


@dataclass(frozen=True)
class PlannedInterval:
    """The plan of one interval.

    `lambda_per_mwh`: system lambda; `requirement_kw`: what load and reserve need beyond the stack; `output_kw`: by
    unit; `surplus_kw`: what units at their lowest output make beyond the load. All None, or empty, without a forecast.
    """

    load_kw: float | None
    lambda_per_mwh: float | None = None
    requirement_kw: float | None = None
    surplus_kw: float | None = None
    output_kw: Mapping[str, float] | None = None


@dataclass(frozen=True)
class DayAheadPlan:
    """The plan of a day, interval by interval."""

    interval_s: float
    intervals: tuple[PlannedInterval, ...]

    @property
    def price_per_mwh(self) -> tuple[float | None, ...]:
        """The price signal: system lambda of each interval."""
        return tuple(interval.lambda_per_mwh for interval in self.intervals)

    def requirement_kw(self, share: float = 1.0) -> tuple[float | None, ...]:
        """Return the peaking requirement of each interval, kW: of the area, or of a feeder that has `share` of it."""
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"a share of {share} in the area's load is none")
        needs = [interval.requirement_kw for interval in self.intervals]
        return tuple(None if need is None else share * need for need in needs)


def plan_day(
    stack: Sequence[Unit], load_kw: Sequence[float | None], interval_s: float, reserve: Reserve | None = None
) -> DayAheadPlan:
    """Plan each interval of a load forecast of the area, kW; an interval without a forecast stays unplanned.

    Raises ValueError for a stack without units, for an interval of no length, and for a load below zero.
    """
    if not stack or interval_s <= 0:
        raise ValueError("a day-ahead plan needs at least one committed unit and intervals of some length")
    kept = reserve or Reserve()
    return DayAheadPlan(interval_s, tuple(_plan(stack, load, kept) for load in load_kw))


def _plan(stack: Sequence[Unit], load_kw: float | None, reserve: Reserve) -> PlannedInterval:
    if load_kw is None:
        return PlannedInterval(None)
    if not (math.isfinite(load_kw) and load_kw >= 0):
        raise ValueError(f"a forecast of {load_kw} kW cannot be planned for")
    lowest_kw = math.fsum(unit.lowest_kw for unit in stack)
    usable_kw = math.fsum(unit.highest_kw for unit in stack) - reserve.spinning_kw
    served_kw = min(load_kw, usable_kw)
    return PlannedInterval(
        load_kw=load_kw,
        lambda_per_mwh=_system_lambda(stack, load_kw - lowest_kw, usable_kw - lowest_kw, reserve),
        requirement_kw=max(0.0, load_kw - usable_kw),
        surplus_kw=max(0.0, lowest_kw - load_kw),
        output_kw=_outputs(stack, served_kw - lowest_kw),
    )


def _merit_order(stack: Sequence[Unit]) -> list[tuple[str, Block]]:
    """Return all blocks from the cheapest on, those of equal cost in the order of the stack."""
    blocks = [(unit.name, block) for unit in stack for block in unit.blocks]
    return sorted(blocks, key=lambda item: item[1].cost_per_mwh)


def _system_lambda(stack: Sequence[Unit], above_kw: float, usable_kw: float, reserve: Reserve) -> float:
    """Price the next kWh, above lowest outputs: it costs nothing while those alone make more than the load takes."""
    order = _merit_order(stack)
    dearest = order[-1][1].cost_per_mwh
    if above_kw < 0:
        return 0.0
    if above_kw >= usable_kw:
        return dearest if reserve.scarcity_price_per_mwh is None else max(dearest, reserve.scarcity_price_per_mwh)
    reached_kw = 0.0
    for _, block in order:
        reached_kw += block.width_kw
        if above_kw < reached_kw:
            return block.cost_per_mwh
    return dearest


def _outputs(stack: Sequence[Unit], above_kw: float) -> dict[str, float]:
    """Load units above their lowest outputs in merit order, kW."""
    output_kw = {unit.name: unit.lowest_kw for unit in stack}
    for name, block in _merit_order(stack):
        taken_kw = min(block.width_kw, max(0.0, above_kw))
        output_kw[name] += taken_kw
        above_kw -= taken_kw
    return output_kw


def read_generation_stack(path: Path) -> tuple[Unit, ...]:
    """Read the committed units of a table with the columns unit, lowest_kw, highest_kw, cost_per_mwh, committed.

    A further row of the same unit is its next block and begins where the one before ends.

    Raises ConfigError when the table is missing or a row cannot be read; the text names file and line.
    """
    units: dict[str, Unit] = {}
    committed: dict[str, bool] = {}
    for where, row in table_rows(path, "generation stack", COLUMNS):
        try:
            unit, is_committed = _with_row(units.get(row["unit"]), row)
        except ValueError as error:
            raise ConfigError(f"{where}: {error}") from error
        if committed.setdefault(unit.name, is_committed) != is_committed:
            raise ConfigError(f"{where}: {unit.name} is committed in one of its rows and not in another")
        units[unit.name] = unit
    stack = tuple(unit for unit in units.values() if committed[unit.name])
    if not stack:
        raise ConfigError(f"{path}: no unit is committed")
    return stack


def _with_row(unit: Unit | None, row: TableRow) -> tuple[Unit, bool]:
    """Return a unit with one more row of the table, and whether the row says that it is committed."""
    if not row["unit"].strip():
        raise ValueError("a unit without a name")
    if row["committed"] not in {"yes", "no"}:
        raise ValueError(f"committed is {row['committed']!r}, which is neither yes nor no")
    lowest_kw, highest_kw = float(row["lowest_kw"]), float(row["highest_kw"])
    block = Block(highest_kw - lowest_kw, float(row["cost_per_mwh"]))
    if unit is None:
        return Unit(row["unit"], lowest_kw, (block,)), row["committed"] == "yes"
    if not math.isclose(lowest_kw, unit.highest_kw):
        raise ValueError(f"{unit.name}: a block from {lowest_kw:g} kW, the one before ends at {unit.highest_kw:g} kW")
    return Unit(unit.name, unit.lowest_kw, (*unit.blocks, block)), row["committed"] == "yes"
