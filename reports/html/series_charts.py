"""Charts of a type test over time: the stimulus, the measured response, and each judged point with its band."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from reports.html.charts import Line, time_chart
from reports.html.control_charts import control_charts, is_of_control
from reports.html.criterion_charts import Numbered
from reports.html.plots import Chart
from reports.run_directory import CriterionLine

STILL_PU, STILL_HZ = 0.004, 0.02
"""What a stimulus that is held may move by, and phases that are alike may differ by."""
QUANTITIES = {"reactive power": "q_pu", "active power": "p_pu"}
"""What a finding is called after -> column of the series that shows its response."""
ROOM = 0.2
"""Share of a close-up that is before and after what it is of."""
LEAST_SAMPLES = 4


def series_charts(key: str, table: pd.DataFrame, findings: Sequence[Numbered], role: str = "") -> list[Chart]:
    """Draw the whole of a type test, and what led to the finding that decided most; `role` of the device under test."""
    if table.empty or "time_s" not in table:
        return []
    if is_of_control(table):
        return control_charts(f"{key} time", table, role)
    charts = _charts(f"{key} time", table, findings, "over time")
    decided = next((found for found in findings if found.rank == 1), None)
    part = None if decided is None else _led_to(table, findings, decided)
    if decided is None or part is None:
        return charts
    return charts + _charts(f"{key} finding", part, findings, f"before finding {decided.number}")


def _charts(key: str, table: pd.DataFrame, findings: Sequence[Numbered], when: str) -> list[Chart]:
    time_s = table["time_s"].to_numpy(dtype=np.float64)
    responses = _responses(table, findings)
    charts = [
        Chart(f"Stimulus {when}", time_chart(f"{key} {unit}", unit, time_s, lines))
        for unit, lines in _stimuli(table, responses).items()
    ]
    if responses:
        judged = [
            (line.time_s, line.response, line.lower, line.upper)
            for line in (found.line for found in findings)
            if line.unit == "pu" and _quantity(line) in responses and time_s[0] <= line.time_s <= time_s[-1]
            if math.isfinite(line.response)
        ]
        drawn = time_chart(f"{key} response", "per unit", time_s, list(responses.values()), points=judged)
        charts.append(Chart(f"Response {when}, with the band of each finding", drawn))
    return charts


def _led_to(table: pd.DataFrame, findings: Sequence[Numbered], decided: Numbered) -> pd.DataFrame | None:
    """Return the series from the finding before the one that decided on; None where too little of it is there."""
    times_s = sorted({found.line.time_s for found in findings} | {float(table["time_s"].iloc[0])})
    before_s = next((a for a, b in pairwise(times_s) if b == decided.line.time_s), times_s[0])
    room_s = ROOM * (decided.line.time_s - before_s)
    part = table[table["time_s"].between(before_s - room_s, decided.line.time_s + room_s)]
    return part if LEAST_SAMPLES <= len(part) < len(table) else None


def _responses(table: pd.DataFrame, findings: Sequence[Numbered]) -> dict[str, Line]:
    """Return the quantities that are judged; all that the series has where the findings tell of none of them."""
    asked = {_quantity(found.line) for found in findings} & set(QUANTITIES) or set(QUANTITIES)
    return {
        name: Line(name, table[column].to_numpy(dtype=np.float64))
        for name, column in QUANTITIES.items()
        if name in asked and column in table
    }


def _stimuli(table: pd.DataFrame, responses: Mapping[str, Line]) -> dict[str, list[Line]]:
    """Return what moves: one voltage where phases are alike, the frequency, else the power that is no response."""
    phases = [str(column) for column in table if str(column).startswith("voltage_")]
    found: dict[str, list[Line]] = {}
    if phases and (lines := _voltages(table[phases])):
        found["voltage (pu)"] = lines
    if "frequency_hz" in table and float(np.ptp(table["frequency_hz"].to_numpy())) > STILL_HZ:
        found["frequency (Hz)"] = [Line("frequency", table["frequency_hz"].to_numpy(dtype=np.float64))]
    if not found and "p_pu" in table and "active power" not in responses:
        found["active power (pu)"] = [Line("active power", table["p_pu"].to_numpy(dtype=np.float64))]
    return found


def _voltages(volts: pd.DataFrame) -> list[Line]:
    mean = volts.mean(axis=1).to_numpy(dtype=np.float64)
    if float((volts.max(axis=1) - volts.min(axis=1)).max()) > STILL_PU:
        return [
            Line(f"phase {number}", volts[name].to_numpy(dtype=np.float64))
            for number, name in enumerate(volts, start=1)
        ]
    return [Line("voltage", mean)] if float(np.ptp(mean)) > STILL_PU else []


def _quantity(line: CriterionLine) -> str:
    """Return what a finding is called after first; empty for what no series shows."""
    named = [(line.what.find(name), name) for name in QUANTITIES if name in line.what]
    return min(named, default=(0, ""))[1]
