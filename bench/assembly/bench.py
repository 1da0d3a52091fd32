"""Puts a scenario together from a bench file: emulators, drivers, plant, actors, matcher."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bench.actors.der_automation import DerAutomation, DispatchSettings
from bench.actors.dms import DistributionManagement
from bench.actors.metering import AmiNetwork, MeterDataManagement, MeteringSettings, NetMeters
from bench.actors.operators import DistributionOperations
from bench.actors.site import (
    PremiseInterface,
    StorageSite,
    UtilityBattery,
    UtilityInverter,
    read_storage_state,
)
from bench.assembly.drivers import DriverRack
from bench.assembly.emulation import EmulatedEquipment, MeterGroup, bus_nodes
from bench.assembly.resources import parse_resource
from bench.bus import Bus
from bench.clock import make_clock
from bench.config import BenchFile, Terminal
from bench.evidence import Evidence
from bench.faults import Fault
from bench.feeder.engine import Feeder
from bench.feeder.model import Floats, InjectionSite
from bench.feeder.sites import Site, load_sites
from bench.feeder_models import ApplicationModel, Bindings, IndependentPowerFlow, SettledFeeder
from bench.feeder.volt_var import LoopGain, loop_gain
from bench.links import AmiLink, AmiLinkSettings, FixedLatency, Link
from bench.messages import AssetCommand, EquipmentState
from bench.measurement import PowerReading
from bench.names import Party
from bench.plant import Equipment, Plant, PlantState
from bench.range_a import RangeASettings, ServiceVoltages
from bench.safety import SafetyChain, refuse_real_equipment
from bench.series import SeriesRecorder
from bench.story import Cast, Story, Timing
from bench.terminals import DirectTerminal, MeasuredTerminal, TerminalPlace
from bench.terminals import Terminal as PlantTerminal
from bench.use_case.conformance import Conformance
from bench.use_case.judge import PlantJudge, Wiring
from bench.use_case.model import UseCase
from bench.use_case.order import RowOrder
from bench.weather import StagedWeather, make_weather
from instruments.errors import ConfigError, IdentityMismatch
from instruments.readings import Identity
from reports.run_directory import RunWriter

COUPLING_DELAY_STEPS = 1
"""The equipment meets the voltages of the step before: one exchange of delay in the volt-var loop."""

METER_GUARD_V = 0.05
"""What rounding in registers adds to a meter's class, V."""


