"""Security analysis of the transmission network: what a single outage would overload, and what relieves it.

Direct-current power flow: flows follow from injections by transfer factors (PTDF); after an outage, the flow of the
lost branch spreads over the others by its outage distribution factors (LODF). See Wood, Wollenberg and Sheble, *Power
Generation, Operation, and Control*, chapter 7. Losses and voltages are not in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.dispatch.transmission import Branch, Transmission

ROUNDING_MW = 1e-6
"""Flow beyond a rating by less than this is rounding."""
NO_EFFECT = 1e-6
"""A transfer factor below this is none."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Overload:
    """A branch beyond its rating, MW: the emergency rating after an outage, the continuous one without (None)."""

    branch: str
    contingency: str | None
    flow_mw: float
    limit_mw: float

    @property
    def excess_mw(self) -> float:
        """Flow beyond the rating, above zero."""
        return abs(self.flow_mw) - self.limit_mw

    @property
    def loading_pu(self) -> float:
        """Flow over rating."""
        return abs(self.flow_mw) / self.limit_mw


@dataclass(frozen=True)
class Islanding:
    """An outage that cuts buses off the swing bus, and the load that goes with them, MW."""

    contingency: str
    buses: tuple[str, ...]
    load_mw: float


@dataclass(frozen=True)
class SecurityReport:
    """What the analysis found: flows with all branches in, MW, overloads from the worst on, and outages that island."""

    flow_mw: Mapping[str, float]
    overloads: tuple[Overload, ...]
    islandings: tuple[Islanding, ...]

    @property
    def is_secure(self) -> bool:
        """Whether no single outage overloads a branch; islands are a matter of the network, not of its loading."""
        return not self.overloads

    @property
    def worst(self) -> Overload | None:
        """The overload with the highest loading."""
        return self.overloads[0] if self.overloads else None


@dataclass(frozen=True)
class Reduction:
    """Load to be taken off a bus, kW, so that overloads go; the one that asks for most; and those it cannot relieve."""

    bus: str
    required_kw: float
    binding: Overload | None
    unrelieved: tuple[Overload, ...]


def flows_mw(network: Transmission) -> dict[str, float]:
    """Solve the power flow; raises ValueError for a network that is not in one piece."""
    flow = _transfer_factors(network) @ _injection_mw(network)
    return {branch.name: float(mw) for branch, mw in zip(network.branches, flow, strict=True)}


def outage_factors(network: Transmission) -> Floats:
    """Return what part of a lost branch's flow each other branch takes over, shape (branches, lost branches).

    The column of a branch whose loss islands is NaN, the diagonal is -1.
    """
    across = _across(network, _transfer_factors(network))
    own = np.diag(across)
    islands = [_islands(network, branch) for branch in network.branches]
    factors: Floats = across / np.where(islands, np.nan, 1.0 - own)
    np.fill_diagonal(factors, np.where(islands, np.nan, -1.0))
    return factors


def analyse(network: Transmission) -> SecurityReport:
    """Try the loss of every branch, one at a time; raises ValueError for a network that is not in one piece."""
    flow = flows_mw(network)
    before = np.array(list(flow.values()))
    factors = outage_factors(network)
    overloads, islandings = _beyond(network.branches, before, None), []
    for k, lost in enumerate(network.branches):
        if np.isnan(factors[k, k]):
            found, islanding = _after_islanding(network, lost)
            islandings.append(islanding)
        else:
            found = _beyond(network.branches, before + factors[:, k] * before[k], lost.name)
        overloads += found
    overloads.sort(key=lambda o: (-round(o.loading_pu, 9), o.contingency or "", o.branch))
    return SecurityReport(flow, tuple(overloads), tuple(islandings))


