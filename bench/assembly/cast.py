"""Puts the actors of the use case on the bus, with the drivers and models that each may use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bench.actors.base import Actor
from bench.actors.der_automation import DerAutomation
from bench.actors.dms import DistributionManagement
from bench.actors.energy_management import GridTelemetry, HeadForecast
from bench.actors.field_control import CapacitorControls, ScadaControls, TapChangerControls
from bench.actors.meter_data import MeterDataManagement
from bench.actors.meter_reading import CreditMeters
from bench.actors.metering import AmiNetwork, MeteringSettings, NetMeters
from bench.actors.operators import DistributionOperations
from bench.actors.resource_dispatch import ResourceTelemetry
from bench.actors.resource_planning import PlanningSettings, ResourcePlanning
from bench.actors.scada import Scada
from bench.actors.site import Citing, DerSite, PremiseInterface, SiteDevice, SiteInverter, look_at
from bench.actors.wholesale import WholesalePower
from bench.assembly.customer_cast import CustomerSide, make_customer_side
from bench.assembly.der_sites import der_register, der_sites, utility_storage
from bench.assembly.places import FeederPlaces
from bench.assembly.planning_cast import make_energy_management
from bench.bus import Bus
from bench.clock import Clock
from bench.config import BenchFile
from bench.dispatch.assets import DispatchSettings
from bench.dispatch.eligibility import ResourceClass
from bench.dispatch.network import ForecastModel
from bench.dispatch.review import ReviewSettings
from bench.evidence import Evidence
from bench.links import AmiLink, AmiLinkSettings, FixedLatency, Link
from bench.messages.names import Party
from bench.stage import Cast

PREMISE_LATENCY_S = 0.2
SCADA_LATENCY_S = 0.5
ENTERPRISE_LATENCY_S = 0.05
"""Engineering values for a premise radio, a SCADA poll and an enterprise bus."""

ON_AIR = frozenset({Party.NET_METER, Party.CREDIT_METER, Party.PREMISE_INTERFACE})
ON_SITE = frozenset(
    {
        Party.UTILITY_INVERTER,
        Party.UTILITY_BATTERY,
        Party.UTILITY_GENERATION,
        Party.CUSTOMER_INVERTER,
        Party.CUSTOMER_BATTERY,
        Party.CUSTOMER_GENERATION,
        Party.CUSTOMER_ENERGY,
        Party.CUSTOMER_DISPLAY,
    }
)
ON_SCADA = frozenset({Party.CAPACITOR_CONTROLS, Party.TAP_CHANGER_CONTROLS})


def make_route(config: BenchFile, clock: Clock, seed: int) -> Callable[[Party, Party], Link]:
    """Choose the link between two actors: site, shared AMI network, SCADA, or the enterprise bus."""
    ami = config.ami
    settings = AmiLinkSettings(ami.latency_s, ami.bandwidth_bps, ami.loss_probability, ami.retries, queue=ami.queue)
    air: Link = AmiLink(clock, settings, seed)
    premise, scada = FixedLatency(clock, PREMISE_LATENCY_S), FixedLatency(clock, SCADA_LATENCY_S)
    enterprise = FixedLatency(clock, ENTERPRISE_LATENCY_S)

    def route(producer: Party, receiver: Party) -> Link:
        ends = {producer, receiver}
        for parties, link in ((ON_SITE, premise), (ON_AIR, air), (ON_SCADA, scada)):
            if ends & parties:
                return link
        return enterprise

    return route


def make_scada(
    config: BenchFile, drivers: Mapping[str, Any], places: FeederPlaces, storage: Mapping[str, DerSite]
) -> Scada:
    """Give SCADA the drivers of all utility equipment by kind."""
    roles = {name: device.role for name, device in config.devices.items()}
    plants = {
        terminal.device: (drivers[terminal.device], terminal.power_scale)
        for terminal in config.terminals.values()
        if roles[terminal.device] == "inverter" and _is_utility_pv(places, terminal.device)
    }
    return Scada(
        storage=storage,
        plants=plants,
        tap_changers={name: drivers[name] for name, role in roles.items() if role == "load_tap_changer"},
        capacitors={name: drivers[name] for name, role in roles.items() if role == "capacitor_bank"},
        feeder_meters={
            terminal.device: drivers[terminal.device]
            for terminal in config.terminals.values()
            if roles[terminal.device] == "meter" and terminal.transformer is not None
        },
    )


@dataclass(frozen=True)
class ControlCentre:
    """What the control centre may use: a forecast of the feeder's head, and the telemetry of the transmission grid."""

    forecast: HeadForecast
    grid: GridTelemetry


def make_cast(
    config: BenchFile,
    bus: Bus,
    drivers: Mapping[str, Any],
    places: FeederPlaces,
    meters: tuple[str, ...],
    network: ForecastModel,
    side: CustomerSide,
    centre: ControlCentre,
    evidence: Evidence,
) -> Cast:
    """Make all actors, their own processes, and what people do."""
    casting = _Casting(config, bus, drivers, places, evidence.citing, der_sites(config, drivers, places))
    radios, *metering = casting.metering(meters, side)
    energy_management, studies = make_energy_management(
        config.actors.energy_management,
        config.environment.start_hour,
        bus,
        centre.forecast,
        casting.scada.read_load_kw,
        centre.grid,
        evidence,
    )
    order = config.actors.operations
    operations = DistributionOperations(bus, order.reduction_kw, order.duration_s)
    wholesale = WholesalePower(bus, config.actors.wholesale.may_override)
    customer_actors, customers_do = make_customer_side(config.actors, bus, side)
    applications = casting.applications(network, side.meter_pct)
    return Cast(
        actors=(
            *(radios, *metering, *applications, *casting.equipment()),
            *(energy_management, wholesale, *customer_actors),
        ),
        processes=(radios.watch(), radios.report(), *studies),
        people={**_people(operations, wholesale), **customers_do},
    )