class BenchAssembly:
    """Everything of one scenario, opened and identified; a context manager that makes safe and closes it all."""

    def __init__(self, bench: BenchFile, use_case: UseCase, writer: RunWriter, scenario: str, seed: int) -> None:
        """Open the feeder, serve the emulators, open the drivers and identify the devices.

        Raises ConfigError, TransportError or IdentityMismatch; what was opened by then is closed again.
        """
        refuse_real_equipment([name for name, device in bench.devices.items() if device.emulate is None])
        self.config, self._use_case, self._seed = bench, use_case, seed
        self.scenario = scenario
        self.clock = make_clock(bench.clock.mode, bench.clock.slip_tolerance_s)
        self.evidence = Evidence(writer, self.clock, scenario)
        self.safety = SafetyChain()
        self.rack = DriverRack()
        self.drivers: dict[str, Any] = {}
        self.identities: dict[str, Identity] = {}
        self._feeders: list[Feeder] = []
        self._emulated: EmulatedEquipment | None = None
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def close(self) -> dict[str, str]:
        """Make everything safe, then close it; return the devices whose safe state could not be proven, with why."""
        failures = self.safety.make_safe()
        self.rack.close()
        if self._emulated:
            self._emulated.close()
        while self._feeders:
            self._feeders.pop().close()
        return failures

    def inject(self, faults: Sequence[Fault]) -> None:
        """Make devices defective; raises ConfigError for a target or kind that there is not."""
        for fault in faults:
            self.emulated.inject(fault.target, fault.kind, fault.value, fault.start_s, fault.end_s)

    @property
    def emulated(self) -> EmulatedEquipment:
        """The emulated equipment, once opened."""
        if self._emulated is None:
            raise ConfigError("the bench is not open")
        return self._emulated

    def story(self, rows: Sequence[str], variant: str | None) -> Story:
        """Put plant, actors and matcher together for the rows that a feature encodes."""
        order = RowOrder(self._use_case)
        bus = Bus(self.clock, self._route(), self.evidence.message)
        voltages = ServiceVoltages(self.net_meter_names, self._range_a())
        power_flow = IndependentPowerFlow(self._settled_feeder(), self.weather, self.bindings)
        field = PlantField(self.plant, self.terminals, power_flow, self.config)
        judge = PlantJudge(voltages, field, Wiring(self._endpoint), self.evidence)
        conformance = Conformance(
            tuple(self._use_case.row(number) for number in rows),
            lambda number: order.predecessors(number, variant),
            judge,
            self.evidence,
            self.clock,
        )
        self.plant.listeners += [lambda state: voltages.take(state.time_s, state.legs_v), self.series.take]
        story = Story(
            self.clock,
            self.plant,
            bus,
            self._cast(bus),
            conformance,
            self.evidence,
            self.weather,
            Timing(self.config.clock.step_s, self._calm_s(), self.config.horizon_s),
        )
        self.plant.publish_first()
        return story

    def meter_distances_km(self) -> dict[str, float]:
        """Return how far each net meter is from the substation."""
        return dict(zip(self.net_meter_names, (s.distance_km for s in self.plant.services), strict=True))

    def _calm_s(self) -> float:
        cloud = self.config.environment.cloud
        return cloud.calm_s if cloud else 0.0

    def _open(self) -> None:
        config = self.config
        self._sites = load_sites(config.feeder.sites) if config.feeder.sites else ()
        feeder = self._open_feeder()
        self._sites = (*self._sites, *_extra_sites(config.terminals, self._sites))
        feeder.add_injections([site.injection for site in self._sites])
        self._emulated = EmulatedEquipment(config, feeder.services, self._sites, self._seed)
        self._open_drivers()
        self._identify()
        self.weather = make_weather(config.environment, len(self._sites))
        self.bindings = self._bindings(feeder)
        self.terminals = self._terminals(feeder)
        self._energize()
        self.plant = Plant(feeder, self._sites, self.terminals, self.weather, self._equipment())
        self.net_meter_names = self._meter_names("services", len(feeder.services))
        self.loop_gain = self._loop_gain()
        self.series = SeriesRecorder(self.net_meter_names, self.terminals, self._states_of_charge())

    def _open_feeder(self) -> Feeder:
        feeder = Feeder.open(self.config.feeder.model)
        self._feeders.append(feeder)
        return feeder

    def _settled_feeder(self) -> SettledFeeder:
        return SettledFeeder(self._open_feeder(), self._sites)

    def _loop_gain(self) -> LoopGain:
        """Compute the volt-var loop gain under sun and under cloud, and hold the larger against its limit."""
        model = self._settled_feeder()
        cloud = self.config.environment.cloud
        gains = []
        for share in (1.0, cloud.depth_pu if cloud else 1.0):
            p_kw = np.where(model.is_pv, model.rated_kw * share, 0.0)
            _, q_kvar = model.loop.settle(p_kw, np.zeros_like(p_kw))
            gains.append(model.loop.gain(p_kw, q_kvar))
        response_s = model.loop.population.curve.open_loop_response_s
        return loop_gain(max(gains), response_s, self.config.clock.step_s, COUPLING_DELAY_STEPS)

    def _open_drivers(self) -> None:
        addresses = {name: endpoint.resource for name, endpoint in self.emulated.endpoints.items()}
        for name, device in self.config.devices.items():
            resource = addresses.get(name) or parse_resource(device.resource)
            self.drivers[name] = self.rack.open(name, device, resource, self.evidence.observer(name))
        for fleet in self.config.fleets.values():
            meter = _meter_of(fleet.driver)
            for name in (n for n in addresses if n.startswith(f"{fleet.prefix}_") and n not in self.drivers):
                self.drivers[name] = self.rack.open(name, meter, addresses[name], self.evidence.observer(name))

    def _identify(self) -> None:
        for name, device in self.config.devices.items():
            found = self.drivers[name].identify()
            self.identities[name] = found
            wanted = device.identity.model_dump(exclude_none=True) if device.identity else {}
            wrong = [f"{key} is {getattr(found, key)!r}, not {value!r}" for key, value in wanted.items()]
            wrong = [text for text, (key, value) in zip(wrong, wanted.items(), strict=True) if getattr(found, key) != value]
            if wrong:
                raise IdentityMismatch(f"{name} at {device.resource} is another device: {'; '.join(wrong)}")

    def _bindings(self, feeder: Feeder) -> Bindings:
        """Bind storage to the site of its terminal, its own or that of the inverter in front of it."""
        at = {terminal.device: terminal.site for terminal in self.config.terminals.values() if terminal.site}
        sites = {battery: at[inverter] for battery, inverter in self._storage().items() if inverter in at}
        taps = {d: info.name for d, info in zip(self._role("load_tap_changer"), feeder.tap_changers, strict=False)}
        banks = {d: info.name for d, info in zip(self._role("capacitor_bank"), feeder.capacitors, strict=False)}
        return Bindings({b: s for b, s in sites.items() if s is not None}, taps, banks)

    def _storage(self) -> dict[str, str]:
        """Return each battery with the inverter that it works through."""
        return {
            device.emulate.dc_source: name
            for name, device in self.config.devices.items()
            if device.emulate and device.emulate.dc_source
        }

    def _role(self, role: str) -> list[str]:
        return [name for name, device in self.config.devices.items() if device.role == role]

    def _terminals(self, feeder: Feeder) -> dict[str, PlantTerminal]:
        """Make the terminal of every device that injects, by the name of its injection site."""
        injecting = [t for t in self.config.terminals.values() if self.config.devices[t.device].role == "inverter"]
        sites = {site.name: site for site in self._sites}
        return {name: self._terminal(feeder, t, sites[name]) for t in injecting for name in [t.site or t.device]}

    def _terminal(self, feeder: Feeder, terminal: Terminal, site: Site) -> PlantTerminal:
        place = TerminalPlace(feeder.node_indices(site.bus, site.nodes), site.injection.leg_to_leg)
        if terminal.source is None or terminal.analyzer is None:
            node = self.emulated.nodes[terminal.device]
            lock = self.emulated.host.lock

            def apply(voltage_v: tuple[float, ...], angle_deg: tuple[float, ...]) -> None:
                with lock:
                    node.apply(voltage_v, angle_deg=angle_deg)

            def power_w() -> tuple[float, float]:
                power = node.power()
                return sum(power.p_w), sum(power.q_var)

            return DirectTerminal(
                terminal.device, place, apply, power_w, terminal.power_scale, terminal.voltage_ratio
            )
        analyzer = self.config.devices[terminal.analyzer]
        uncertainty_kw = analyzer.uncertainty_pct / 100.0 * site.rating_kva
        return MeasuredTerminal(
            terminal.device,
            place,
            self.drivers[terminal.source],
            self.drivers[terminal.analyzer],
            terminal.analyzer,
            terminal.voltage_ratio,
            terminal.power_scale,
            uncertainty_kw,
        )

    def _energize(self) -> None:
        """Register what makes each device safe, then switch the sources on."""
        for name, device in self.config.devices.items():
            if device.role in {"inverter", "battery", "grid_simulator"}:
                self.safety.register(name, self.drivers[name])
        for terminal in self.config.terminals.values():
            if terminal.source is not None:
                self.drivers[terminal.source].output_on()

    def _equipment(self) -> Equipment:
        idle = {battery for battery in self._storage() if battery not in self.terminals}
        meters = [MeterView(group, self.emulated.host.lock) for group in self.emulated.meters]
        return Equipment(self.emulated.advance, self.emulated.advance_meters, meters, (), idle)

    def _meter_names(self, at: str, count: int) -> tuple[str, ...]:
        """Name the meter at each service, in the order of the services."""
        names = [""] * count
        for group in self.emulated.meters:
            for name, place in zip(group.fleet.names, group.places, strict=True):
                if group.at == at:
                    names[place] = name
        if "" in names:
            raise ConfigError(f"{names.count('')} services have no meter: add a fleet `at: services`")
        return tuple(names)

    def _range_a(self) -> RangeASettings:
        shares = [f.emulate.accuracy_pct or 0.2 for f in self.config.fleets.values()]
        guard_v = max(shares, default=0.2) / 100.0 * 126.0 + METER_GUARD_V
        return RangeASettings(self.config.range_a.interval_s, guard_v)

    def _states_of_charge(self) -> dict[str, Callable[[], float]]:
        return self.emulated.state_of_charge_pct()

    def _route(self) -> Callable[[Party, Party], Link]:
        """Choose the link between two actors: the shared AMI network, the premise radio, or the enterprise bus."""
        ami = self.config.ami
        settings = AmiLinkSettings(ami.latency_s, ami.bandwidth_bps, ami.loss_probability, ami.retries, queue=ami.queue)
        air = AmiLink(self.clock, settings, self._seed)
        premise, enterprise = FixedLatency(self.clock, 0.2), FixedLatency(self.clock, 0.05)
        field = {Party.NET_METER, Party.CREDIT_METER, Party.PREMISE_INTERFACE}
        local = {Party.UTILITY_INVERTER, Party.UTILITY_BATTERY}

        def route(producer: Party, receiver: Party) -> Link:
            if {producer, receiver} & local:
                return premise
            return air if {producer, receiver} & field else enterprise

        return route

    def _cast(self, bus: Bus) -> Cast:
        config, citing = self.config, self.evidence.citing
        metering = MeteringSettings(config.ami.event_poll_s, config.ami.read_air_time_s, config.ami.scheduled_read_s)
        meters = {name: self.drivers[name] for name in self.net_meter_names}
        net_meters = NetMeters(bus, meters, citing, metering)
        operations = DistributionOperations(bus)
        sites = self._storage_sites()
        dispatch = config.actors.der_automation
        settings = DispatchSettings(
            margin_v=dispatch.margin_v, duration_s=dispatch.duration_s, compute_s=dispatch.compute_s
        )
        forecast = make_weather(config.environment, len(self._sites))
        network = ApplicationModel(self._settled_feeder(), forecast, self.net_meter_names, self.bindings)
        return Cast(
            actors=(
                AmiNetwork(bus, meters, citing, metering),
                MeterDataManagement(bus),
                DistributionManagement(bus, lambda: self._read_equipment(sites), citing),
                DerAutomation(bus, network, settings),
                PremiseInterface(bus, sites, citing),
                UtilityInverter(bus, sites, citing),
                UtilityBattery(bus, sites, citing, config.actors.battery_status_after_s),
            ),
            processes=(net_meters.watch(), net_meters.report()),
            people={"1.1.4": operations.acknowledge_alert, "1.2": operations.begin_automation},
        )

    def _storage_sites(self) -> dict[str, StorageSite]:
        """Return the utility's storage: what its DMS may command."""
        scale = {terminal.device: terminal.power_scale for terminal in self.config.terminals.values()}
        owners = {site.name: site.owner for site in self._sites}
        sites = {}
        for battery, inverter in self._storage().items():
            if owners.get(self.bindings.sites.get(battery, "")) == "utility":
                rated_w = self.drivers[battery].read_nameplate().p_max_w
                sites[battery] = StorageSite(
                    battery,
                    self.drivers[inverter],
                    self.drivers[battery],
                    scale[inverter],
                    rated_w * scale[inverter] / 1000.0,
                )
        return sites

    def _read_equipment(self, sites: dict[str, StorageSite]) -> tuple[EquipmentState, ...]:
        """Read the utility's equipment over its own wire, as SCADA does."""
        owners = {site.name: site for site in self._sites}
        states = [read_storage_state(site) for site in sites.values()]
        for terminal in self.config.terminals.values():
            site = owners.get(terminal.site or "")
            if site is not None and site.owner == "utility" and site.kind == "pv":
                driver = self.drivers[terminal.device]
                states.append(
                    EquipmentState(
                        device=terminal.device,
                        kind="generation",
                        available=True,
                        power_kw=driver.read_ac().p_w * terminal.power_scale / 1000.0,
                        rating_kw=driver.read_nameplate().p_max_w * terminal.power_scale / 1000.0,
                    )
                )
        return tuple(states)

    def _endpoint(self, party: Party, instance: str) -> str | None:
        """Tell which device a party is, for an instance of a row."""
        if party in {Party.NET_METER, Party.CREDIT_METER}:
            return instance
        if party is Party.UTILITY_BATTERY:
            return instance
        return self._storage().get(instance) if party is Party.UTILITY_INVERTER else None


