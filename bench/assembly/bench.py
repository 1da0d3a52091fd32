"""Puts a scenario together from a bench file: feeder, emulators, drivers, plant, actors, matcher."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bench.accuracy import uncertainty_of
from bench.actors.duty import OnDuty
from bench.assembly.admission import admit
from bench.assembly.apparatus import make_apparatus
from bench.assembly.cast import ControlCentre, make_cast, make_route
from bench.assembly.control_settings import require_settings
from bench.assembly.coupling import coupling_gain, make_pace
from bench.assembly.cross_checks import CrossCheckParts, make_cross_checks
from bench.assembly.customer_cast import CustomerSide, override_codes
from bench.assembly.defects import Defects
from bench.assembly.drivers import DriverRack, address_of, anonymous_meter, customer_address, require_identity
from bench.assembly.emulated_meters import MeterView, clock_at_start_s, meter_class_pct, meter_names
from bench.assembly.emulation import EmulatedEquipment
from bench.assembly.feeders import open_feeder
from bench.assembly.isolation import make_isolation_units
from bench.assembly.judging import make_conformance, make_der_judge, make_judge, make_rules, make_wiring
from bench.assembly.live_equipment import LiveEquipment
from bench.assembly.outside import OutsideSystems
from bench.assembly.places import FeederPlaces
from bench.assembly.positions import make_positions, make_trial
from bench.assembly.premises import make_premises
from bench.assembly.proofs import make_resource_proof
from bench.assembly.start_up import WallTime, start_up
from bench.assembly.volt_var import make_volt_var_units
from bench.assembly.wiring import direct_terminal, measured_terminal
from bench.bus import Bus, Delivery
from bench.clock import make_clock
from bench.config import DC_SOURCES, BenchFile, Device
from bench.evidence import Evidence
from bench.faults import SYSTEMS, Fault
from bench.feeder.engine import Feeder
from bench.feeder.profiles import Irradiance
from bench.feeder.sites import Site, load_sites
from bench.feeder_models import (
    ApplicationModel,
    Bindings,
    HeadForecastModel,
    IndependentPowerFlow,
    LoadReliefModel,
    SettledFeeder,
)
from bench.judgement.log import JudgementLog
from bench.lease import Lease
from bench.meter_store import MeterStore
from bench.plant.pace import Pace
from bench.plant.plant import Equipment, Plant, PlantState
from bench.plant.series import SeriesRecorder
from bench.plant.terminals import MeasuredTerminal, Terminal, TerminalPlace
from bench.plant.transmission_stage import StagedGrid
from bench.plant.weather import make_weather
from bench.preconditions.checks import Checked, check_preconditions
from bench.preconditions.finding import Subject
from bench.safety import uninterrupted
from bench.stage import Cast, Proofs, Stimuli, Timing, Trials
from bench.story import Story
from bench.truth.cross_checks import CrossChecks
from bench.truth.isolation_trial import IsolationTrial
from bench.truth.meter_check import MeterCheck, MeteredPlaces
from bench.truth.operating_figures import OperatingRecord
from bench.truth.plant_field import PlantField
from bench.truth.premise_field import PremiseField
from bench.truth.proof import RangeAProof
from bench.truth.range_a import RANGE_A_UPPER_V, RangeASettings, ServiceVoltages
from bench.truth.resource_proof import ResourceProof, commanded
from bench.truth.volt_var_trial import VoltVarTrial
from bench.truth.volt_var_watch import VoltVarWatch
from bench.use_case.judge import Der
from bench.use_case.model import UseCase
from instruments.errors import ConfigError, IdentityMismatch, InstrumentError, TransportError, blaming
from instruments.readings import Identity
from reports.run_directory import RunWriter

METER_ROUNDING_V = 0.05
"""What registers round off a meter's voltage, V."""


