"""Puts the actors of the use case on the bus, with the drivers and models that each may use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
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
from bench.assembly.actor_faults import ForgetfulControls, Reach, misbehave
from bench.assembly.customer_cast import CustomerSide, make_customer_side
from bench.assembly.defects import Defects
from bench.assembly.der_sites import der_register, der_sites, utility_storage
from bench.assembly.outside import OutsideSystems
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
from bench.outside.field import Field
from bench.outside.protocol import Begin
from bench.stage import Cast
from bench.system_faults import LINKS

PREMISE_LATENCY_S = 0.2
SCADA_LATENCY_S = 0.5
ENTERPRISE_LATENCY_S = 0.05
"""Engineering values for a premise radio, a SCADA poll and an enterprise bus."""

WITHIN = "within one system"
"""What a system tells itself goes over no link that could fail."""

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


def make_route(config: BenchFile, clock: Clock, defects: Defects) -> Callable[[Party, Party], Link]:
    """Choose the link between two actors: site, shared AMI network, SCADA, or the enterprise bus."""
    ami = config.ami
    settings = AmiLinkSettings(ami.latency_s, ami.bandwidth_bps, ami.loss_probability, ami.retries, queue=ami.queue)
    disturbed = {name: defects.disturbance(name) for name in LINKS}
    air: Link = AmiLink(clock, settings, defects.seed, disturbed["ami"])
    latency_s = {"premise_network": PREMISE_LATENCY_S, "scada": SCADA_LATENCY_S, "enterprise_bus": ENTERPRISE_LATENCY_S}
    fixed = {key: FixedLatency(clock, wait_s, LINKS[key], disturbed[key]) for key, wait_s in latency_s.items()}
    within = FixedLatency(clock, ENTERPRISE_LATENCY_S, WITHIN)
    orders = FixedLatency(clock, SCADA_LATENCY_S, LINKS["scada"], defects.of_written("scada"))

    def route(producer: Party, receiver: Party) -> Link:
        if producer is receiver:
            return within
        if receiver in ON_SCADA:  # the DMS has written it into the control before it tells of it
            return orders
        ends = {producer, receiver}
        for parties, link in ((ON_SITE, fixed["premise_network"]), (ON_AIR, air), (ON_SCADA, fixed["scada"])):
            if ends & parties:
                return link
        return fixed["enterprise_bus"]

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
    defects: Defects,
    outside: OutsideSystems,
) -> Cast:
    """Make all actors, their own processes, and what people do; some of the actors misbehave where they are to.

    Systems that are outside take the places of theirs.
    """
    sites = der_sites(config, drivers, places)
    reach = Reach(side.premises, side.appliances, {name: site.rating_kw for name, site in sites.items()})
    misbehave(bus, defects, reach)
    casting = _Casting(config, bus, drivers, places, evidence.citing, sites, defects)
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
    cast = Cast(
        actors=(
            *(radios, *metering, *applications, *casting.equipment()),
            *(energy_management, wholesale, *customer_actors),
        ),
        processes=(radios.watch(), radios.report(), *studies),
        people={**_people(operations, wholesale), **customers_do},
    )
    return outside.taking_places(cast, bus, casting.begin(side.meter_pct), casting.field(side.meter_pct))


@dataclass(frozen=True)
class _Casting:
    """What the utility's own actors are made of."""

    config: BenchFile
    bus: Bus
    drivers: Mapping[str, Any]
    places: FeederPlaces
    citing: Citing
    sites: Mapping[str, DerSite]
    defects: Defects

    @cached_property
    def scada(self) -> Scada:
        """What reads the utility's equipment over the SCADA link."""
        drivers = self.defects.behind("scada", self.drivers, self.bus)
        in_front = self.config.behind_inverter
        storage = {
            name: replace(site, inverter=drivers[in_front[name]], battery=drivers[name])
            for name, site in utility_storage(self.sites).items()
        }
        return make_scada(self.config, drivers, self.places, storage)

    @cached_property
    def on_site(self) -> Scada:
        """The same equipment, for whoever stands beside it."""
        return make_scada(self.config, self.drivers, self.places, utility_storage(self.sites))

    def metering(self, meters: tuple[str, ...], side: CustomerSide) -> tuple[NetMeters, Actor, Actor, Actor]:
        """Make the meters' radios, the network that they are on, and the system that keeps their data."""
        ami, der_meters = self.config.ami, self.places.der_credit_meters()
        settings = MeteringSettings(
            ami.event_poll_s, ami.read_air_time_s, ami.scheduled_read_s, ami.call_read_s, ami.read_spacing_s
        )
        net = {name: self.drivers[name] for name in meters}
        credit = {name: self.drivers[name] for name in (*side.credit_meters, *der_meters.values())}
        net_on_air, credit_on_air = (self.defects.behind("ami", group, self.bus) for group in (net, credit))
        return (
            NetMeters(self.bus, net, self.citing, settings),
            AmiNetwork(self.bus, net_on_air, credit_on_air, side.enrolled, self.citing, settings),
            CreditMeters(self.bus, credit, self.citing),
            MeterDataManagement(self.bus, side.store, der_meters),
        )

    @cached_property
    def dispatch(self) -> DispatchSettings:
        """What the application chooses by."""
        section = self.config.actors.der_automation
        return DispatchSettings(margin_v=section.margin_v, duration_s=section.duration_s, compute_s=section.compute_s)

    def telemetry(self, meter_pct: float) -> ResourceTelemetry:
        """Return what the DMS may read of the resources by itself."""
        return ResourceTelemetry(
            read_states=lambda: tuple(map(look_at, self.sites.values())),
            read_load_kw=self.scada.read_load_kw,
            credit_meters=self.places.der_credit_meters(),
            head_uncertainty=meter_pct / 100.0,
        )

    def begin(self, meter_pct: float) -> Begin:
        """Return what a system that is outside is told when a scenario begins."""
        return Begin(
            bench=self.config.bench,
            capacitors=tuple(self.scada.capacitors),
            tap_changers=tuple(self.scada.tap_changers),
            credit_meters=dict(self.places.der_credit_meters()),
            lowest_v=self.dispatch.lower_v,
            head_uncertainty=meter_pct / 100.0,
        )

    def field(self, meter_pct: float) -> Field:
        """Return what a DMS that is outside reads and operates."""
        telemetry = self.telemetry(meter_pct)
        return Field(self.scada.read, telemetry.read_states, telemetry.read_load_kw, self._controls(), self.citing)

    def applications(self, network: ForecastModel, meter_pct: float) -> tuple[Actor, Actor]:
        """Make the DMS and the DER automation application, with the register of all DER."""
        dispatch, planning, settings = self.config.actors.der_automation, self.config.actors.planning, self.dispatch
        telemetry = self.telemetry(meter_pct)
        register = der_register(self.config, self.places, self.sites, planning)
        plan = PlanningSettings(planning.compute_s, planning.reserve_pu)
        controls = self._controls()
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

    def _controls(self) -> ScadaControls:
        """Make the DMS's way to the controls, a forgetful one where it has that fault."""
        controls = ScadaControls(self.scada.capacitors, self.scada.tap_changers)
        if not self.defects.has("dms"):
            return controls
        forgets = partial(self.defects.of("dms").active, "forgets-the-block")
        return ForgetfulControls(controls, lambda: forgets(self.bus.clock.now_s) is not None)

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
            CapacitorControls(bus, self.on_site.capacitors, citing, actors.status_after_s),
            TapChangerControls(bus, self.on_site.tap_changers, citing, actors.status_after_s),
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