class MeterView:
    """Shows a group of emulated meters the services, or the generation, that they sit at."""

    def __init__(self, group: MeterGroup, lock: Any) -> None:
        self._group, self._lock = group, lock

    def apply(self, state: PlantState, service_of_site: Mapping[int, int], p_w: Floats, q_var: Floats) -> None:
        """Take a step; `p_w` and `q_var` are the customers' consumption, shape (services,)."""
        places = self._group.places
        with self._lock:
            if self._group.at == "services":
                legs = state.legs_v[places]
                self._group.fleet.apply(legs[:, 0], legs[:, 1], p_w[places], q_var[places])
                return
            legs = state.legs_v[[service_of_site[place] for place in places]]
            p, q = -state.site_p_kw[places] * 1000.0, -state.site_q_kvar[places] * 1000.0
            self._group.fleet.apply(legs[:, 0], legs[:, 1], p, q)


class PlantField:
    """The judge's view of plant and instruments."""

    def __init__(
        self, plant: Plant, terminals: dict[str, PlantTerminal], power_flow: IndependentPowerFlow, config: BenchFile
    ) -> None:
        self._plant, self._power_flow, self._config = plant, power_flow, config
        self._terminals = {terminal.device: terminal for terminal in terminals.values()}
        self._inverter_of = {
            device.emulate.dc_source: name
            for name, device in config.devices.items()
            if device.emulate and device.emulate.dc_source
        }
        self._scale = {terminal.device: terminal.power_scale for terminal in config.terminals.values()}

    def power(self, device: str) -> PowerReading | None:
        """Return what flows at the device's terminal, or at that of the inverter that it works through."""
        terminal = self._terminals.get(self._inverter_of.get(device, device))
        return terminal.reading() if terminal else None

    def accuracy_kw(self, device: str) -> float:
        """Return the tolerance of the bench file, of the device's rating, on the feeder's side."""
        section = self._config.devices[device]
        rating = section.emulate.rating_kva if section.emulate else None
        return section.accuracy_pct / 100.0 * (rating or 0.0) * self._scale[self._inverter_of.get(device, device)]

    def voltages_after(self, commands: tuple[AssetCommand, ...]) -> tuple[float, float]:
        """Solve the present state with the commands carried out."""
        return self._power_flow.voltages_after(self._plant.state, commands)


def _extra_sites(terminals: dict[str, Terminal], sites: Sequence[Site]) -> list[Site]:
    """Make a site of every terminal that names a bus instead of one."""
    extra = []
    for terminal in terminals.values():
        if terminal.bus is not None:
            bus = terminal.bus.split(".")[0]
            nodes = terminal.phases or bus_nodes(terminal.bus)
            extra.append(Site(terminal.device, "pv", "customer", bus, nodes, 0.0, 1.0, 0.0, ""))
    return extra


def _meter_of(driver: str) -> Any:
    from bench.config import Device  # noqa: PLC0415

    return Device(role="meter", driver=driver, resource="")


__all__ = ["BenchAssembly", "Fault", "InjectionSite"]
