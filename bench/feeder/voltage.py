"""Voltages as meters and terminals see them, for many places in one vectorised operation."""

from collections.abc import Sequence

import numpy as np

from bench.feeder.engine import Feeder
from bench.feeder.model import Complexes, Floats, InjectionSite, Service

SERVICE_NOMINAL_V = 240.0


class ServiceVoltages:
    """The voltages of split-phase services; arrays are in the order of the services."""

    def __init__(self, feeder: Feeder, services: Sequence[Service] | None = None) -> None:
        """Look the services' nodes up, those of the whole feeder by default."""
        self.services = tuple(feeder.services if services is None else services)
        pairs = [feeder.node_indices(service.bus, service.nodes) for service in self.services]
        self._nodes = np.array(pairs, dtype=np.intp).reshape(-1, 2)

    def legs_v(self, voltage_v: Complexes) -> Floats:
        """Return both legs to neutral, shape (services, 2)."""
        return np.abs(voltage_v[self._nodes])

    def across_v(self, voltage_v: Complexes) -> Floats:
        """Return leg to leg, what a 240 V device and a net meter see, shape (services,)."""
        return np.abs(voltage_v[self._nodes[:, 0]] - voltage_v[self._nodes[:, 1]])

    def on_120_v(self, voltage_v: Complexes) -> Floats:
        """Return leg to leg on the 120 V base of ANSI C84.1, shape (services,)."""
        return self.across_v(voltage_v) / 2.0


class SiteVoltages:
    """The terminal voltages of injection sites in per unit of their rated voltage; arrays in the order of the sites.

    Leg to leg for a split-phase site, else the mean of its phases to ground.
    """

    def __init__(self, feeder: Feeder, sites: Sequence[InjectionSite]) -> None:
        """Look the sites' nodes up."""
        numbered = list(enumerate(sites))
        split = [(i, site) for i, site in numbered if site.leg_to_leg]
        phased = [(i, site) for i, site in numbered if not site.leg_to_leg]
        self._split = np.array([i for i, _ in split], dtype=np.intp)
        self._phased = np.array([i for i, _ in phased], dtype=np.intp)
        pairs = [feeder.node_indices(site.bus, site.nodes) for _, site in split]
        self._pairs = np.array(pairs, dtype=np.intp).reshape(-1, 2)
        self._split_rated_v = np.array([site.phase_v for _, site in split])
        groups = [feeder.node_indices(site.bus, site.nodes) for _, site in phased]
        self._nodes = np.concatenate([np.zeros(0, np.intp), *groups])
        self._starts = np.cumsum([0, *(len(group) for group in groups)], dtype=np.intp)[:-1]
        self._weight = np.array([1.0 / (len(site.nodes) * site.phase_v) for _, site in phased])

    def pu(self, voltage_v: Complexes) -> Floats:
        """Return the terminal voltages in per unit, shape (sites,)."""
        result = np.empty(len(self._split) + len(self._phased))
        across = voltage_v[self._pairs[:, 0]] - voltage_v[self._pairs[:, 1]]
        result[self._split] = np.abs(across) / self._split_rated_v
        if len(self._phased):
            result[self._phased] = np.add.reduceat(np.abs(voltage_v[self._nodes]), self._starts) * self._weight
        return result