@dataclass(frozen=True)
class _Casting:
    """What the utility's own actors are made of."""

    config: BenchFile
    bus: Bus
    drivers: Mapping[str, Any]
    places: FeederPlaces
    citing: Citing
    sites: Mapping[str, DerSite]

    @cached_property
    def scada(self) -> Scada:
        """What reads the utility's equipment."""
        return make_scada(self.config, self.drivers, self.places, utility_storage(self.sites))

    def metering(self, meters: tuple[str, ...], side: CustomerSide) -> tuple[NetMeters, Actor, Actor, Actor]:
        """Make the meters' radios, the network that they are on, and the system that keeps their data."""
        ami, der_meters = self.config.ami, self.places.der_credit_meters()
        settings = MeteringSettings(
            ami.event_poll_s, ami.read_air_time_s, ami.scheduled_read_s, ami.call_read_s, ami.read_spacing_s
        )
        net = {name: self.drivers[name] for name in meters}
        credit = {name: self.drivers[name] for name in (*side.credit_meters, *der_meters.values())}
        return (
            NetMeters(self.bus, net, self.citing, settings),
            AmiNetwork(self.bus, net, credit, side.enrolled, self.citing, settings),
            CreditMeters(self.bus, credit, self.citing),
            MeterDataManagement(self.bus, side.store, der_meters),
        )

    def applications(self, network: ForecastModel, meter_pct: float) -> tuple[Actor, Actor]:
        """Make the DMS and the DER automation application, with the register of all DER."""
        dispatch, planning = self.config.actors.der_automation, self.config.actors.planning
        settings = DispatchSettings(
            margin_v=dispatch.margin_v, duration_s=dispatch.duration_s, compute_s=dispatch.compute_s
        )
        telemetry = ResourceTelemetry(
            read_states=lambda: tuple(map(look_at, self.sites.values())),
            read_load_kw=self.scada.read_load_kw,
            credit_meters=self.places.der_credit_meters(),
            head_uncertainty=meter_pct / 100.0,
        )
        register = der_register(self.config, self.places, self.sites, planning)
        plan = PlanningSettings(planning.compute_s, planning.reserve_pu)
        controls = ScadaControls(self.scada.capacitors, self.scada.tap_changers)
        read_load_kw = self.scada.read_load_kw
        return (
            DistributionManagement(
                self.bus, self.scada.read, controls, self.citing, read_load_kw, settings.lower_v, telemetry
            ),
            DerAutomation(
                self.bus,
                network,
                settings,
                lambda actor: ResourcePlanning(actor, register, telemetry.read_states, self.citing, plan),
                ReviewSettings(**vars(dispatch.review)) if dispatch.review else None,
            ),
        )

    def equipment(self) -> list[Actor]:
        """Make the radios at the sites, and the adapters of inverters, of what is behind them, and of controls."""
        bus, citing, actors = self.bus, self.citing, self.config.actors
        after_s = {
            ResourceClass.UTILITY_STORAGE: actors.status_after_s,
            ResourceClass.CUSTOMER_STORAGE: actors.status_after_s,
            ResourceClass.UTILITY_GENERATION: actors.generator_status_after_s,
            ResourceClass.CUSTOMER_GENERATION: actors.generator_status_after_s,
        }
        devices = {group: SiteDevice(bus, group, self.sites, citing, after_s[group]) for group in ResourceClass}
        behind = {
            Party.UTILITY_INVERTER: devices[ResourceClass.UTILITY_GENERATION],
            Party.CUSTOMER_INVERTER: devices[ResourceClass.CUSTOMER_GENERATION],
        }
        inverters = [SiteInverter(bus, party, self.sites, citing, device) for party, device in behind.items()]
        return [
            *(PremiseInterface(bus, self.sites, citing), *inverters, *devices.values()),
            CapacitorControls(bus, self.scada.capacitors, citing, actors.status_after_s),
            TapChangerControls(bus, self.scada.tap_changers, citing, actors.status_after_s),
        ]


def _people(operations: DistributionOperations, wholesale: WholesalePower) -> dict[str, Callable[[], None]]:
    """Return what operators and the wholesale desk do, by row."""
    desk = operations.desk
    return {
        "1.1.4": operations.acknowledge_alert,
        "1.2": operations.begin_automation,
        "1.14.4": operations.acknowledge_alert,
        "1.16": operations.review_condition,
        "1.17": operations.order_demand_response,
        "2.2.1": desk.confirm_required,
        "2.2.2": desk.confirm_to_control_centre,
        "2.6": desk.ask_for_reduction,
        "2.6.1": wholesale.authorize_reduction,
        "3.2.3": desk.confirm_available,
        "3.8": desk.ask_for_reduction,
        "3.8.1": wholesale.authorize_reduction,
    }


def _is_utility_pv(places: FeederPlaces, device: str) -> bool:
    site = places.site(device)
    return site.owner == "utility" and site.kind == "pv"