def relief_factors(network: Transmission, overload: Overload) -> dict[str, float]:
    """Return by how many kW the overload falls for each kW less load, or more generation, at each bus.

    The balance is kept at the swing bus, whose factor is 0; so is that of buses which the outage cuts off.
    """
    after = network if overload.contingency is None else network.without({overload.contingency}).mainland()
    row = [branch.name for branch in after.branches].index(overload.branch)
    factors = 0.0 - np.sign(overload.flow_mw) * _transfer_factors(after)[row]
    known = dict(zip(after.bus_names, (float(factor) for factor in factors), strict=True))
    return {bus: known.get(bus, 0.0) for bus in network.bus_names}


def required_reduction(network: Transmission, overloads: Sequence[Overload], bus: str) -> Reduction:
    """Work out how much load at one bus has to go, kW, for all overloads that this can relieve at all.

    It may be more than the bus has. Raises KeyError when there is no such bus.
    """
    if bus not in network.bus_names:
        raise KeyError(bus)
    required_kw, binding, unrelieved = 0.0, None, []
    for overload in overloads:
        factor = relief_factors(network, overload)[bus]
        if factor < NO_EFFECT:
            unrelieved.append(overload)
        elif 1000.0 * overload.excess_mw / factor > required_kw:
            required_kw, binding = 1000.0 * overload.excess_mw / factor, overload
    return Reduction(bus, required_kw, binding, tuple(unrelieved))


def _injection_mw(network: Transmission) -> Floats:
    """What each bus feeds in; that of the swing bus does not matter, its transfer factors are 0."""
    return np.array([bus.generation_mw - bus.load_mw for bus in network.buses])


def _transfer_factors(network: Transmission) -> Floats:
    """Flow in each branch for 1 MW fed in at each bus and taken out at the swing bus, shape (branches, buses)."""
    stranded = sorted(set(network.bus_names) - network.connected())
    if stranded:
        raise ValueError(f"not connected to {network.swing}: {', '.join(stranded)}")
    index = {name: i for i, name in enumerate(network.bus_names)}
    incidence = np.zeros((len(network.branches), len(index)))
    for row, branch in enumerate(network.branches):
        incidence[row, index[branch.from_bus]], incidence[row, index[branch.to_bus]] = 1.0, -1.0
    by_angle = incidence / np.array([[branch.reactance_pu] for branch in network.branches]).reshape(-1, 1)
    others = [i for i, name in enumerate(network.bus_names) if name != network.swing]
    factors: Floats = np.zeros(by_angle.shape)
    susceptance = (incidence.T @ by_angle)[np.ix_(others, others)]
    factors[:, others] = np.linalg.solve(susceptance.T, by_angle[:, others].T).T
    return factors


def _across(network: Transmission, factors: Floats) -> Floats:
    """Flow in each branch for 1 MW moved from one end of each branch to the other, shape (branches, branches)."""
    index = {name: i for i, name in enumerate(network.bus_names)}
    starts = [index[branch.from_bus] for branch in network.branches]
    ends = [index[branch.to_bus] for branch in network.branches]
    return factors[:, starts] - factors[:, ends]


def _islands(network: Transmission, lost: Branch) -> bool:
    return len(network.without({lost.name}).connected()) < len(network.buses)


def _after_islanding(network: Transmission, lost: Branch) -> tuple[list[Overload], Islanding]:
    """Drop what an outage cuts off and solve the rest anew."""
    rest = network.without({lost.name}).mainland()
    cut_off = tuple(name for name in network.bus_names if name not in rest.bus_names)
    load_mw = sum(network.load_mw(bus) for bus in cut_off)
    flow = np.array(list(flows_mw(rest).values()))
    return _beyond(rest.branches, flow, lost.name), Islanding(lost.name, cut_off, load_mw)


def _beyond(branches: Sequence[Branch], flow: Floats, contingency: str | None) -> list[Overload]:
    limits = [b.continuous_mw if contingency is None else b.emergency_mw for b in branches]
    return [
        Overload(branch.name, contingency, float(mw), limit)
        for branch, mw, limit in zip(branches, flow, limits, strict=True)
        if abs(mw) > limit + ROUNDING_MW
    ]
