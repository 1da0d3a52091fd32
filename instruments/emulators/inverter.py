"""Emulated inverter on SunSpec Modbus. Volt-var, ride-through, trips and enter service are those of EPRI OpenDER."""

import math
from collections.abc import Mapping
from typing import Protocol

from instruments.emulators.battery import DcLink
from instruments.emulators.configuration import Configuration
from instruments.emulators.curve_defects import SOUND, CurveDefect, defect_of
from instruments.emulators.der_defects import active_power_defect
from instruments.emulators.der_model import UNREPRESENTED, DerModel, settings
from instruments.emulators.der_registers import (
    AcState,
    Energy,
    prepare_measurement,
    publish_identity,
    publish_measurement,
    publish_nameplate,
)
from instruments.emulators.electrical import ElectricalNode, PhasePower
from instruments.emulators.enter_service import EnterService, service_defect
from instruments.emulators.faults import Fault, FaultSet
from instruments.emulators.functions import CONTROL_MODES, GridSupport
from instruments.emulators.functions import MODELS as FUNCTION_MODELS
from instruments.emulators.interface import DefectiveInterface
from instruments.emulators.isolation import CustomerInterface, Isolation
from instruments.emulators.nuisance import NuisanceTrips
from instruments.emulators.permit import Permit
from instruments.emulators.power_control import CommandPath, PowerControl
from instruments.emulators.prime_mover import PrimeMover
from instruments.emulators.reporting import Reporting
from instruments.emulators.sunspec_image import SunSpecImage
from instruments.readings import Identity, Nameplate

KILO = 1000.0
MODELS = ((1, ()), (701, ()), (702, ()), (703, ()), (704, ()), *FUNCTION_MODELS, (715, ()))
MANUAL_SHUTDOWN, AC_OVER_VOLT, AC_UNDER_VOLT = 1 << 6, 1 << 10, 1 << 11
UNDER_VOLTAGE_PU, OVER_VOLTAGE_PU = 0.88, 1.10
"""Outside these a tripped inverter blames the voltage (IEEE 1547-2018 Tables 11 to 13, UV1 and OV1)."""
Q_SHARE = {"A": (0.44, 0.25), "B": (0.44, 0.44)}
"""Reactive capability, injected and absorbed, in per unit of rated VA (IEEE 1547-2018 Table 7)."""


class DcStore(Protocol):
    """What may be behind the DC link of an inverter: a battery, or an instrument that stands for one."""

    link: DcLink | None

    @property
    def charge_max_w(self) -> float:
        """The most that it takes, W."""
        ...

    @property
    def delivered_w(self) -> float:
        """What it gives to the link, W; < 0 is taken from it."""
        ...


