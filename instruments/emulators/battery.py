"""Emulated battery with its own SunSpec endpoint; limits of power and state of charge are those of EPRI OpenDER.

It stands behind the DC link of an inverter, which says how much it can take, or on a node of its own. Power is held
from the end of one step to the end of the next; the state of charge counts what was held.
"""

from collections.abc import Callable, Mapping

from instruments.emulators.battery_bank import BankState, BatteryBank
from instruments.emulators.charge_gauge import FULL_PU, ChargeGauge
from instruments.emulators.der_model import NOMINAL_HZ, UNREPRESENTED, DerModel, settings
from instruments.emulators.der_registers import (
    HOUR_S,
    UINT16,
    AcState,
    Energy,
    prepare_measurement,
    publish_identity,
    publish_measurement,
    publish_nameplate,
)
from instruments.emulators.electrical import ElectricalNode, PhasePower
from instruments.emulators.faults import FaultSet
from instruments.emulators.power_control import CommandPath, PowerControl
from instruments.emulators.reactive_control import ReactiveControl, reactive_defect
from instruments.emulators.reporting import Reporting
from instruments.emulators.sunspec_image import SunSpecImage
from instruments.readings import Identity, Nameplate
from instruments.sunspec.layout import scale_exponent

KILO = 1000.0
PCT = 100.0
STORAGE_PORT = 1
"""PrtTyp of model 714 for energy storage."""
DAY_H = 24.0
FIXED_W, FIXED_VAR, FIXED_PF = 1 << 1, 1 << 2, 1 << 3
"""CtrlModes of model 702."""
Q_SHARE = 0.44
"""Reactive capability of Category B in per unit of rated VA (IEEE 1547-2018 Table 7)."""
MODELS = ((1, ()), (701, ()), (702, ()), (704, ()), (713, ()), (714, (("NPrt", 1),)), (802, ()))

DcLink = Callable[[], tuple[float, float]]
"""Lowest and highest power that the other end of the link takes at this moment, W."""


