"""The physical state that everything shares: sun and load, the feeder, and the equipment on it, one step at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from bench.feeder.engine import Feeder
from bench.feeder.model import Complexes, Floats, Snapshot
from bench.feeder.population import InverterPopulation
from bench.feeder.sites import Site
from bench.feeder.volt_var import VoltVarLoop
from bench.feeder.voltage import ServiceVoltages, SiteVoltages
from bench.plant.terminals import Terminal
from bench.truth.range_a import RANGE_A_LOWER_V, RANGE_A_UPPER_V
from instruments.errors import BenchError


class Weather(Protocol):
    """Sun and load over scenario time."""

    def irradiance_pu(self, time_s: float) -> Floats:
        """Return irradiance at each site in per unit of rated, shape (sites,)."""
        ...

    def load_pu(self, time_s: float) -> float:
        """Return load as a share of nominal."""
        ...


class Apparatus(Protocol):
    """A tap changer or a switched bank with its control: senses the feeder, and moves what belongs to the plant."""

    @property
    def quiet_s(self) -> float:
        """How long it stays as it is while the contacts stay, s; infinite at rest."""
        ...

    def sense(self, snapshot: Snapshot) -> None:
        """Take the feeder's voltage and current to the control's inputs."""
        ...

    def act(self, feeder: Feeder, dt_s: float) -> None:
        """Carry what the contacts did in the last `dt_s` into the feeder."""
        ...


class Meters(Protocol):
    """Emulated meters, which see the plant's services."""

    def apply(self, state: "PlantState", service_of_site: Mapping[int, int], p_w: Floats, q_var: Floats) -> None:
        """Take a step; the customers' consumption is in W and var, shape (services,)."""
        ...


@dataclass(frozen=True)
class PlantState:
    """One published step. Legs of the services to neutral, V, shape (services, 2); site power flows into the feeder.

    `load_factor`: what each load of the feeder takes over its nominal power, shape (loads,).
    """

    time_s: float
    snapshot: Snapshot
    legs_v: Floats
    site_p_kw: Floats
    site_q_kvar: Floats
    irradiance_pu: float
    load_factor: Floats

    @property
    def service_v(self) -> Floats:
        """Mean of both legs, V on the 120 V base, shape (services,)."""
        mean: Floats = self.legs_v.mean(axis=1)
        return mean


