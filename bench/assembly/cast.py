"""Puts the actors of the use case on the bus, with the drivers and models that each may use."""

from collections.abc import Callable, Mapping
from typing import Any

from bench.actors.der_automation import DerAutomation
from bench.actors.dms import DistributionManagement
from bench.actors.field_control import CapacitorControls, ScadaControls, TapChangerControls
from bench.actors.meter_data import MeterDataManagement
from bench.actors.metering import AmiNetwork, MeteringSettings, NetMeters
from bench.actors.operators import DistributionOperations
from bench.actors.scada import Scada
from bench.actors.site import PremiseInterface, StorageSite, UtilityBattery, UtilityInverter
from bench.assembly.customer_cast import CustomerSide, make_customer_side
from bench.assembly.places import FeederPlaces
from bench.bus import Bus
from bench.clock import Clock
from bench.config import BenchFile
from bench.dispatch.assets import DispatchSettings
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


def storage_sites(config: BenchFile, drivers: Mapping[str, Any], places: FeederPlaces) -> dict[str, StorageSite]:
    """Return the utility's storage by battery: what its DMS may command."""
    sites = {}
    for battery, inverter in config.behind_inverter.items():
        if places.site(inverter).owner == "utility":
            scale = places.terminal(inverter).power_scale
            rating_kw = drivers[battery].read_nameplate().p_max_w * scale / 1000.0
            sites[battery] = StorageSite(battery, drivers[inverter], drivers[battery], scale, rating_kw)
    return sites


def make_scada(
    config: BenchFile, drivers: Mapping[str, Any], places: FeederPlaces, storage: Mapping[str, StorageSite]
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


def make_cast(
    config: BenchFile,
    bus: Bus,
    drivers: Mapping[str, Any],
    places: FeederPlaces,
    meters: tuple[str, ...],
    network: ForecastModel,
    side: CustomerSide,
    evidence: Evidence,
) -> Cast:
    """Make all actors, their own processes, and what people do."""
    citing = evidence.citing
    ami = config.ami
    metering = MeteringSettings(ami.event_poll_s, ami.read_air_time_s, ami.scheduled_read_s, ami.call_read_s)
    net_meters = {name: drivers[name] for name in meters}
    radios = NetMeters(bus, net_meters, citing, metering)
    storage = storage_sites(config, drivers, places)
    scada = make_scada(config, drivers, places, storage)
    controls = ScadaControls(scada.capacitors, scada.tap_changers)
    order = config.actors.operations
    operations = DistributionOperations(bus, order.reduction_kw, order.duration_s)
    status_after_s = config.actors.status_after_s
    dispatch = config.actors.der_automation
    settings = DispatchSettings(
        margin_v=dispatch.margin_v, duration_s=dispatch.duration_s, compute_s=dispatch.compute_s
    )
    customer_actors, customers_do = make_customer_side(config.actors, bus, side, drivers, evidence)
    credit_meters = {name: drivers[name] for name in side.credit_meters}
    return Cast(
        actors=(
            radios,
            AmiNetwork(bus, net_meters, credit_meters, side.enrolled, citing, metering),
            MeterDataManagement(bus, side.store),
            DistributionManagement(bus, scada.read, controls, citing, scada.read_load_kw, settings.lower_v),
            DerAutomation(bus, network, settings, ReviewSettings(**vars(dispatch.review)) if dispatch.review else None),
            PremiseInterface(bus, storage, citing),
            UtilityInverter(bus, storage, citing),
            UtilityBattery(bus, storage, citing, status_after_s),
            CapacitorControls(bus, scada.capacitors, citing, status_after_s),
            TapChangerControls(bus, scada.tap_changers, citing, status_after_s),
            *customer_actors,
        ),
        processes=(radios.watch(), radios.report()),
        people={
            "1.1.4": operations.acknowledge_alert,
            "1.2": operations.begin_automation,
            "1.14.4": operations.acknowledge_alert,
            "1.16": operations.review_condition,
            "1.17": operations.order_demand_response,
            **customers_do,
        },
    )


def _is_utility_pv(places: FeederPlaces, device: str) -> bool:
    site = places.site(device)
    return site.owner == "utility" and site.kind == "pv"
