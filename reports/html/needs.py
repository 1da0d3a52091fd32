"""Charts of what DER were needed for: the load at the feeder's head against its limit, the price and the schedule.

A need stands in the trace: a day-ahead plan with a price signal by interval and the schedule against it, or a limit
that a constraint of the transmission grid puts on the feeder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reports.html.charts import PALETTE, Floats, Line, Mark, time_chart
from reports.run_directory import TraceLine

HEAD_KW = "head_p_kw"
PLAN = frozenset({"start_s", "interval_s", "feeder_load_kw", "limit_kw", "lambda_per_mwh"})
SCHEDULE = frozenset({"power_kw", "uncovered_kw", "requests"})
CONSTRAINT = frozenset({"branch", "outage", "rating_kw", "limit_kw", "feeder_load_kw"})
"""Fields by which a payload is known for what it is."""


@dataclass(frozen=True)
class Drawn:
    """A chart's title, drawing and note."""

    title: str
    svg: str
    note: str


@dataclass(frozen=True)
class _Axis:
    """What all charts of a scenario share."""

    key: str
    time_s: Floats
    marks: Sequence[Mark]


def need_charts(
    trace: Iterable[TraceLine], key: str, time_s: Floats, head_kw: Floats, marks: Sequence[Mark]
) -> list[Drawn]:
    """Draw the needs of a scenario, the first of each kind; without one there is nothing to draw."""
    found = _first_of_each(trace)
    axis = _Axis(key, time_s, marks)
    charts = []
    if plan := found.get("plan"):
        charts.append(_planned(axis, head_kw, plan.payload))
        charts.append(_priced(axis, plan.payload, found["schedule"].payload if "schedule" in found else {}))
    if constraint := found.get("constraint"):
        charts.append(_constrained(axis, head_kw, constraint))
    return charts


def _first_of_each(trace: Iterable[TraceLine]) -> dict[str, TraceLine]:
    kinds = {"plan": PLAN, "schedule": SCHEDULE, "constraint": CONSTRAINT}
    found: dict[str, TraceLine] = {}
    for line in trace:
        for kind, fields in kinds.items():
            if kind not in found and isinstance(line.payload, Mapping) and fields <= line.payload.keys():
                found[kind] = line
    return found


def _planned(axis: _Axis, head_kw: Floats, plan: Mapping[str, Any]) -> Drawn:
    limit_kw = _over_time(axis.time_s, plan, plan["limit_kw"])
    required = _over_time(axis.time_s, plan, plan.get("requirement_kw", ())) > 0.0
    lines = [
        Line("measured", head_kw, PALETTE[0]),
        Line("forecast without DER", _over_time(axis.time_s, plan, plan["feeder_load_kw"]), PALETTE[4], dashed=True),
        Line("limit while anything is required", np.where(required, limit_kw, np.nan), PALETTE[1], stepped=True),
    ]
    svg = time_chart(f"need-{axis.key}", "kW", axis.time_s, lines, marks=axis.marks)
    return Drawn("Load at the feeder's head, its forecast and its limit", svg, "Planned a day ahead by the hour.")


def _priced(axis: _Axis, plan: Mapping[str, Any], schedule: Mapping[str, Any]) -> Drawn:
    lines = [
        Line(device, _over_time(axis.time_s, plan, power), stepped=True)
        for device, power in schedule.get("power_kw", {}).items()
    ]
    price = Line("system lambda", _over_time(axis.time_s, plan, plan["lambda_per_mwh"]), stepped=True)
    svg = time_chart(f"price-{axis.key}", "kW", axis.time_s, lines, marks=axis.marks, right=("per MWh", price))
    gaps = sum(price is None for price in plan["lambda_per_mwh"])
    told = "one gap" if gaps == 1 else f"{gaps} gaps"
    note = f" The signal has {told}." if gaps else ""
    return Drawn("Price signal and the schedule against it", svg, f"Negative: charging.{note}")


def _constrained(axis: _Axis, head_kw: Floats, line: TraceLine) -> Drawn:
    found = line.payload
    known = axis.time_s >= line.time_s
    limit_kw = np.where(known, float(found["limit_kw"]), np.nan)
    lines = [Line("measured", head_kw, PALETTE[0]), Line("limit by the constraint", limit_kw, PALETTE[1], stepped=True)]
    svg = time_chart(f"need-{axis.key}", "kW", axis.time_s, lines, marks=axis.marks)
    out = ", ".join(found.get("out_of_service", ())) or "nothing"
    note = (
        f"With {out} out of service, the loss of {found['outage'] or 'nothing more'} would put "
        f"{found['flow_kw']:,.0f} kW on {found['branch']}, which may carry {found['rating_kw']:,.0f} kW."
    )
    return Drawn("Load at the feeder's head against the limit of the grid", svg, note)


def _over_time(time_s: Floats, plan: Mapping[str, Any], values: Sequence[float | None]) -> Floats:
    """Hold each interval's value over it; NaN in gaps and outside of the plan."""
    number = np.floor((time_s - plan["start_s"]) / plan["interval_s"])
    inside = (number >= 0) & (number < len(values))
    held = np.array([np.nan if value is None else float(value) for value in values] or [np.nan])
    return np.where(inside, held[np.where(inside, number, 0).astype(np.intp)], np.nan)
