"""Charts of a type test of a control over time: what it sensed, and what its contacts and its apparatus did."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.html.charts import Floats, Line, lane_chart, time_chart
from reports.html.plots import Chart

CLOSURES = ("closures_up", "closures_down")
"""Columns of the counts of closures."""


@dataclass(frozen=True)
class Labels:
    """How the apparatus of a control and its two contacts are called."""

    position: str
    contacts: tuple[str, str]


LABELS = {
    "load_tap_changer": Labels("tap", ("raise", "lower")),
    "capacitor_bank": Labels("switch, closed at 1", ("close", "open")),
}
"""By the control's role; of one whose role is not on record nothing is known but that it has two contacts."""
UNKNOWN = Labels("position", ("raise, close", "lower, open"))


def is_of_control(table: pd.DataFrame) -> bool:
    """Whether a series is that of a control on its rig."""
    return {"sensed_v", "position", *CLOSURES} <= set(table)


def control_charts(name: str, table: pd.DataFrame, role: str = "") -> list[Chart]:
    """Draw voltage with the position, the current where there was one, and closures, in words of the control's role."""
    labels = LABELS.get(role, UNKNOWN)
    time_s = table["time_s"].to_numpy(dtype=np.float64)
    voltage = Line("sensed voltage", _values(table, "sensed_v"))
    position = Line(labels.position, _values(table, "position"), stepped=True)
    charts = [
        Chart(
            "Sensed voltage and position over time",
            time_chart(f"{name} voltage", "V", time_s, [voltage], right=(labels.position, position)),
        )
    ]
    current_a = _values(table, "sensed_a") if "sensed_a" in table else np.zeros(1)
    if current_a.any():
        current = Line("sensed current", current_a)
        angle = Line("angle", _values(table, "sensed_deg"))
        drawn = time_chart(f"{name} current", "A", time_s, [current], right=("deg", angle))
        charts.append(Chart("Sensed current and its angle over time", drawn))
    lanes = [Line(label, _closed(table, column)) for column, label in zip(CLOSURES, labels.contacts, strict=True)]
    return [*charts, Chart("Closures of contacts over time", lane_chart(f"{name} contacts", time_s, lanes))]


def _values(table: pd.DataFrame, column: str) -> Floats:
    return table[column].to_numpy(dtype=np.float64)


def _closed(table: pd.DataFrame, column: str) -> Floats:
    """Return 1 at each look that found a contact to have closed since the one before."""
    return (np.diff(_values(table, column), prepend=table[column].iloc[0]) > 0).astype(np.float64)
