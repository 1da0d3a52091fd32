"""A device that is a formula, on a rig that is one too: what it says and what it does can differ at will."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rigs import rig_around

from bench.certification.rig import InstrumentClass, Rig
from bench.clock import make_clock
from instruments.readings import (
    AcMeasurement,
    AcReading,
    Characteristic,
    EnterServiceSettings,
    FrequencyDroop,
    Identity,
    Nameplate,
    Trip,
    TripKind,
    TripStage,
    VoltVarCurve,
)

RATING_VA, PHASE_V = 10_000.0, 120.0
V_NOM_V = PHASE_V * 3.0**0.5
FUNCTIONS = frozenset({"AP_LIMIT", "CONST_PF", "CONST_Q", "QV", "QP", "PV", "PF"})
TRIPS = frozenset({"OV_TRIP", "UV_TRIP", "OF_TRIP", "UF_TRIP"})
AS_SET: dict[str, float | str] = {
    "NP_P_MAX": RATING_VA,
    "NP_P_MAX_OVER_PF": 9000.0,
    "NP_OVER_PF": 0.9,
    "NP_P_MAX_UNDER_PF": 9000.0,
    "NP_UNDER_PF": 0.9,
    "NP_VA_MAX": RATING_VA,
    "NP_NORMAL_OP_CAT": "CAT_B",
    "NP_ABNORMAL_OP_CAT": "CAT_III",
    "NP_Q_MAX_INJ": 4400.0,
    "NP_Q_MAX_ABS": 4400.0,
    "NP_AC_V_NOM": V_NOM_V,
    "NP_AC_V_MAX": 1.1 * V_NOM_V,
    "NP_AC_V_MIN": 0.88 * V_NOM_V,
    "NP_REACTIVE_SUSCEPTANCE": 0.0,
    "NP_MANUFACTURER": "derbench",
    "NP_MODEL": "formula",
    "NP_SERIAL_NUM": "1",
    "NP_FW_VER": "1",
}


AS_IT_CAME: dict[TripKind, Trip] = {
    "over_voltage": Trip(TripStage(1.11, 12.0), TripStage(1.19, 0.17)),
    "under_voltage": Trip(TripStage(0.87, 22.0), TripStage(0.49, 3.0)),
    "over_frequency": Trip(TripStage(61.3, 301.0), TripStage(62.1, 0.17)),
    "under_frequency": Trip(TripStage(58.4, 301.0), TripStage(56.4, 0.17)),
}


def plate(**other: Any) -> Nameplate:
    return Nameplate(**{**_PLATE, **other})


_PLATE: dict[str, Any] = {
    "p_max_w": RATING_VA,
    "va_max_va": RATING_VA,
    "q_max_injected_var": 4400.0,
    "q_max_absorbed_var": 4400.0,
    "charge_max_w": 0.0,
    "v_nom_v": V_NOM_V,
    "category": "B",
    "abnormal": "III",
}


@dataclass
class Spoken:
    """The device with its source and its analyzer. `wrong` is added to what it says of a quantity, per unit or Hz."""

    as_set: dict[str, float | str] = field(default_factory=lambda: dict(AS_SET))
    functions: frozenset[str] = FUNCTIONS | TRIPS
    wrong: dict[str, float] = field(default_factory=dict)
    forgets: frozenset[str] = frozenset()
    overlooks: frozenset[str] = frozenset()
    latches_alarms: bool = False
    alarms_in_a_sag: int = 1 << 11
    says_it_runs: bool = False
    configured: dict[str, float] = field(default_factory=dict)
    limit_pu: float = 1.0
    q_pu: float = 0.0
    voltage_pu: float = 1.0
    frequency_hz: float = 60.0
    permitted: bool = True
    latched: int = 0
    trips: dict[TripKind, Trip] = field(default_factory=lambda: dict(AS_IT_CAME))

    @property
    def delivers(self) -> bool:
        return self.permitted and self.voltage_pu > 0.5

    @property
    def p_pu(self) -> float:
        if not self.delivers:
            return 0.0
        beside_vars = max(self._rated("NP_VA_MAX") ** 2 - self.given_q_pu**2, 0.0) ** 0.5
        return min(self.limit_pu, self._rated("NP_P_MAX"), beside_vars)

    @property
    def given_q_pu(self) -> float:
        return min(max(self.q_pu, -self._rated("NP_Q_MAX_ABS")), self._rated("NP_Q_MAX_INJ"))

    def _rated(self, label: str) -> float:
        rated = AS_SET[label]
        assert isinstance(rated, float)
        return (rated if label in self.overlooks else self.configured.get(label, rated)) / RATING_VA

    def set_voltage(self, voltage_v: Sequence[float], frequency_hz: float, _angle_deg: Any = None) -> None:
        self.voltage_pu, self.frequency_hz = voltage_v[0] / PHASE_V, frequency_hz
        self.latched |= 0 if self.delivers else self.alarms_in_a_sag

    def measure(self) -> AcMeasurement:
        p_w, q_var = self.p_pu * RATING_VA / 3.0, self.given_q_pu * RATING_VA / 3.0
        v = (self.voltage_pu * PHASE_V,) * 3
        return AcMeasurement(v, (0.0,) * 3, (p_w,) * 3, (q_var,) * 3, self.frequency_hz)

    def read_ac(self) -> AcReading:
        p_w = (self.p_pu + self.wrong.get("active power", 0.0)) * RATING_VA
        q_var = (self.q_pu + self.wrong.get("reactive power", 0.0)) * RATING_VA
        volts = (self.voltage_pu + self.wrong.get("voltage", 0.0)) * PHASE_V
        frequency_hz = self.frequency_hz + self.wrong.get("frequency", 0.0)
        on = self.delivers or self.says_it_runs
        alarms = self.latched if self.latches_alarms else (0 if self.delivers else self.alarms_in_a_sag)
        return AcReading(p_w, q_var, 0.0, frequency_hz, (volts,) * 3, 0.0, on, on, alarms)

    def reset_alarms(self) -> None:
        self.latched = 0

    def read_as_set(self) -> dict[str, float | str]:
        return dict(self.as_set)

    def read_functions(self) -> frozenset[str]:
        return self.functions

    def read_configuration(self) -> dict[str, float]:
        rated = {label: value for label, value in self.as_set.items() if isinstance(value, float)}
        return rated | self.configured

    def configure(self, label: str, value: float) -> None:
        if label not in self.forgets:
            self.configured[label] = value

    def unmapped(self, *_names: str) -> list[str]:
        return []

    def disable_functions(self) -> None:
        self.limit_pu, self.q_pu = 1.0, 0.0

    def limit_power_pct(self, limit_pct: float, reversion_s: float) -> None:
        assert reversion_s > 0.0, "a limit of a type test ends by itself"
        self.limit_pu = limit_pct / 100.0
        self._hold({"AP_LIMIT": self.limit_pu})

    def set_volt_var(self, curve: VoltVarCurve) -> None:
        self.q_pu = curve.q_pu[1]
        self._hold(_numbered("QV_CURVE_V", curve.v_pu) | _numbered("QV_CURVE_Q", curve.q_pu))
        self._hold({"QV_OLRT": curve.response_s})

    def set_volt_watt(self, curve: Characteristic) -> None:
        self._hold(_numbered("PV_CURVE_V", curve.x_pu) | _numbered("PV_CURVE_P", curve.y_pu))
        self._hold({"PV_OLRT": curve.response_s})

    def set_watt_var(self, curve: Characteristic) -> None:
        corners = ("3_LOAD", "2_LOAD", "1_LOAD", "1_GEN", "2_GEN", "3_GEN")
        for axis, values in (("P", curve.x_pu), ("Q", curve.y_pu)):
            named = {f"QP_CURVE_{axis}{corner}": value for corner, value in zip(corners, values, strict=True)}
            self._hold(named)

    def set_power_factor(self, power_factor: float, injects: bool) -> None:
        self._hold({"CONST_PF": power_factor, "CONST_PF_EXCITATION": "INJ" if injects else "ABS"})
        self._hold({"CONST_PF_MODE_ENABLE": "ENABLED"})

    def disable_reactive_commands(self) -> None:
        self.q_pu = 0.0

    def set_reactive_power(self, share_pu: float) -> None:
        self.q_pu = share_pu
        self._hold({"CONST_Q": share_pu, "CONST_Q_MODE_ENABLE": "ENABLED"})

    def set_frequency_droop(self, droop: FrequencyDroop) -> None:
        self._hold({"PF_DBOF": droop.over_deadband_hz, "PF_DBUF": droop.under_deadband_hz})
        self._hold({"PF_KOF": droop.over_droop, "PF_KUF": droop.under_droop, "PF_OLRT": droop.response_s})

    def read_trip(self, kind: TripKind) -> Trip:
        return self.trips[kind]

    def set_trip(self, kind: TripKind, trip: Trip) -> None:
        self.trips[kind] = trip
        stem = "".join(word[0].upper() for word in kind.split("_"))
        for number, stage in enumerate((trip.inner, trip.outer), start=1):
            self._hold({f"{stem}{number}_TRIP_{stem[1]}": stage.level, f"{stem}{number}_TRIP_T": stage.time_s})

    def set_enter_service(self, to: EnterServiceSettings) -> None:
        self._hold({"ES_V_LOW": to.v_pu[0], "ES_V_HIGH": to.v_pu[1], "ES_F_LOW": to.f_hz[0], "ES_F_HIGH": to.f_hz[1]})
        self._hold({"ES_DELAY": to.delay_s, "ES_RAMP_RATE": to.ramp_s})

    def cease_to_energize(self) -> None:
        self.permitted = False

    def enter_service(self) -> None:
        self.permitted = True

    def identify(self) -> Identity:
        return Identity("derbench", "formula", "", "1", "1")

    def _hold(self, settings: Mapping[str, float | str]) -> None:
        kept = {f"{label}-AS": value for label, value in settings.items() if label not in self.forgets}
        self.as_set |= kept


def _numbered(stem: str, values: Sequence[float]) -> dict[str, float]:
    return {f"{stem}{number}": value for number, value in enumerate(values, start=1)}


def rig_of(device: Any, nameplate: Nameplate | None = None, uncertainty: float = 0.0) -> Rig:
    """Put a device that is its own source and analyzer on a rig whose analyzer has an uncertainty, per unit."""
    return rig_around(
        device,
        nameplate or plate(),
        InstrumentClass(uncertainty, uncertainty),
        phases=3,
        clock=make_clock("virtual", 0.1),
        advance=lambda _dt_s: None,
        supply=lambda _level_pu: None,
    )
