"""Current and power at a line's end, computed from a snapshot alone: what current transformers there would see."""

from dataclasses import dataclass

import numpy as np

from bench.feeder.engine import Feeder
from bench.feeder.model import Complexes, Indices


@dataclass(frozen=True)
class LineProbe:
    """One terminal of a line; the admittance of a line does not change, so any snapshot of any time will do."""

    line: str
    terminal: int
    _nodes: Indices
    _far_nodes: Indices
    _own_s: Complexes
    _mutual_s: Complexes

    @classmethod
    def on(cls, feeder: Feeder, line: str, terminal: int = 1) -> "LineProbe":
        """Look the line up.

        Raises:
            ConfigError: there is no such line.
        """
        ends, admittance = feeder.line_admittance(line)
        size = len(ends[0])
        near = slice(0, size) if terminal == 1 else slice(size, 2 * size)
        far = slice(size, 2 * size) if terminal == 1 else slice(0, size)
        nodes, far_nodes = (ends[0], ends[1]) if terminal == 1 else (ends[1], ends[0])
        return cls(line.lower(), terminal, nodes, far_nodes, admittance[near, near], admittance[near, far])

    def voltage_v(self, voltage_v: Complexes) -> Complexes:
        """Return the terminal's voltages to ground, one a phase."""
        return voltage_v[self._nodes]

    def current_a(self, voltage_v: Complexes) -> Complexes:
        """Return the currents into the line at this terminal, one a phase."""
        result: Complexes = self._own_s @ voltage_v[self._nodes] + self._mutual_s @ voltage_v[self._far_nodes]
        return result

    def power_kva(self, voltage_v: Complexes) -> complex:
        """Return P + jQ of all phases into the line at this terminal, in kW and kvar."""
        return complex(np.sum(voltage_v[self._nodes] * np.conj(self.current_a(voltage_v)))) / 1000.0