class BenchAssembly:
    """Everything of one scenario, opened and identified; `close` makes it safe and takes it down."""

    def __init__(
        self,
        bench: BenchFile,
        use_case: UseCase,
        writer: RunWriter,
        scenario: str,
        seed: int,
        lease: Lease | None = None,
    ) -> None:
        """Open the feeder, serve the emulators, open the drivers, identify the devices, switch the sources on.

        `scenario` is the key under which everything is recorded; real equipment needs a `lease`. Raises ConfigError,
        TransportError or IdentityMismatch; what was opened by then is made safe and closed again.
        """
        admit(bench, lease)
        _refuse_simulated_sun(bench)
        self._lease, self._folder = lease or Lease(), writer.path
        self.config, self._use_case, self._seed = bench, use_case, seed
        self.clock = make_clock(bench.clock.mode, bench.clock.slip_tolerance_s)
        self.evidence = Evidence(writer, self.clock, scenario)
        self.judgement = JudgementLog(self.evidence.judgement, self.clock)
        self.live = LiveEquipment(bench, self.clock, self.evidence.measurement)
        self.rack, self.store = DriverRack(self._before_exchange), MeterStore()
        self._pace: Pace | None = None
        self.drivers: dict[str, Any] = {}
        self.customer_interfaces: dict[str, Any] = {}
        self.identities: dict[str, Identity] = {}
        self.parties: frozenset[str] = frozenset()
        self._defects, self._outside = Defects(seed=seed), OutsideSystems()
        self._feeders: list[Feeder] = []
        self._emulated: EmulatedEquipment | None = None
        try:
            self._open()
        except BaseException as error:
            self.close_after(error)
            raise

    def close_after(self, error: BaseException) -> None:
        """Close, and note in the error what could not be made safe."""
        for name, why in self.close().items():
            error.add_note(f"{name} could not be proven safe: {why}")

    def close(self) -> dict[str, str]:
        """Make everything safe, then close it; return the devices whose safe state could not be proven, with why.

        No signal interrupts it; one that comes is dealt with when all is done.
        """
        with uninterrupted():
            return self._close()

    def _close(self) -> dict[str, str]:
        if self._pace is not None:
            self._pace.stop()
        failures = self.live.make_safe()
        self._outside.close()
        self.rack.close()
        failures |= self.live.dismiss_guardian(failures)
        self.store.close()
        if self._emulated is not None:
            self._emulated.close()
        while self._feeders:
            self._feeders.pop().close()
        return failures

    @property
    def emulated(self) -> EmulatedEquipment:
        """The emulated equipment; raises ConfigError before it is opened."""
        if self._emulated is None:
            raise ConfigError("the bench is not open")
        return self._emulated

    @property
    def pace(self) -> Pace:
        """What steps the plant; raises ConfigError before it is opened."""
        if self._pace is None:
            raise ConfigError("the bench is not open")
        return self._pace

    def inject(self, faults: Sequence[Fault]) -> None:
        """Make devices, links and actors defective; raises ConfigError for a target or kind that there is not."""
        self._defects = Defects([fault for fault in faults if fault.target in SYSTEMS], self._seed)
        for fault in (fault for fault in faults if fault.target not in SYSTEMS):
            self.emulated.inject(fault.target, fault.kind, fault.value, fault.start_s, fault.end_s)

    def story(self, rows: Sequence[str], variant: str | None) -> Story:
        """Put bus, actors and matcher together for the rows that a feature encodes."""
        bus = self._bus()
        voltages = ServiceVoltages(self.meters, self._range_a())
        self.plant.listeners += [lambda state: voltages.take(state.time_s, state.legs_v), *self._records()]
        cast = self._cast(bus)
        self.parties = frozenset(str(actor.party) for actor in cast.actors)
        power_flow = IndependentPowerFlow(self._settled_feeder(), self.bindings)
        calls = self._premise_field(power_flow)
        log, field = self.judgement, self._field(power_flow)
        der = self._der(calls, field)
        judge = make_judge(voltages, field, calls, make_wiring(self.config), der, self.evidence, log)
        rules = make_rules(self._use_case, rows, variant, der)
        conformance = make_conformance(rules, judge, self.evidence, bus, log)
        meters = {name: self.drivers[name] for name in self.meters}
        proof = RangeAProof(voltages, meters, self._range_a().guard_v)
        cloud = self.config.environment.cloud
        calm_s = cloud.calm_s if cloud else 0.0
        timing = Timing(calm_s, self.config.range_a.interval_s, self.config.horizon_s)
        positions = make_positions(self.apparatus, self.places, self.drivers)
        trial = make_trial(self.clock, self.apparatus, self.places, self.drivers)
        resources = make_resource_proof(self.config, self.places, self.terminals, self.drivers, calls.shed_kw)
        sources = self._cross_checks(resources)
        volt_var = make_volt_var_units(self.config, self.places, self.drivers, self.terminals)
        always: list[MeterCheck | VoltVarWatch] = [VoltVarWatch(volt_var), self._meter_check()]
        self.plant.listeners += [positions.watch.take, resources.take, sources.take]
        self.plant.listeners += [check.take for check in always if rows]
        bus.listeners += [self._note_command, positions.watch.hear, resources.hear]
        stage = (self.clock, self.plant, bus, cast, conformance, self.evidence)
        proofs = Proofs(proof, positions, resources, sources, always)
        units = make_isolation_units(self.config, self.places, self.drivers, self.customer_interfaces, self.terminals)
        trials = Trials(trial, IsolationTrial(self.clock, units), VoltVarTrial(self.clock, volt_var))
        story = Story(*stage, Stimuli(self.weather, self.grid), proofs, trials, timing, self.pace)
        self.plant.publish_first()
        return story

    def _cross_checks(self, resources: ResourceProof) -> CrossChecks:
        parts = CrossCheckParts(
            self.config,
            self.places,
            self.plant,
            self.drivers,
            self.terminals,
            self.emulated.meters,
            resources.energy,
            self.apparatus,
        )
        return make_cross_checks(parts)

    def run_alone(self, sky: Irradiance, end_s: float) -> None:
        """Let plant and equipment go on to a time under a sky, with nobody there: every control on its own settings."""
        self.weather.sky = sky
        self.plant.listeners += self._records()
        self.plant.publish_first()
        self.clock.start(self.pace.run(lambda: None))
        self.clock.run_until(end_s)
        self.pace.catch_up()

    def run_managed(self, sky: Irradiance, end_s: float) -> None:
        """Let plant, equipment and all actors go on to a time under a sky, with a person on duty for the first alert.

        No row is matched: this is for what management achieves, and not for how.
        """
        bus = self._bus()
        cast = self._cast(bus)
        on_duty = OnDuty(self.clock, cast.people["1.1.4"], cast.people["1.2"])
        bus.listeners += [self._note_command, on_duty.hear]
        for process in [*(actor.run() for actor in cast.actors), *cast.processes]:
            self.clock.start(process)
        self.run_alone(sky, end_s)

    def check_preconditions(self, scenario: str) -> list[Checked]:
        """Check what a scenario presupposes; to be asked when its story is put together and before it begins."""
        subject = Subject(
            self.config,
            self.places.sites,
            self.premises,
            self.meters,
            self.drivers,
            self.parties,
            self._use_case.rows_of(scenario),
            self.evidence.citing,
        )
        return check_preconditions((p for p in self._use_case.preconditions if p.scenario == scenario), subject)

    def meter_distances_km(self) -> dict[str, float]:
        """Return how far each net meter is from the substation."""
        return dict(zip(self.meters, (service.distance_km for service in self.plant.services), strict=True))

    def _bus(self) -> Bus:
        route = make_route(self.config, self.clock, self._defects)
        bus = Bus(self.clock, route, self.evidence.message)
        bus.listeners.append(self.pace.hear)
        return bus

    def _cast(self, bus: Bus) -> Cast:
        forecast = make_weather(self.config.environment, len(self.places.sites))
        network = ApplicationModel(self._settled_feeder(), forecast, self.meters, self.bindings)
        relief = LoadReliefModel(self._settled_feeder(), forecast, self.meters)
        codes = override_codes(self.premises, self._seed)
        side = CustomerSide(self.premises, codes, self.emulated.premises, relief, self.store, self._meter_class_pct())
        centre = ControlCentre(HeadForecastModel(self._settled_feeder(), forecast), self.grid)
        parts = (self.config, bus, self.drivers, self.places, self.meters, network, side, centre, self.evidence)
        for name, system in self.config.systems.items():
            with blaming(name):
                self.identities[name] = self._outside.connect(name, system, self.evidence.observer(name))
        return make_cast(*parts, self._defects, self._outside)

    def _records(self) -> list[Callable[[PlantState], None]]:
        return [self.series.take, self.operating.take]

    def _before_exchange(self, operation: str) -> None:
        if self._pace is not None:
            self._pace.before_exchange(operation)

    def _note_command(self, delivery: Delivery) -> None:
        """Put what a resource was commanded into the series, beside what is measured."""
        command = commanded(delivery.message.payload)
        site = {**self.bindings.sites, **self.bindings.generators}.get(command.device) if command else None
        if command is not None and site is not None:
            self.series.commanded_kw[site] = command.power_kw

    def _open(self) -> None:
        config = self.config
        sites = load_sites(config.feeder.sites) if config.feeder.sites else ()
        feeder = self._open_feeder()
        self.places = FeederPlaces(config, feeder, sites)
        self.weather = make_weather(config.environment, len(self.places.sites))
        self.grid = StagedGrid(config.environment.line_out)
        self.loop_gain = coupling_gain(config, self._settled_feeder(), self.weather)
        terminals_of = [t.device for t in config.terminals.values() if config.devices[t.device].role == "inverter"]
        self.plant = Plant(feeder, self.places.sites, self.weather)
        self._emulated = EmulatedEquipment(config, self.places, self._seed)
        self._open_drivers()
        self._identify()
        self.bindings = self._bindings()
        self.terminals = {self.places.site(device).name: self._terminal(feeder, device) for device in terminals_of}
        require_settings(config, self.places, self.drivers)
        self.apparatus = make_apparatus(config, feeder, self.places, self.emulated, self.drivers)
        self.meters = self._meter_names(len(feeder.services))
        self.premises = make_premises(config.feeder, self.places, self.emulated.meters)
        self._energize()
        self.plant.connect(self.terminals, self._equipment())
        self._pace = make_pace(config, self.clock, self.plant, self.weather, self.loop_gain)
        self.operating = OperatingRecord(self.apparatus, feeder.read_losses_kw, config.range_a.interval_s)
        self.series = SeriesRecorder(self.meters, self.terminals, self.emulated.state_of_charge_pct())

    def _open_feeder(self) -> Feeder:
        feeder = open_feeder(self.config.feeder)
        self._feeders.append(feeder)
        return feeder

    def _settled_feeder(self) -> SettledFeeder:
        return SettledFeeder(self._open_feeder(), self.places.sites)

    def _open_drivers(self) -> None:
        endpoints = self.emulated.endpoints
        meter = anonymous_meter(*(fleet.timeout_s for fleet in self.config.fleets.values()))
        sections: dict[str, Device] = {
            name: self.config.devices.get(name) or meter for name in {**self.config.devices, **endpoints}
        }
        for name, device in sections.items():
            served = endpoints[name].resource if name in endpoints else None
            address = address_of(device, served)
            self.drivers[name] = self.rack.open(name, device, address, self.evidence.observer(name))
            reached = customer_address(device, served)
            if reached is not None:
                side = f"{name}_customer_side"
                self.customer_interfaces[name] = self.rack.open(side, device, reached, self.evidence.observer(side))

    def _identify(self) -> None:
        for name, device in self.config.devices.items():
            found = self.identities[name] = self._ask_identity(name)
            require_identity(device, found, f"{name} at {device.resource}")
        for name, customer in self.customer_interfaces.items():
            if customer.identify() != self.identities[name]:
                raise IdentityMismatch(f"the customer's interface of {name} is that of another device")

    def _ask_identity(self, name: str) -> Identity:
        try:
            identity: Identity = self.drivers[name].identify()
        except (TransportError, InstrumentError) as error:
            raise type(error)(f"{name}: {error}") from error
        return identity

    def _bindings(self) -> Bindings:
        """Bind storage to the injection site of its inverter, controls to what they move."""
        roles = {name: device.role for name, device in self.config.devices.items()}
        return Bindings(
            sites={b: self.places.site(i).name for b, i in self.config.behind_inverter.items()},
            taps={n: self.places.tap_changer(n).name for n, role in roles.items() if role == "load_tap_changer"},
            banks={n: self.places.capacitor(n).name for n, role in roles.items() if role == "capacitor_bank"},
            generators={n: n_site.name for n, n_site in self._generators()},
        )

    def _generators(self) -> list[tuple[str, Site]]:
        inverters = [name for name, device in self.config.devices.items() if device.role == "inverter"]
        places = [(name, self.places.site(name)) for name in inverters]
        return [(name, site) for name, site in places if site.kind == "generator"]

    def _terminal(self, feeder: Feeder, device: str) -> Terminal:
        section, site = self.places.terminal(device), self.places.site(device)
        place = TerminalPlace(feeder.node_indices(site.bus, site.nodes), site.injection.leg_to_leg)
        if section.source is None or section.analyzer is None:
            return direct_terminal(section, place, self.emulated.nodes[device], self.emulated.host.lock)
        rating_va = site.rating_kva * 1000.0 / section.power_scale
        exactness = uncertainty_of(self.config.devices[section.analyzer], rating_va)
        source, analyzer = self.drivers[section.source], self.drivers[section.analyzer]
        return measured_terminal(section, place, source, analyzer, exactness)

    def _energize(self) -> None:
        """Register what makes each device safe, then give the sources a voltage and switch them on."""
        self.live.register(self.drivers, self._folder, self._lease)
        self.plant.listeners.append(self.live.require_guardian)
        voltage_v = self.plant.state.snapshot.voltage_v
        for terminal in self.terminals.values():
            terminal.feed(voltage_v)
            if isinstance(terminal, MeasuredTerminal):
                self.live.switch_on(terminal)
        for control, apparatus in self.apparatus.items():
            apparatus.begin(self.plant.state.snapshot)
            source = self.places.terminal(control).source
            if source is not None:
                with blaming(source):
                    self.drivers[source].output_on()
        start_up(self.config, self.drivers, WallTime(wait=self.live.wait))

    def _equipment(self) -> Equipment:
        emulated = self.emulated
        idle = {battery for battery in self.config.behind_inverter if battery not in self.terminals}
        views = [MeterView(group, emulated.host.lock) for group in emulated.meters]
        apparatus, running_share = list(self.apparatus.values()), emulated.premises.running_share
        return Equipment(
            emulated.advance,
            emulated.advance_meters,
            views,
            apparatus,
            idle,
            running_share,
            emulated.quiet_s,
            emulated.margins,
        )

    def _meter_names(self, services: int) -> tuple[str, ...]:
        names = meter_names(self.emulated.meters, "services", services)
        if "" in names:
            raise ConfigError(f"{names.count('')} services have no meter: add a fleet `at: services`")
        return names

    def _range_a(self) -> RangeASettings:
        guard_v = self._meter_class_pct() / 100.0 * RANGE_A_UPPER_V + METER_ROUNDING_V
        return RangeASettings(self.config.range_a.interval_s, guard_v, self.config.ami.event_poll_s)

    def _meter_class_pct(self) -> float:
        """Return the class of the worst of the meters, percent of reading."""
        return max((meter_class_pct(fleet.emulate) for fleet in self.config.fleets.values()), default=0.0)

    def _meter_check(self) -> MeterCheck:
        """Hold every meter's registers and clock against what flows where it sits."""
        plant = self.plant
        power = {"services": plant.consumption_w, "generation": lambda: -1000.0 * plant.state.site_p_kw}
        power["feeder"] = lambda: np.array([1000.0 * plant.state.snapshot.head_p_kw])
        drivers, class_pct = self.drivers, self._meter_class_pct()
        groups = [MeteredPlaces(g.fleet.names, g.places, power[g.at]) for g in self.emulated.meters]
        return MeterCheck(groups, drivers, class_pct / 100.0, clock_at_start_s(self.config.environment))

    def _premise_field(self, power_flow: IndependentPowerFlow) -> PremiseField:
        codes, meter_pct = override_codes(self.premises, self._seed), self._meter_class_pct()
        return PremiseField(self.premises, codes, self.plant, power_flow, self.drivers, meter_pct)

    def _field(self, power_flow: IndependentPowerFlow) -> PlantField:
        return PlantField(
            self.plant, self._feeders[0], self.terminals, self.apparatus, power_flow, self.bindings, self.config
        )

    def _der(self, calls: PremiseField, field: PlantField) -> Der:
        forecast = HeadForecastModel(
            self._settled_feeder(), make_weather(self.config.environment, len(self.places.sites))
        )
        return make_der_judge(
            self.config, self.places, self.drivers, forecast, self.grid, calls.head_load_kw, field.power
        )


def _refuse_simulated_sun(bench: BenchFile) -> None:
    """Raise ConfigError for a simulator on a DC side: neither weather nor charge of a scenario reaches one."""
    found = next(((name, device.role) for name, device in bench.devices.items() if device.role in DC_SOURCES), None)
    if found:
        name, kind = found[0], "PV" if found[1] == "pv_simulator" else "battery"
        has = "weather" if kind == "PV" else "charge"
        raise ConfigError(f"devices.{name}: a {kind} simulator follows `bench certify`, and no scenario's {has}")
