"""The available-resource strategy against a transmission constraint: what each resource can hold, by signal and place.

Power counts for as long as the constraint lasts, and as far as the place of a resource relieves it: all amounts are put
in kW at the bus that the requirement is stated for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bench.dispatch.eligibility import ResourceClass

HOUR_S = 3600.0
NOTHING_KW = 1e-6
"""An increase below this is none."""
MERIT = {group: number for number, group in enumerate(ResourceClass)}


@dataclass(frozen=True)
class Constraint:
    """A requirement at a bus, kW, for a time, s; `factor`: kW of relief for a kW at each bus.

    Raises ValueError for a bus at which nothing relieves the constraint, and for a time or a requirement that is none.
    """

    bus: str
    required_kw: float
    duration_s: float
    factor: Mapping[str, float]

    def __post_init__(self) -> None:
        if self.factor.get(self.bus, 0.0) <= 0.0:
            raise ValueError(f"nothing at {self.bus} relieves the constraint: no requirement can be stated for it")
        if not (self.duration_s > 0.0 and self.required_kw >= 0.0):
            raise ValueError(f"{self.required_kw} kW for {self.duration_s} s are no requirement")

    def effectiveness(self, bus: str) -> float:
        """Return what a kW at a bus is worth in kW at the bus of the requirement; 0 and below: it does not help."""
        return self.factor.get(bus, 0.0) / self.factor[self.bus]


@dataclass(frozen=True)
class ResourceState:
    """The state of a resource as it was reported.

    `bus`: of the transmission network; `present_kw`: power into the feeder now; `cost_per_mwh` of its energy. Storage
    has its energy when full, kWh, its state of charge (None: not known), what has to stay, both over full, and its
    discharge efficiency; a generator has no `energy_kwh`.
    """

    device: str
    resource_class: ResourceClass
    bus: str
    rating_kw: float
    is_available: bool = True
    present_kw: float = 0.0
    cost_per_mwh: float = 0.0
    energy_kwh: float | None = None
    state_of_charge_pu: float | None = None
    reserve_pu: float = 0.0
    discharge_efficiency: float = 1.0


@dataclass(frozen=True)
class Offer:
    """What a resource can give throughout: its set-point, kW, how much that is above now, and its worth at the bus.

    `is_derated`: its energy, not its rating, is the limit.
    """

    device: str
    resource_class: ResourceClass
    power_kw: float
    increase_kw: float
    effect_kw: float
    is_derated: bool


@dataclass(frozen=True)
class Strategy:
    """Offers in their order of merit, what they are worth together, kW, and why other resources make none.

    `set_point_kw`: the power to ask of each resource so that the requirement is met with as few of them as come first.
    """

    required_kw: float
    offers: tuple[Offer, ...]
    excluded: Mapping[str, str]
    set_point_kw: Mapping[str, float] = field(default_factory=dict)

    @property
    def total_kw(self) -> float:
        """What all offers are worth at the bus of the requirement."""
        return sum(offer.effect_kw for offer in self.offers)

    @property
    def shortfall_kw(self) -> float:
        """What is required beyond all offers; 0 when they suffice."""
        return max(0.0, self.required_kw - self.total_kw)

    @property
    def is_sufficient(self) -> bool:
        """Whether the offers meet the requirement."""
        return self.shortfall_kw <= NOTHING_KW


def available_strategy(constraint: Constraint, resources: Iterable[ResourceState]) -> Strategy:
    """Rank what resources can give: class by class, the cheapest first, then the most effective.

    Pass eligible resources only. The last resource that is needed is asked for the rest, those behind it for nothing.
    """
    states = sorted(resources, key=lambda state: _merit(constraint, state))
    offers, excluded = [], {}
    for state in states:
        found = _offer(constraint, state)
        if isinstance(found, str):
            excluded[state.device] = found
        else:
            offers.append(found)
    present_kw = {state.device: state.present_kw for state in states}
    asked = _set_points(offers, constraint.required_kw, present_kw)
    return Strategy(constraint.required_kw, tuple(offers), excluded, asked)


def sustained_kw(state: ResourceState, duration_s: float) -> float:
    """Return the power that a resource can hold for a time, kW: its rating, or what its energy allows.

    Raises ValueError for storage whose state of charge is not known.
    """
    if state.energy_kwh is None:
        return state.rating_kw
    if state.state_of_charge_pu is None:
        raise ValueError("its state of charge is not known")
    usable_kwh = max(0.0, state.state_of_charge_pu - state.reserve_pu) * state.energy_kwh * state.discharge_efficiency
    return min(state.rating_kw, usable_kwh / (duration_s / HOUR_S))


def _merit(constraint: Constraint, state: ResourceState) -> tuple[int, float, float, str]:
    effectiveness = constraint.effectiveness(state.bus)
    return MERIT[state.resource_class], state.cost_per_mwh, -effectiveness, state.device


def _offer(constraint: Constraint, state: ResourceState) -> Offer | str:
    """Return the offer of a resource, or why it makes none."""
    effectiveness = constraint.effectiveness(state.bus)
    if not state.is_available:
        return "it is not available"
    if effectiveness <= 0.0:
        return (
            f"power at {state.bus} does not relieve the constraint (factor {constraint.factor.get(state.bus, 0.0):.3g})"
        )
    try:
        power_kw = sustained_kw(state, constraint.duration_s)
    except ValueError as error:
        return str(error)
    increase_kw = power_kw - state.present_kw
    if increase_kw <= NOTHING_KW:
        return f"it gives {state.present_kw:g} kW and can hold {power_kw:g} kW for {constraint.duration_s:g} s"
    is_derated = power_kw < state.rating_kw
    effect_kw = effectiveness * increase_kw
    return Offer(state.device, state.resource_class, power_kw, increase_kw, effect_kw, is_derated)


def _set_points(offers: Iterable[Offer], required_kw: float, present_kw: Mapping[str, float]) -> dict[str, float]:
    asked, left_kw = {}, required_kw
    for offer in offers:
        if left_kw <= NOTHING_KW:
            break
        part = min(1.0, left_kw / offer.effect_kw)
        asked[offer.device] = present_kw[offer.device] + part * offer.increase_kw
        left_kw -= part * offer.effect_kw
    return asked