class BatteryEmulator:
    """A battery that is commanded through model 704 of its own.

    Without `node` it is a DC source: an inverter given it as `dc_source` takes what it delivers. With a node it has
    an inverter of its own, takes commands of reactive power as well, and trips with the voltage. `efficiency` is
    OpenDER's: the share of the charged energy that is stored.
    """

    role = "battery"
    unrepresented: Mapping[str, str] = UNREPRESENTED
    """What its behaviour has nothing of, and why."""

    def __init__(
        self,
        name: str,
        rating_kw: float,
        capacity_kwh: float,
        soc_init: float = 0.5,
        *,
        efficiency: float = 0.9,
        self_discharge_pct_per_day: float = 0.0,
        v_nom_v: float = 480.0,
        node: ElectricalNode | None = None,
        unit: int = 1,
    ) -> None:
        self.name = name
        self.node = node
        self.time_s = 0.0
        self.nameplate = _nameplate(rating_kw * KILO, v_nom_v)
        self.capacity_wh = capacity_kwh * KILO
        self.registers = SunSpecImage(MODELS)
        self.link: DcLink | None = None
        self._energy = Energy()
        self._terminals = node or _always_nominal(v_nom_v)
        self._der = DerModel(
            self._terminals.phases,
            storage=True,
            **settings(self.nameplate, self._terminals.phases),
            NP_BESS_CAPACITY=self.capacity_wh,
            NP_EFFICIENCY=efficiency,
            SOC_INIT=soc_init,
        )
        self._efficiency, self._self_discharge_pu_per_day = efficiency, self_discharge_pct_per_day / PCT
        self._faults = FaultSet(self.role)
        self._gauge = ChargeGauge(self._faults)
        self._is_stuck = False
        """Whether it was full and, by a defect, delivers nothing any more."""
        self._control = PowerControl(self.registers.model(704), self.nameplate, self._has, ramps=True)
        self._path = CommandPath(
            self._faults,
            lambda: self._control.set_point_w,
            self.nameplate.p_max_w,
            lambda: self._control.ramp_pu_per_s,
        )
        self._bank = BatteryBank(
            self.registers.model(802), self.nameplate.p_max_w, self.capacity_wh, self_discharge_pct_per_day
        )
        self._reactive = self._reactive_control() if node is not None else None
        self._prepare_registers(unit)
        self._reporting = {n: Reporting(self.registers.model(n), self._faults) for n in (701, 713, 714)}
        if node is not None:
            node.attach(lambda: self._der.power)

    @property
    def delivered_w(self) -> float:
        """Power that the battery delivers, W; charging is < 0."""
        return sum(self._der.power.p_w)

    @property
    def charge_max_w(self) -> float:
        """The most that it takes, W."""
        return self.nameplate.charge_max_w

    @property
    def soc_pu(self) -> float:
        """State of charge, per unit of capacity; its registers tell it, unless it is defective."""
        return 0.0 if self._has("claims-charge") else self._der.state_of_charge_pu

    @property
    def quiet_s(self) -> float:
        """How long nothing changes by itself in it, s: neither a command ends, nor is it empty or full."""
        power_w = self.delivered_w
        if self._der.entering_service or (not self._has("trips") and not self._der.connected):
            return 0.0
        quiet_s = min(self._control.quiet_s, self._path.quiet_s)
        if power_w == 0.0:
            return quiet_s
        left_pu = self.soc_pu - self._lowest_pu if power_w > 0.0 else self._highest_pu - self.soc_pu
        left_wh = max(left_pu, 0.0) * self.capacity_wh
        return min(quiet_s, left_wh / abs(power_w) * HOUR_S)

    def inject(self, kind: str, value: float | None = None, start_s: float = 0.0, end_s: float | None = None) -> None:
        """Make the battery defective in its own time; raises ConfigError for what it cannot have."""
        self._faults.inject(kind, value, start_s, end_s)

    def advance(self, dt_s: float) -> None:
        """Let time pass, s; the owner holds the host's lock."""
        self.time_s += dt_s
        self._energy.add(self.delivered_w, dt_s)
        self._control.advance(dt_s)
        wanted = self._path.effective_w(self.time_s) or 0.0
        self._der.configure(ES_PERMIT_SERVICE=not self._has("trips"), **self._store())
        if self._reactive:
            self._reactive.advance()
        self._der.run(self._terminals, self._within_link(wanted), dt_s)
        self._gauge.advance(self._der.state_of_charge_pu, self.time_s, dt_s)
        self._is_stuck = self._has("stays-full") and (self._is_stuck or self._told_pu >= FULL_PU)

    def _store(self) -> dict[str, float]:
        """Return what OpenDER is to know of the store at this moment."""
        lost, leaks = (self._faults.active(kind, self.time_s) for kind in ("loses-charge", "leaks"))
        per_day = self._self_discharge_pu_per_day + (leaks.value if leaks else 0.0)
        return {
            "NP_BESS_SOC_MIN": self._lowest_pu,
            "NP_BESS_SOC_MAX": self._highest_pu,
            "NP_EFFICIENCY": self._efficiency * (lost.value if lost else 1.0),
            "NP_BESS_SELF_DISCHARGE": per_day / DAY_H,
        }

    @property
    def _lowest_pu(self) -> float:
        return 0.0 if self._has("ignores-reserve") else self._bank.reserve_pu

    @property
    def _highest_pu(self) -> float:
        early = self._faults.active("stops-early", self.time_s)
        return early.value if early else 1.0

    @property
    def _told_pu(self) -> float:
        """What its registers tell of its charge."""
        return self._gauge.told_pu(self._der.state_of_charge_pu, self.time_s)

    def _reactive_control(self) -> ReactiveControl:
        model = self.registers.model(704)
        reactive = ReactiveControl(
            model, self.nameplate, self._der, lambda: None, lambda: reactive_defect(self._faults, self.time_s)
        )

        def written(names: frozenset[str]) -> None:
            self._control.written(names)
            reactive.written(names)

        model.on_write = written
        return reactive

    def _within_link(self, power_w: float) -> float:
        limit = self._control.limit_pu
        capped = power_w if limit is None else min(power_w, limit * self.nameplate.p_max_w)
        lowest, highest = self.link() if self.link else (-float("inf"), float("inf"))
        if self._has("claims-charge") or self._is_stuck:
            highest = min(highest, 0.0)
        return max(lowest, min(highest, capped))

    def _has(self, kind: str) -> bool:
        return self._faults.active(kind, self.time_s) is not None

    def _prepare_registers(self, unit: int) -> None:
        image = self.registers
        publish_identity(image, Identity("derbench", "emulated battery", "", "1", self.name), unit)
        publish_nameplate(image.model(702), self.nameplate)
        image.model(702).set({"CtrlModes": FIXED_W | (FIXED_VAR | FIXED_PF if self._reactive else 0)})
        prepare_measurement(image.model(701), self.nameplate, self._terminals.phases)
        image.model(713).set({"WH_SF": scale_exponent(self.capacity_wh, UINT16), "Pct_SF": -2, "Sta": 0, "SoH": PCT})
        image.model(714).set({"DCW_SF": scale_exponent(self.nameplate.p_max_w, UINT16 // 2), "DCWH_SF": 0})
        image.model(714).set({"Prt[1].PrtTyp": STORAGE_PORT, "Prt[1].ID": 1, "Prt[1].DCSta": 1, "PrtAlrms": 0})
        image.model(701).refresh = self._publish_ac
        image.model(713).refresh = self._publish_storage
        image.model(714).refresh = self._publish_dc
        image.model(802).refresh = lambda: self._bank.publish(BankState(self._told_pu, self._reported_w()))

    def _reported_w(self) -> float:
        return self._path.reported_w(self.delivered_w, self.time_s)

    def _publish_ac(self) -> None:
        self._reporting[701].mend()
        phases = self._terminals.phases
        power = PhasePower((self._reported_w() / phases,) * phases, self._der.power.q_var)
        state = AcState(power, self._der.running, self._der.connected, 0, self._energy)
        publish_measurement(self.registers.model(701), state, self.node)
        self._reporting[701].spoil(self.time_s)

    def _publish_storage(self) -> None:
        """Tell the charge that was counted, whether or not it is there."""
        self._reporting[713].mend()
        told_pu = self._told_pu
        available = told_pu * self.capacity_wh
        self.registers.model(713).set({"WHRtg": self.capacity_wh, "WHAvail": available, "SoC": told_pu * PCT})
        self._reporting[713].spoil(self.time_s)

    def _publish_dc(self) -> None:
        self._reporting[714].mend()
        values = {
            "DCW": self._reported_w(),
            "DCWhInj": self._energy.injected_wh,
            "DCWhAbs": self._energy.absorbed_wh,
        }
        self.registers.model(714).set(values | {f"Prt[1].{name}": value for name, value in values.items()})
        self._reporting[714].spoil(self.time_s)


def _nameplate(rating_w: float, v_nom_v: float) -> Nameplate:
    return Nameplate(
        p_max_w=rating_w,
        va_max_va=rating_w,
        q_max_injected_var=Q_SHARE * rating_w,
        q_max_absorbed_var=Q_SHARE * rating_w,
        charge_max_w=rating_w,
        v_nom_v=v_nom_v,
        category="B",
        abnormal="III",
    )


def _always_nominal(v_nom_v: float) -> ElectricalNode:
    """Terminals of a battery on DC: OpenDER wants an AC voltage, and there is none that could trip it."""
    node = ElectricalNode(1)
    node.apply((v_nom_v,), NOMINAL_HZ)
    return node
