"""Current and power on lines, computed from a snapshot alone: what current transformers there would see."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bench.feeder.engine import Feeder
from bench.feeder.model import Complexes, Indices
from instruments.errors import ConfigError


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


@dataclass(frozen=True)
class NodeProbe:
    """One phase of a bus: its voltage, and the current that leaves it on all lines together."""

    _node: np.intp
    _ends: Indices
    _admittance_s: Complexes

    @classmethod
    def at(cls, feeder: Feeder, bus: str, phase: int) -> Self:
        """Look the bus and its lines up.

        Raises:
            ConfigError: there is no such node, or no line leaves it.
        """
        (node,) = feeder.node_indices(bus, (phase,))
        ends, admittances = [np.zeros(0, np.intp)], [np.zeros(0, np.complex128)]
        for line in feeder.lines_at(bus):
            (near, far), admittance = feeder.line_admittance(line)
            places = np.concatenate([near, far])
            for row in np.flatnonzero(places == node):
                ends.append(places)
                admittances.append(admittance[row])
        if len(ends) == 1:
            raise ConfigError(f"no line leaves {bus}.{phase}, so that no current can be sensed there")
        return cls(node, np.concatenate(ends), np.concatenate(admittances))

    def voltage_v(self, voltage_v: Complexes) -> complex:
        """Return the voltage to ground."""
        return complex(voltage_v[self._node])

    def current_a(self, voltage_v: Complexes) -> complex:
        """Return the current that leaves on the lines."""
        return complex(self._admittance_s @ voltage_v[self._ends])
