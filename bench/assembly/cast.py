"""Puts the actors of the use case on the bus, with the drivers and models that each may use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from bench.actors.site import Citing, DerSite, PremiseInterface, SiteDevice, SiteInverter, read_state
from bench.actors.wholesale import WholesalePower
from bench.assembly.customer_cast import CustomerSide, make_customer_side
from bench.assembly.der_sites import der_register, der_sites, utility_storage
from bench.assembly.places import FeederPlaces
from bench.assembly.planning_cast import make_energy_management
from bench.bus import Bus
from bench.clock import Clock
from bench.config import ActorsSection, BenchFile, DispatchSection
from bench.dispatch.assets import DispatchSettings
from bench.dispatch.eligibility import ResourceClass
from bench.dispatch.network import ForecastModel
from bench.dispatch.review import ReviewSettings
from bench.evidence import Evidence
from bench.links import AmiLink, AmiLinkSettings, FixedLatency, Link
from bench.names import Party
from bench.story import Cast

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
    citing, actors, ami = evidence.citing, config.actors, config.ami
    metering = MeteringSettings(
        ami.event_poll_s, ami.read_air_time_s, ami.scheduled_read_s, ami.call_read_s, ami.read_spacing_s
    )
    net_meters = {name: drivers[name] for name in meters}
    radios = NetMeters(bus, net_meters, citing, metering)
    sites = der_sites(config, drivers, places)
    der_meters = places.der_credit_meters()
    scada = make_scada(config, drivers, places, utility_storage(sites))
    operations = DistributionOperations(bus, actors.operations.reduction_kw, actors.operations.duration_s)
    wholesale = WholesalePower(bus, actors.wholesale.may_override)
    settings = _dispatch_settings(actors.der_automation)
    customer_actors, customers_do = make_customer_side(actors, bus, side)
    credit = {name: drivers[name] for name in (*side.credit_meters, *der_meters.values())}
    telemetry = ResourceTelemetry(
        read_states=lambda: tuple(map(read_state, sites.values())),
        read_load_kw=scada.read_load_kw,
        credit_meters=der_meters,
        head_uncertainty=side.meter_pct / 100.0,
    )
    register = der_register(config, places, sites, actors.planning)
    plan_settings = PlanningSettings(actors.planning.compute_s, actors.planning.reserve_pu)
    energy_management, studies = make_energy_management(
        actors.energy_management,
        config.environment.start_hour,
        bus,
        centre.forecast,
        scada.read_load_kw,
        centre.grid,
        evidence,
    )
    controls = ScadaControls(scada.capacitors, scada.tap_changers)
    return Cast(
        actors=(
            radios,
            AmiNetwork(bus, net_meters, credit, side.enrolled, citing, metering),
            CreditMeters(bus, credit, citing),
            MeterDataManagement(bus, side.store, der_meters),
            DistributionManagement(bus, scada.read, controls, citing, scada.read_load_kw, settings.lower_v, telemetry),
            DerAutomation(
                bus,
                network,
                settings,
                lambda actor: ResourcePlanning(actor, register, telemetry.read_states, citing, plan_settings),
                ReviewSettings(**vars(actors.der_automation.review)) if actors.der_automation.review else None,
            ),
            *_site_actors(bus, sites, citing, actors),
            CapacitorControls(bus, scada.capacitors, citing, actors.status_after_s),
            TapChangerControls(bus, scada.tap_changers, citing, actors.status_after_s),
            energy_management,
            wholesale,
            *customer_actors,
        ),
        processes=(radios.watch(), radios.report(), *studies),
        people={**_people(operations, wholesale), **customers_do},
    )


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


def _site_actors(bus: Bus, sites: Mapping[str, DerSite], citing: Citing, settings: ActorsSection) -> list[Actor]:
    """Make the radios, and the adapters of inverters and of what is behind them."""
    after_s = {
        ResourceClass.UTILITY_STORAGE: settings.status_after_s,
        ResourceClass.CUSTOMER_STORAGE: settings.status_after_s,
        ResourceClass.UTILITY_GENERATION: settings.generator_status_after_s,
        ResourceClass.CUSTOMER_GENERATION: settings.generator_status_after_s,
    }
    devices = {group: SiteDevice(bus, group, sites, citing, after_s[group]) for group in ResourceClass}
    behind = {
        Party.UTILITY_INVERTER: devices[ResourceClass.UTILITY_GENERATION],
        Party.CUSTOMER_INVERTER: devices[ResourceClass.CUSTOMER_GENERATION],
    }
    inverters = [SiteInverter(bus, party, sites, citing, generation) for party, generation in behind.items()]
    return [PremiseInterface(bus, sites, citing), *inverters, *devices.values()]


def _dispatch_settings(section: DispatchSection) -> DispatchSettings:
    return DispatchSettings(margin_v=section.margin_v, duration_s=section.duration_s, compute_s=section.compute_s)


def _is_utility_pv(places: FeederPlaces, device: str) -> bool:
    site = places.site(device)
    return site.owner == "utility" and site.kind == "pv"