class Plant:
    """Couples feeder and equipment by one exchange a step: the equipment meets the voltages of the step before."""

    def __init__(self, feeder: Feeder, sites: Sequence[Site], weather: Weather) -> None:
        """Find the state that everything starts from; `connect` puts the equipment on."""
        self._feeder, self._weather, self._sites = feeder, weather, sites
        self._pv_kw = np.array([site.rating_kva * (site.kind == "pv") for site in sites])
        self._rated_kva = np.array([site.rating_kva for site in sites])
        self.largest_kva = float(np.max(self._rated_kva, initial=0.0))
        """Rating of the largest resource."""
        self._services = ServiceVoltages(feeder)
        self.services = self._services.services
        self._metering = _Metering(feeder, sites)
        self.listeners: list[Callable[[PlantState], None]] = []
        self.bad_steps: list[str] = []
        self._equipment = Equipment.none()
        self.state = self._first_state()
        self.connect({}, self._equipment)

    def connect(self, terminals: Mapping[str, Terminal], equipment: "Equipment") -> None:
        """Take `terminals` by the name of their injection site; inverters at all other sites form the population."""
        feeder, sites = self._feeder, self._sites
        self._equipment = equipment
        self._terminals = [(feeder.site_index(name), terminal) for name, terminal in terminals.items()]
        own = set(terminals) | equipment.idle_sites
        others = [i for i, s in enumerate(sites) if s.kind != "generator" and s.name not in own]
        self._inverters = np.array(others, dtype=np.intp)
        self._voltages = SiteVoltages(feeder, [feeder.sites[i] for i in others])
        self._population = InverterPopulation(self._rated_kva[self._inverters])

    def step(self, time_s: float, dt_s: float) -> PlantState:
        """Advance everything by `dt_s` to `time_s` and tell the listeners.

        Raises BenchError when two steps in a row do not solve: then nothing true can be said of the plant.
        """
        self._exchange(time_s, dt_s)
        self._publish(dt_s)
        return self.state

    def stride(self, time_s: float, dt_s: float, short_s: float, settling: int) -> PlantState:
        """Advance everything by a long `dt_s`, the last part of it in `settling` exchanges `short_s` apart.

        In one long exchange inverters answer at once to voltages as they were before; the short ones, in which their
        filter is at work, bring them to rest with the feeder, and only then are the listeners told. Raises as `step`.
        """
        last = min(settling, int(dt_s / short_s))
        first_s = dt_s - last * short_s
        if first_s > 0.0:
            self._exchange(time_s - last * short_s, first_s)
        for left in reversed(range(last)):
            self._exchange(time_s - left * short_s, short_s)
        self._publish(dt_s)
        return self.state

    def _exchange(self, time_s: float, dt_s: float) -> None:
        irradiance = self._weather.irradiance_pu(time_s)
        before = self.state.snapshot
        self._feed(before)
        for apparatus in self._equipment.apparatus:
            apparatus.act(self._feeder, dt_s)
        self._equipment.advance(dt_s, irradiance)
        p_kw, q_kvar = self._injections(time_s, before.voltage_v, irradiance, dt_s)
        self.state = self._solve(time_s, p_kw, q_kvar, irradiance)

    def outlook(self) -> "Outlook":
        """Tell how long what is on the feeder stays as it is, and how far it is from what would move it."""
        equipment, legs_v = self._equipment, self.state.legs_v
        for apparatus in equipment.apparatus:  # what the controls decide next, they decide on this state
            apparatus.sense(self.state.snapshot)
        quiet_s = min([equipment.quiet_s(), *(apparatus.quiet_s for apparatus in equipment.apparatus)])
        range_a = (legs_v.min() - RANGE_A_LOWER_V, RANGE_A_UPPER_V - legs_v.max()) if legs_v.size else ()
        return Outlook(quiet_s, np.array([*equipment.margins(), *range_a]))

    def consumption_w(self) -> Floats:
        """Return what flows through each service's meter towards the customer, W, shape (services,)."""
        return self._metering.consumption_w(self.state)[0]

    def metered_w(self) -> tuple[Floats, Floats]:
        """Return W and var that flow through each service's meter towards the customer, shape (services,)."""
        return self._metering.consumption_w(self.state)

    def load_w(self) -> tuple[Floats, Floats]:
        """Return what each customer's load takes, and what it would take with everything on, W, shape (services,)."""
        return self._metering.load_w(self.state)[0], self._metering.nominal_w * self._weather.load_pu(self.state.time_s)

    def load_factor_without(self, shed_w: Floats) -> Floats:
        """Return `load_factor` with so much less taken at each service, W, shape (services,)."""
        factor = self.state.load_factor.copy()
        factor[self._metering.load] -= shed_w / self._metering.nominal_w
        return factor

    def publish_first(self) -> None:
        """Tell the listeners the state that everything starts from."""
        self._publish(0.0)

    def _first_state(self) -> PlantState:
        """Start where the feeder rests: all inverters settled, taps and banks where their settings leave them."""
        irradiance = self._weather.irradiance_pu(0.0)
        self._feeder.scale_loads(self._load_factor(0.0))
        everywhere = [i for i, site in enumerate(self._sites) if site.kind != "generator"]
        population = InverterPopulation(self._rated_kva[everywhere])
        p_kw = self._pv_kw * irradiance
        loop = VoltVarLoop(self._feeder, everywhere, population)
        _, q_kvar = loop.settle_with_deck_controls(p_kw, np.zeros_like(p_kw))
        return self._solve(0.0, p_kw, q_kvar, irradiance)

    def _feed(self, snapshot: Snapshot) -> None:
        for _, terminal in self._terminals:
            terminal.feed(snapshot.voltage_v)
        for apparatus in self._equipment.apparatus:
            apparatus.sense(snapshot)

    def _injections(
        self, time_s: float, voltage_v: Complexes, irradiance: Floats, dt_s: float
    ) -> tuple[Floats, Floats]:
        p_kw, q_kvar = np.zeros((2, len(self._feeder.sites)))
        own = self._inverters
        available_kw = (self._pv_kw * irradiance)[own]
        p_kw[own], q_kvar[own] = self._population.step(self._voltages.pu(voltage_v), available_kw, dt_s)
        for index, terminal in self._terminals:
            p_kw[index], q_kvar[index] = terminal.measure(time_s)
        return p_kw, q_kvar

    def _solve(self, time_s: float, p_kw: Floats, q_kvar: Floats, irradiance: Floats) -> PlantState:
        load_factor = self._load_factor(time_s)
        self._feeder.scale_loads(load_factor)
        self._feeder.set_injections(p_kw, q_kvar)
        snapshot = self._feeder.solve(time_s)
        if not snapshot.good:  # what is published is the last good step, powers included
            self._take_bad_step(time_s, snapshot.reason)
            p_kw, q_kvar, load_factor = self.state.site_p_kw, self.state.site_q_kvar, self.state.load_factor
        sun = float(np.mean(irradiance)) if len(irradiance) else 0.0
        legs_v = self._services.legs_v(snapshot.voltage_v)
        return PlantState(time_s, snapshot, legs_v, p_kw, q_kvar, sun, load_factor)

    def _load_factor(self, time_s: float) -> Floats:
        """Return what the weather makes every load take, less what its premise has switched off."""
        factor = np.full(len(self._feeder.loads), self._weather.load_pu(time_s))
        if len(self._equipment.running_share):
            factor[self._metering.load] *= self._equipment.running_share
        return factor

    def _take_bad_step(self, time_s: float, reason: str) -> None:
        self.bad_steps.append(f"{time_s:.1f} s: {reason}")
        if not self.state.snapshot.good:
            raise BenchError(f"the feeder did not solve twice in a row: {'; '.join(self.bad_steps[-2:])}")

    def _publish(self, dt_s: float) -> None:
        state = self.state
        p_w, q_var = self._metering.consumption_w(state)
        for meters in self._equipment.meters:
            meters.apply(state, self._metering.service_of_site, p_w, q_var)
        self._equipment.advance_meters(dt_s)
        for listener in self.listeners:
            listener(state)


