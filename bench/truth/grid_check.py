"""The judge's own study of a transmission constraint: a power flow by nodal susceptances, solved for each case anew."""

import numpy as np

from bench.dispatch.transmission import Transmission
from bench.messages.resources import TransmissionConstraint

FLOW_SHARE = 0.01
"""How far a told flow may lie from a solved one, share of the rating, and a relief from what goes beyond the rating."""
NEAR_KW = 0.5
"""What rounding may leave of a power, kW."""


class GridCheck:
    """A grid with branches out of service, and as many feeders like this one at the feeder's bus."""

    def __init__(self, network: Transmission, feeders_at_bus: float, out: frozenset[str]) -> None:
        self._network, self._feeders_at_bus, self._out = network, feeders_at_bus, out

    def constrained_wrongly(self, constraint: TransmissionConstraint) -> str | None:
        """Solve the grid with the outage, and again with the load reduced as is required."""
        network, out, outage = self._network, self._out, {constraint.outage} - {""}
        if set(constraint.out_of_service) != set(out):
            told = ", ".join(constraint.out_of_service) or "nothing"
            return f"rests on {told} being out of service, while that is {', '.join(sorted(out)) or 'nothing'}"
        in_service = {branch.name: branch for branch in network.branches if branch.name not in out}
        if constraint.branch not in in_service.keys() - outage or not outage <= in_service.keys():
            return f"is about {constraint.branch} after the loss of {constraint.outage or 'nothing'}: not in service"
        branch = in_service[constraint.branch]
        limit_kw = (branch.emergency_mw if outage else branch.continuous_mw) * 1000.0
        wrong = self._flows_wrong(constraint, network.without(out | outage), limit_kw)
        return wrong or self._leaves(constraint, network.without(out))

    def _leaves(self, constraint: TransmissionConstraint, present: Transmission) -> str | None:
        """Say which other overload less load at the feeder's bus would relieve too, and is left with what is told."""
        alike = self._feeders_at_bus
        for lost in ("", *(branch.name for branch in present.branches)):
            after = present.without({lost} - {""})
            whole = len(after.connected()) == len(after.buses)
            for branch in after.branches if whole else ():
                limit_kw = (branch.emergency_mw if lost else branch.continuous_mw) * 1000.0
                left_kw = _flow_kw(after, branch.name, alike * _left_kw(constraint))
                is_relieved = left_kw < _flow_kw(after, branch.name, alike * constraint.feeder_load_kw) - NEAR_KW
                if is_relieved and left_kw > limit_kw * (1.0 + FLOW_SHARE):
                    told = f"leaves {left_kw:.0f} kW of {limit_kw:.0f} kW in {branch.name}"
                    return f"{told} after the loss of {lost or 'nothing'}"
        return None

    def _flows_wrong(self, constraint: TransmissionConstraint, after: Transmission, limit_kw: float) -> str | None:
        """Say in what flows of the grid after the outage differ from what is told of them."""
        branch, alike, left_kw = constraint.branch, self._feeders_at_bus, _left_kw(constraint)
        present_kw = _flow_kw(after, branch, alike * constraint.feeder_load_kw)
        if abs(present_kw - constraint.flow_kw) > FLOW_SHARE * limit_kw:
            return f"tells {constraint.flow_kw:.0f} kW in {branch}, a power flow gives {present_kw:.0f} kW"
        if abs(constraint.rating_kw - limit_kw) > NEAR_KW:
            return f"rates {branch} at {constraint.rating_kw:.0f} kW, which may carry {limit_kw:.0f} kW"
        if present_kw <= limit_kw:
            return f"{branch} carries {present_kw:.0f} kW of {limit_kw:.0f} kW: there is no constraint"
        relieved_kw = _flow_kw(after, branch, alike * left_kw)
        if abs(relieved_kw - limit_kw) > FLOW_SHARE * (present_kw - limit_kw) + NEAR_KW:
            return f"with what is required gone, {branch} carries {relieved_kw:.0f} kW of {limit_kw:.0f} kW"
        if abs(constraint.limit_kw - left_kw) > NEAR_KW:
            return f"allows the feeder {constraint.limit_kw:.1f} kW, {left_kw:.1f} kW being left of its load"
        return None


def _left_kw(constraint: TransmissionConstraint) -> float:
    return constraint.feeder_load_kw - constraint.requirement_kw


def _flow_kw(network: Transmission, branch: str, load_kw: float) -> float:
    """Solve a direct-current power flow by nodal susceptances; return the flow's magnitude in a branch, kW."""
    buses = list(network.bus_names)
    branches = network.branches
    susceptance, injected = np.zeros((len(buses), len(buses))), np.zeros(len(buses))
    for bus in network.buses:
        load_mw = load_kw / 1000.0 if bus.name == network.feeder_bus else bus.load_mw
        injected[buses.index(bus.name)] = bus.generation_mw - load_mw
    for b in branches:
        i, j = buses.index(b.from_bus), buses.index(b.to_bus)
        susceptance[[i, j], [i, j]] += 1.0 / b.reactance_pu
        susceptance[[i, j], [j, i]] -= 1.0 / b.reactance_pu
    free = [i for i, name in enumerate(buses) if name != network.swing]
    angle = np.zeros(len(buses))
    angle[free] = np.linalg.solve(susceptance[np.ix_(free, free)], injected[free])
    found = next(b for b in branches if b.name == branch)
    i, j = buses.index(found.from_bus), buses.index(found.to_bus)
    return abs(float(angle[i] - angle[j]) / found.reactance_pu) * 1000.0