class InverterEmulator:
    """A PV inverter; with `dc_source` a hybrid one that has a battery behind its DC link; or that of a generator.

    `available_w` is the DC power that the sun gives, set by the owner. `v_nom_v` is line to line, or across the pair
    of a one-phase unit. A hybrid inverter exports PV by itself; the battery's power passes only within its own 704
    set-point: between zero and that set-point it delivers what PV and battery give it, and never asks the battery.
    With `generator` an engine is behind it, which nothing but a 704 set-point starts.
    """

    role = "inverter"
    unrepresented: Mapping[str, str] = UNREPRESENTED
    """What its behaviour has nothing of, and why: nobody can prove that it stands that."""

    def __init__(
        self,
        name: str,
        rating_kva: float,
        *,
        category: str = "B",
        abnormal: str = "III",
        v_nom_v: float = 480.0,
        phases: int = 3,
        node: ElectricalNode | None = None,
        dc_source: DcStore | None = None,
        generator: bool = False,
        volt_var: bool = True,
        unit: int = 1,
    ) -> None:
        self.name = name
        self.node = node or ElectricalNode(phases)
        self.available_w = 0.0
        self.time_s = 0.0
        self.nameplate = _nameplate(rating_kva * KILO, category, abnormal, v_nom_v, dc_source)
        self.registers = SunSpecImage(MODELS)
        self._isolation = Isolation(self.registers)
        self._permit = Permit(self.registers, lambda kind: self._faults.active(kind, self.time_s))
        self.customer_registers = CustomerInterface(self.registers, self._isolation)
        """What the customer's own system reaches, where it has an interface; `registers` are the utility's."""
        self._battery = dc_source
        self._prime_mover = PrimeMover(self.nameplate.p_max_w) if generator else None
        self._demanded_w = 0.0
        """What its DC side asked it to deliver before frequency commanded it."""
        self._energy = Energy()
        self._der = DerModel(phases, storage=dc_source is not None, **settings(self.nameplate, phases))
        self._faults = FaultSet(self.role)
        self.interface = DefectiveInterface(self.registers, self._faults, lambda: self.time_s)
        """The registers as the utility's clients reach them, with what is wrong with the interface."""
        self._nuisance = NuisanceTrips(self.node, self._phase_v, lambda kind: self._faults.active(kind, self.time_s))
        self._path = CommandPath(self._faults, lambda: self._control.set_point_w, self.nameplate.p_max_w)
        self._volt_var, self._unit = volt_var, unit
        self._start()
        self._reporting = Reporting(self.registers.model(701), self._faults)
        self.node.attach(lambda: self._der.power)
        if dc_source is not None:
            dc_source.link = self._link_limits_w

    def _start(self) -> None:
        """Come up with the settings that it was made with."""
        ratings = self.registers.model(702)
        self._configuration = Configuration(ratings, self.nameplate, self._faults, lambda: self.time_s)
        self._control = PowerControl(self.registers.model(704), self.nameplate, self.has)
        self._support = GridSupport(
            self.registers,
            self._der,
            self.nameplate,
            self._volt_var,
            self._curve_defect,
            lambda: self.time_s,
            self._faults,
            lambda: self._configuration.nameplate,
        )
        self._der.configure(**self._configuration.settings(self._der.storage))
        self.registers.model(704).on_write = self._commanded
        self._prepare_registers(self._unit, self.node.phases)
        self._is_down = False

    @property
    def power(self) -> PhasePower:
        """Power that the inverter delivers at its terminals, per phase."""
        return self._der.power

    @property
    def quiet_s(self) -> float:
        """How long nothing changes by itself in it while its surroundings stay, s; 0 on the way to somewhere."""
        entering = self._der.entering_service or (self._may_serve and not self._der.connected)
        if entering or (self._prime_mover is not None and self._prime_mover.moving):
            return 0.0
        return min(self._control.quiet_s, self._path.quiet_s, self._permit.quiet_s)

    @property
    def status(self) -> str:
        """Operating status in the words of OpenDER."""
        return self._der.status

    def inject(self, kind: str, value: float | None = None, start_s: float = 0.0, end_s: float | None = None) -> None:
        """Make the inverter defective in its own time; raises ConfigError for what it cannot have."""
        self._faults.inject(kind, value, start_s, end_s)

    def advance(self, dt_s: float) -> None:
        """Let time pass, s; the owner holds the host's lock, and has set the node's voltage and `available_w`."""
        self.time_s += dt_s
        if self._is_down and not self.has("reboots"):
            self._start()
        self._is_down = self.has("reboots")
        self._energy.add(sum(self.power.p_w), dt_s)
        self._control.advance(dt_s)
        self._permit.advance(dt_s)
        if self._configuration.advance():
            self._der.configure(**self._configuration.settings(self._der.storage))
            self._support.reactive.apply()
        self._support.advance()
        limit = self._limit_pu
        self._der.configure(AP_LIMIT_ENABLE=limit is not None, AP_LIMIT=1.0 if limit is None else limit)
        self._der.defects.now = active_power_defect(self._faults, self.time_s)
        nuisance = not self._faults.is_empty and self._nuisance.trips(self.time_s, dt_s)
        self._service.advance(self._may_serve and not nuisance, self._der.connected)
        self._der.configure(MC_RETURN_T=self._restore_s)
        self._run_prime_mover(dt_s)
        self._der.volt_var_looks_at = 0 if self.has("looks-at-one-phase") else None
        self._der.run(self.node, self._dc_power_w(), dt_s)
        if self._prime_mover and not self._der.connected:
            self._prime_mover.trip()

    @property
    def _limit_pu(self) -> float | None:
        """Limit of active power, per unit of its rating: the command's share of what it is configured to."""
        commanded = self._heeded_pu
        configured = self._configuration.nameplate.p_max_w / self.nameplate.p_max_w
        own = [self._permit.limit_pu, configured if configured < 1.0 else None]
        limits = [limit for limit in own if limit is not None]
        return min([*limits, *([commanded * configured] if commanded is not None else [])], default=None)

    @property
    def _heeded_pu(self) -> float | None:
        """Limit of active power that it was commanded and obeys, per unit."""
        return None if self.has("ignores-power-limit") else self._control.limit_pu

    @property
    def _effective_w(self) -> float | None:
        """Active power that it is trying to deliver, as far as it may absorb, W; None without a command."""
        effective_w = self._path.effective_w(self.time_s)
        return None if effective_w is None else max(effective_w, -self._configuration.nameplate.charge_max_w)

    def _run_prime_mover(self, dt_s: float) -> None:
        if self._prime_mover:
            self._prime_mover.advance(self._path.effective_w(self.time_s) or 0.0, dt_s)

    def _dc_power_w(self) -> float:
        """Power that the DC side gives to the bridge, within the inverter's own command."""
        if self._prime_mover:
            return self._prime_mover.delivered_w
        if self._battery and self._der.droops:
            return self._demanded_w
        battery_w = self._battery.delivered_w if self._battery else 0.0
        offered_w = self.available_w + battery_w
        effective = self._effective_w
        within_w = offered_w if effective is None else max(min(effective, 0.0), min(max(effective, 0.0), offered_w))
        self._demanded_w = within_w
        return within_w

    def _link_limits_w(self) -> tuple[float, float]:
        """What a battery behind the link may deliver: charging from PV always, all else by the inverter's command.

        While frequency commands the inverter, the battery gives or takes what that asks for beyond what PV gives.
        """
        if self._der.connected and self._der.droops:
            delivered_w = sum(self.power.p_w)
            beyond_w = delivered_w - min(self.available_w, max(delivered_w, 0.0))
            return beyond_w, beyond_w
        effective = self._effective_w
        if effective is None or not self._der.connected:
            return -self.available_w, 0.0
        limit = self._heeded_pu
        highest = self.nameplate.p_max_w * (1.0 if limit is None else limit)
        return min(effective, 0.0) - self.available_w, min(max(effective, 0.0), highest)

    def _commanded(self, names: frozenset[str]) -> None:
        self._control.written(names)
        self._support.reactive.written(names)

    def _curve_defect(self, model_id: int) -> CurveDefect:
        """Return what is wrong with the function of a curve model now."""
        return SOUND if self._faults.is_empty else defect_of(self._faults, model_id, self.time_s)

    def has(self, kind: str) -> bool:
        """Whether it has a kind of fault at this moment."""
        return self._faults.active(kind, self.time_s) is not None

    def defect(self, kind: str) -> Fault | None:
        """Return its fault of a kind at this moment, None where it has none."""
        return self._faults.active(kind, self.time_s)

    @property
    def _restore_s(self) -> float:
        """How long it waits after momentary cessation, s; a sound one not at all."""
        slow = self._faults.active("slow-restore", self.time_s)
        return slow.value if slow else 0.0

    @property
    def _phase_v(self) -> float:
        """Rated voltage of a phase to neutral, or across the pair of one-phase equipment, V."""
        return self.nameplate.v_nom_v / (math.sqrt(3.0) if self.node.phases > 1 else 1.0)

    def _prepare_registers(self, unit: int, phases: int) -> None:
        image = self.registers
        publish_identity(image, Identity("derbench", "emulated inverter", "", "1", self.name), unit)
        publish_nameplate(image.model(702), self.nameplate)
        image.model(702).set({"CtrlModes": CONTROL_MODES})
        prepare_measurement(image.model(701), self.nameplate, phases)
        image.model(701).refresh = self._publish_ac
        image.model(702).on_write = self._configuration.written
        self._service = EnterService(
            image.model(703),
            self._der,
            self.nameplate,
            self.name,
            lambda: service_defect(self._faults, self.time_s),
        )
        image.model(715).set({"LocRemCtl": 0, "DERHb": 0, "ControllerHb": 0, "AlarmReset": 0, "OpCtl": 1})
        for model_id in (703, 715):
            image.model(model_id).on_write = self._service_written
        image.model(715).refresh = lambda: image.model(715).set({"DERHb": int(self.time_s)})
        self._service_written(frozenset())

    @property
    def _may_serve(self) -> bool:
        """Whether it may be in service, and has not tripped by a defect of its own."""
        return self._permit.holds and not self.has("trips") and not self.has("reboots")

    def _service_written(self, names: frozenset[str]) -> None:
        self._isolation.written(names, self.has("isolation-undone"))
        self._service.apply(self._may_serve)

    def _publish_ac(self) -> None:
        self._reporting.mend()
        reported = self._path.reported_w(sum(self.power.p_w), self.time_s)
        phases = self.node.phases
        power = PhasePower((reported / phases,) * phases, self.power.q_var)
        der = self._der
        says = self.has("always-running")
        running, connected = der.running or says, der.connected or says
        state = AcState(power, running, connected, self._alarms(), self._energy, der.entering_service)
        publish_measurement(self.registers.model(701), state, self.node)
        self._reporting.spoil(self.time_s)

    def _alarms(self) -> int:
        if self._der.connected:
            return 0
        base_v = self._phase_v
        alarms = 0 if self._permit.holds else MANUAL_SHUTDOWN
        if min(self.node.voltage_v) < UNDER_VOLTAGE_PU * base_v:
            alarms |= AC_UNDER_VOLT
        return alarms | (AC_OVER_VOLT if max(self.node.voltage_v) > OVER_VOLTAGE_PU * base_v else 0)


def _nameplate(rating_va: float, category: str, abnormal: str, v_nom_v: float, battery: DcStore | None) -> Nameplate:
    injected, absorbed = Q_SHARE[category]
    return Nameplate(
        p_max_w=rating_va,
        va_max_va=rating_va,
        q_max_injected_var=injected * rating_va,
        q_max_absorbed_var=absorbed * rating_va,
        charge_max_w=min(battery.charge_max_w, rating_va) if battery else 0.0,
        v_nom_v=v_nom_v,
        category=category,
        abnormal=abnormal,
    )