@dataclass(frozen=True)
class Outlook:
    """How long nothing on the feeder changes by itself, s, 0 where a delay or a movement is under way.

    `margins`: how far controls are from acting and services from leaving Range A, each in its own unit, shape (n,).
    """

    quiet_s: float
    margins: Floats


@dataclass
class Equipment:
    """What is on the feeder besides its loads. `advance` lets time pass in emulated equipment, `dt_s` at a time.

    `idle_sites` are sites whose device acts through another site's terminal, as a battery on a DC link does.
    `running_share`: what of each service's load its premise has on, per unit, shape (services,), changed in place by
    the premises' owner; empty where all of it is always on. `quiet_s` and `margins` are the equipment's own part of an
    `Outlook`.
    """

    advance: Callable[[float, Floats], None]
    advance_meters: Callable[[float], None]
    meters: Sequence[Meters]
    apparatus: Sequence[Apparatus]
    idle_sites: set[str]
    running_share: Floats = field(default_factory=lambda: np.zeros(0))
    quiet_s: Callable[[], float] = lambda: np.inf
    margins: Callable[[], Sequence[float]] = tuple

    @classmethod
    def none(cls) -> "Equipment":
        """Return a feeder's equipment before any is connected."""
        return cls(lambda _dt_s, _irradiance: None, lambda _dt_s: None, (), (), set())


class _Metering:
    """What flows through each service's meter: its load less the generation behind it."""

    def __init__(self, feeder: Feeder, sites: Sequence[Site]) -> None:
        loads = {load.name.lower(): i for i, load in enumerate(feeder.loads)}
        services = {service.name.lower(): i for i, service in enumerate(feeder.services)}
        self.load = np.array([loads[service.load.lower()] for service in feeder.services], dtype=np.intp)
        self.nominal_w = feeder.nominal_kw[self.load] * 1000.0
        self._nominal_var = feeder.nominal_kvar[self.load] * 1000.0
        behind = [(services[s.service.lower()], i) for i, s in enumerate(sites) if s.service.lower() in services]
        self._service = np.array([service for service, _ in behind], dtype=np.intp)
        self._site = np.array([site for _, site in behind], dtype=np.intp)
        self.service_of_site = {site: service for service, site in behind}

    def load_w(self, state: PlantState) -> tuple[Floats, Floats]:
        """Return W and var that each customer's load takes, shape (services,)."""
        factor = state.load_factor[self.load]
        return self.nominal_w * factor, self._nominal_var * factor

    def consumption_w(self, state: PlantState) -> tuple[Floats, Floats]:
        """Return W and var delivered to each customer, shape (services,)."""
        p_w, q_var = self.load_w(state)
        np.subtract.at(p_w, self._service, state.site_p_kw[self._site] * 1000.0)
        np.subtract.at(q_var, self._service, state.site_q_kvar[self._site] * 1000.0)
        return p_w, q_var
