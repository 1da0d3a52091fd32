"""Time series of a scenario: one row a plant step, in the columns that reports read."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bench.plant.plant import PlantState
from bench.plant.terminals import Terminal


class SeriesRecorder:
    """Collects what the plant publishes. `commanded_kw` and `state_of_charge_pct` are asked for by device each step."""

    def __init__(
        self,
        meters: tuple[str, ...],
        terminals: Mapping[str, Terminal],
        state_of_charge_pct: Mapping[str, Callable[[], float]],
    ) -> None:
        self._meters = meters
        self._terminals = terminals
        self._state_of_charge = state_of_charge_pct
        self.commanded_kw: dict[str, float] = {}
        self._scalars: dict[str, list[Any]] = {}
        self._voltages: list[np.ndarray[Any, np.dtype[np.float64]]] = []

    def take(self, state: PlantState) -> None:
        """Add one plant step."""
        snapshot = state.snapshot
        self._add("time_s", state.time_s)
        self._add("head_p_kw", snapshot.head_p_kw)
        self._add("head_q_kvar", snapshot.head_q_kvar)
        self._add("irradiance_pu", state.irradiance_pu)
        for name, position in snapshot.taps.items():
            self._add(f"tap:{name}", position)
        for name, closed in snapshot.capacitors.items():
            self._add(f"cap:{name}", closed)
        for name, terminal in self._terminals.items():
            self._take_terminal(name, terminal)
        for name, read in self._state_of_charge.items():
            self._add(f"soc_pct:{name}", read())
        self._voltages.append(state.service_v)

    def table(self) -> dict[str, Any]:
        """Return the columns; service voltages are `v:<meter>` on the 120 V base."""
        voltages = np.array(self._voltages).reshape(len(self._voltages), len(self._meters))
        return {**self._scalars, **{f"v:{meter}": voltages[:, i] for i, meter in enumerate(self._meters)}}

    def _take_terminal(self, site: str, terminal: Terminal) -> None:
        reading = terminal.reading()
        self._add(f"p_kw:{terminal.device}", reading.power_kw if reading else None)
        self._add(f"q_kvar:{terminal.device}", terminal.q_kvar)
        self._add(f"p_cmd_kw:{terminal.device}", self.commanded_kw.get(site))

    def _add(self, column: str, value: object) -> None:
        self._scalars.setdefault(column, []).append(value)
