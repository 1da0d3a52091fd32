"""Where on the feeder each device of the bench file is."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from bench.assembly.emulated_meters import Place
from bench.assembly.feeders import PHASES, described_sites
from bench.config import BenchFile, Terminal
from bench.feeder.engine import Feeder
from bench.feeder.inventory import CT_SECONDARY_A
from bench.feeder.model import CapacitorInfo, Floats, Indices, Service, TapChangerInfo
from bench.feeder.names import known
from bench.feeder.sites import Site
from bench.plant.controls import InstrumentTransformers
from instruments.errors import ConfigError

T = TypeVar("T")
DER_ROLES = frozenset({"inverter", "battery"})
SECONDARY_V = 120.0
CT_RATIO = 140.0
"""Of current transformers that no deck describes: 700:5 A."""


class FeederPlaces:
    """Looks up the terminals of a bench file on a feeder; raises ConfigError for places that the feeder has not."""

    def __init__(self, bench: BenchFile, feeder: Feeder, sites: tuple[Site, ...]) -> None:
        """Add to the feeder the sites, those that the bench file describes, and one for every terminal at a bus."""
        self._terminals = {terminal.device: terminal for terminal in bench.terminals.values()}
        self._feeder = feeder
        own = [_site_at_bus(bench, feeder, terminal) for terminal in bench.terminals.values() if terminal.bus]
        self.sites = (*sites, *described_sites(bench.feeder.der, feeder), *own)
        feeder.add_injections([site.injection for site in self.sites])
        self._numbers = {site.name: number for number, site in enumerate(self.sites)}
        self._suns: dict[str, int | None] = {}
        self._behind_inverter = bench.behind_inverter
        self._der = [t.device for t in bench.terminals.values() if bench.devices[t.device].role in DER_ROLES]
        self._meters = [t.device for t in bench.terminals.values() if bench.devices[t.device].role == "meter"]

    @property
    def services(self) -> tuple[Service, ...]:
        """The feeder's metered services."""
        return self._feeder.services

    def terminal(self, device: str) -> Terminal:
        """Return the terminal of a device."""
        return _found(self._terminals, device, "terminal for the device")

    def site(self, device: str) -> Site:
        """Return the site at which a device injects."""
        terminal = self.terminal(device)
        name = terminal.site or terminal.device
        return self.sites[_found(self._numbers, name, "site")]

    def phases(self, device: str) -> int:
        """Return the phases of a device's terminals; a split-phase device has one, across both legs."""
        return len(PHASES) if len(self.site(device).nodes) == len(PHASES) else 1

    def irradiance_pu(self, device: str, irradiance_pu: Floats) -> float:
        """Return the sun at a PV device; nothing shines on others."""
        if device not in self._suns:  # asked for at every step of the plant
            site = self.site(device)
            self._suns[device] = self._numbers[site.name] if site.kind == "pv" else None
        number = self._suns[device]
        return 0.0 if number is None else float(irradiance_pu[number])

    def tap_changer(self, device: str) -> TapChangerInfo:
        """Return the tap changer that a control moves."""
        infos = {info.name: info for info in self._feeder.tap_changers}
        return _found(infos, self.terminal(device).transformer or "", "tap changer")

    def travel(self, device: str) -> tuple[int, int]:
        """Return the lowest and the highest position of the tap changer that a control moves."""
        info = self.tap_changer(device)
        return info.min_position, info.max_position

    def capacitor(self, device: str) -> CapacitorInfo:
        """Return the bank that a control switches."""
        infos = {info.name: info for info in self._feeder.capacitors}
        return _found(infos, self.terminal(device).capacitor or "", "capacitor bank")

    def metered_nodes(self, device: str) -> tuple[Indices | None, float]:
        """Return two nodes that a meter senses where it is behind no service, and the ratio of its PTs.

        That of a feeder senses them behind the transformer, that of a plant at the plant's own terminals.
        """
        at, place = self.of_meter(device)
        if at == "services" or (at == "generation" and self.sites[place].service):
            return None, 1.0
        sensed = self.tap_changer(device) if at == "feeder" else self.sites[place]
        nodes = self._feeder.node_indices(sensed.bus, sensed.nodes[:2])
        return nodes, self._base_v(sensed.bus, sensed.nodes) / SECONDARY_V

    def tap_sensing(self, device: str) -> InstrumentTransformers:
        """Return the instrument transformers of a tap changer's control, those of the deck's own where it has one."""
        info = self.tap_changer(device)
        if info.settings is None:
            return self._to_120_v(info.bus, info.nodes)
        return InstrumentTransformers(info.settings.pt_ratio, info.settings.ct_ratio)

    def drop_ohm(self, device: str) -> complex:
        """Return the line-drop compensation of a tap changer's control, V of drop per A of secondary current."""
        settings = self.tap_changer(device).settings
        return complex(settings.ldc_r_v, settings.ldc_x_v) / CT_SECONDARY_A if settings else 0j

    def bank_sensing(self, device: str) -> InstrumentTransformers:
        """Return the instrument transformers of a bank's control: what brings its phase voltage to 120 V, and 700:5 A.

        The deck's ratios are of no use here: its VAR thresholds are in primary kvar, and often it has 1:1.
        """
        info = self.capacitor(device)
        return self._to_120_v(info.bus, info.nodes)

    def _to_120_v(self, bus: str, nodes: tuple[int, ...]) -> InstrumentTransformers:
        return InstrumentTransformers(float(round(self._base_v(bus, nodes) / SECONDARY_V)), CT_RATIO)

    def _base_v(self, bus: str, nodes: tuple[int, ...]) -> float:
        """Return the nominal voltage of a phase to neutral."""
        return self._feeder.base_kv(bus, nodes[:1]) * 1000.0

    def position(self, device: str) -> int:
        """Return the tap in service."""
        return self._feeder.taps[self.tap_changer(device).name]

    def is_closed(self, device: str) -> bool:
        """Return whether a bank is closed."""
        return self._feeder.capacitor_states[self.capacitor(device).name]

    def of_meter(self, device: str) -> tuple[Place, int]:
        """Return what a single meter measures, a service or a generation site, and its number; of a feeder none."""
        terminal = self.terminal(device)
        if terminal.transformer is not None:
            return "feeder", 0
        if terminal.service is None:
            return "generation", self._numbers[self._connected(self.site(device).name)]
        services = {service.name: number for number, service in enumerate(self._feeder.services)}
        return "services", _found(services, terminal.service, "service")

    def load_kva(self, service: int) -> float:
        """Return the nominal load of a service."""
        loads = [load.name.lower() for load in self._feeder.loads]
        number = loads.index(self._feeder.services[service].load.lower())
        return float(np.hypot(self._feeder.nominal_kw[number], self._feeder.nominal_kvar[number]))

    def der_credit_meters(self) -> dict[str, str]:
        """Return, by DER, the meter at the place where it delivers.

        A battery on a DC link goes by its own name, and its inverter has none then: what is counted is their sum.
        """
        at = {self.of_meter(meter): meter for meter in self._meters}
        storage = {inverter: battery for battery, inverter in self._behind_inverter.items()}
        found = {storage.get(der, der): ("generation", self._numbers[self.site(der).name]) for der in self._der}
        return {der: at[place] for der, place in found.items() if place in at}

    def _connected(self, site: str) -> str:
        """Name the site at which power flows: a battery on a DC link has none of its own."""
        inverter = self._behind_inverter.get(site)
        return site if inverter is None else self.site(inverter).name

    def metered(self, at: Place) -> list[int]:
        """Return the numbers of all services, or of all PV sites that are behind one."""
        if at == "services":
            return list(range(len(self._feeder.services)))
        return [number for number, site in enumerate(self.sites) if site.kind == "pv" and site.service]


def _site_at_bus(bench: BenchFile, feeder: Feeder, terminal: Terminal) -> Site:
    """Make a site of `bus` or `bus.1.2`: an inverter of the emulated rating, on the bus's own base voltage."""
    bus, _, listed = (terminal.bus or "").partition(".")
    nodes = tuple(int(node) for node in listed.split(".")) if listed else terminal.phases or PHASES
    rating_kva = bench.devices[terminal.device].rated_kva * terminal.power_scale
    return Site(terminal.device, "pv", "customer", bus, nodes, feeder.base_kv(bus, nodes), rating_kva, 0.0, "")


def _found(items: Mapping[str, T], name: str, what: str) -> T:
    if not name:
        raise ConfigError(f"a terminal lacks its {what}")
    return known({key.lower(): value for key, value in items.items()}, name, what)
