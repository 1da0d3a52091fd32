"""Charts of what DER were needed for: from the trace and the series, and only where there is a need."""

import numpy as np

from reports.html.charts import Mark
from reports.html.needs import need_charts
from reports.run_directory import TraceLine

TIME_S = np.arange(0.0, 10_800.0, 60.0)
HEAD_KW = np.full(len(TIME_S), 3000.0)
PLAN = {
    "event": "day-1",
    "start_s": 3600.0,
    "interval_s": 3600.0,
    "area_load_kw": [1e5, 1e5],
    "feeder_load_kw": [3000.0, 4000.0],
    "lambda_per_mwh": [30.0, None],
    "requirement_kw": [0.0, 500.0],
    "limit_kw": [3000.0, 3500.0],
}
SCHEDULE = {"event": "day-1", "requests": [], "uncovered_kw": [0.0, 0.0], "power_kw": {"battery": [-400.0, 500.0]}}
CONSTRAINT = {
    "event": "constraint-1",
    "branch": "bc",
    "outage": "ca",
    "out_of_service": ["ab"],
    "flow_kw": 97_000.0,
    "rating_kw": 70_000.0,
    "feeder_load_kw": 4900.0,
    "limit_kw": 2450.0,
}


def line(payload: object, time_s: float = 300.0) -> TraceLine:
    return TraceLine(1, time_s, "A", "B", "I", payload=payload)


def titles(*payloads: object) -> list[str]:
    return [c.title for c in need_charts(map(line, payloads), "2", TIME_S, HEAD_KW, [Mark("peak", 7200.0)])]


def test_a_plan_is_drawn_with_its_limit_its_price_and_the_schedule() -> None:
    load, price = need_charts(map(line, (PLAN, SCHEDULE, PLAN)), "2", TIME_S, HEAD_KW, ())
    assert "limit while anything is required" in load.svg
    assert "battery" in price.svg
    assert "system lambda" in price.svg
    assert "1 gaps" not in price.note
    assert "one gap" in price.note


def test_a_plan_without_a_schedule_is_drawn_as_well() -> None:
    assert len(titles(PLAN)) == 2


def test_a_constraint_is_drawn_from_when_it_is_known_and_told_in_words() -> None:
    (chart,) = need_charts([line(CONSTRAINT, 600.0)], "3", TIME_S, HEAD_KW, ())
    assert "limit by the constraint" in chart.svg
    assert "With ab out of service, the loss of ca would put 97,000 kW on bc" in chart.note


def test_without_a_need_nothing_is_drawn() -> None:
    assert titles({"event": "e1"}, None, ["a", "list"]) == []
