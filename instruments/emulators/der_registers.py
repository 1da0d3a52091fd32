"""SunSpec models 1, 701 and 702 of an emulated distributed energy resource, filled from plain values."""

import cmath
import math
from dataclasses import dataclass

from instruments.emulators.electrical import ElectricalNode, PhasePower
from instruments.emulators.modbus_server import ILLEGAL_VALUE, ModbusRefusal
from instruments.emulators.sunspec_image import ModelImage, SunSpecImage, Value
from instruments.readings import Identity, Nameplate
from instruments.sunspec.layout import scale_exponent

INT16 = 32_000
UINT16 = 65_000
"""Counts that a register may reach, with room to the end of its type."""
HEADROOM = 1.2
"""Measured values may exceed the rating by this factor and still be reported."""
LOWEST_PU = 0.5
"""Voltage down to which the current at rated VA still fits its register, per unit."""
OFF, STARTING, RUNNING = 0, 2, 3
SINGLE_PHASE, THREE_PHASE = 0, 2
HOUR_S = 3600.0
PF_SCALE = -3
SUSCEPTANCE_SCALE = -3
LEAST_PU, HIGHEST_PU = 0.88, 1.10
"""Voltages of continuous operation, per unit (IEEE 1547-2018 Table 14 to 16)."""
LEAST_POWER_FACTOR = {"A": (0.90, 0.97), "B": (0.90, 0.90)}
"""Least power factor at rated apparent power, injecting and absorbing vars (IEEE 1547-2018 5.3.2)."""
CATEGORIES = ("A", "B")
ABNORMAL_CATEGORIES = ("I", "II", "III")


@dataclass
class Energy:
    """Energy counters at the terminals, Wh, both counting up."""

    injected_wh: float = 0.0
    absorbed_wh: float = 0.0

    def add(self, p_w: float, dt_s: float) -> None:
        """Count a power that was held for a time."""
        self.injected_wh += max(p_w, 0.0) * dt_s / HOUR_S
        self.absorbed_wh += max(-p_w, 0.0) * dt_s / HOUR_S


@dataclass(frozen=True)
class AcState:
    """What model 701 shows."""

    power: PhasePower
    running: bool
    connected: bool
    alarms: int
    energy: Energy
    starting: bool = False
    """Whether it ramps up after it was permitted service."""

    @property
    def inverter_state(self) -> int:
        """InvSt of model 701."""
        if self.running:
            return STARTING if self.starting else RUNNING
        return OFF


def publish_identity(image: SunSpecImage, identity: Identity, unit: int) -> None:
    """Fill model 1."""
    image.model(1).set(
        {
            "Mn": identity.manufacturer,
            "Md": identity.model,
            "Opt": identity.options,
            "Vr": identity.version,
            "SN": identity.serial,
            "DA": unit,
        }
    )


def publish_nameplate(model: ModelImage, nameplate: Nameplate) -> None:
    """Fill model 702: ratings, and the same values as configured."""
    power_sf = scale_exponent(nameplate.va_max_va * HEADROOM, UINT16)
    model.set({"W_SF": power_sf, "VA_SF": power_sf, "Var_SF": power_sf, "V_SF": _volt_scale(nameplate.v_nom_v)})
    model.set({"PF_SF": PF_SCALE, "S_SF": SUSCEPTANCE_SCALE})
    values = _ratings(nameplate)
    model.set({stated: value for (stated, _), value in values.items()})
    model.set({configured: value for (_, configured), value in values.items() if configured})
    model.set(
        {
            "NorOpCatRtg": CATEGORIES.index(nameplate.category),
            "AbnOpCatRtg": ABNORMAL_CATEGORIES.index(nameplate.abnormal),
        }
    )


def check_configuration(model: ModelImage, names: frozenset[str]) -> None:
    """Refuse what model 702 is configured to beyond its rating, or to nothing at all; raises ModbusRefusal."""
    for stated, configured in POINTS_OF_RATINGS:
        if configured in names and not 0.0 <= model.get(configured) <= model.get(stated):
            raise ModbusRefusal(ILLEGAL_VALUE)
    if any(name in names and model.get(name) <= 0.0 for name in ("WMax", "VAMax", "VNom")):
        raise ModbusRefusal(ILLEGAL_VALUE)


POINTS_OF_RATINGS = (
    *(("WMaxRtg", "WMax"), ("WOvrExtRtg", "WMaxOvrExt"), ("WUndExtRtg", "WMaxUndExt"), ("VAMaxRtg", "VAMax")),
    *(("VarMaxInjRtg", "VarMaxInj"), ("VarMaxAbsRtg", "VarMaxAbs"), ("VNomRtg", "VNom")),
    *(("WChaRteMaxRtg", "WChaRteMax"), ("WDisChaRteMaxRtg", "WDisChaRteMax")),
    *(("VAChaRteMaxRtg", "VAChaRteMax"), ("VADisChaRteMaxRtg", "VADisChaRteMax")),
)
"""Ratings of model 702 that can be configured to less, with the point that holds what they are configured to."""


def _ratings(nameplate: Nameplate) -> dict[tuple[str, str], float]:
    """Return values of IEEE 1547-2018 Table 28 by the points that state them and that hold the configured ones."""
    va, least_pf = nameplate.va_max_va, LEAST_POWER_FACTOR[nameplate.category]
    over_w, under_w = (math.sqrt(va**2 - q**2) for q in (nameplate.q_max_injected_var, nameplate.q_max_absorbed_var))
    charge_va = va if nameplate.charge_max_w > 0.0 else 0.0
    values = (
        *(nameplate.p_max_w, min(over_w, nameplate.p_max_w), min(under_w, nameplate.p_max_w), va),
        *(nameplate.q_max_injected_var, nameplate.q_max_absorbed_var, nameplate.v_nom_v),
        *(nameplate.charge_max_w, nameplate.p_max_w, charge_va, va),
    )
    ratings = dict(zip(POINTS_OF_RATINGS, values, strict=True))
    return ratings | {
        ("VMaxRtg", "VMax"): HIGHEST_PU * nameplate.v_nom_v,
        ("VMinRtg", "VMin"): LEAST_PU * nameplate.v_nom_v,
        ("PFOvrExtRtg", "PFOvrExt"): least_pf[0],
        ("PFUndExtRtg", "PFUndExt"): least_pf[1],
        ("WOvrExtRtgPF", "WOvrExtPF"): min(over_w, nameplate.p_max_w) / va,
        ("WUndExtRtgPF", "WUndExtPF"): min(under_w, nameplate.p_max_w) / va,
        ("ReactSusceptRtg", ""): 0.0,
    }


def prepare_measurement(model: ModelImage, nameplate: Nameplate, phases: int) -> None:
    """Set the scale factors of model 701 so that values up to the headroom fit."""
    power_sf = scale_exponent(nameplate.va_max_va * HEADROOM, INT16)
    volts = nameplate.v_nom_v / math.sqrt(phases)
    current_sf = scale_exponent(nameplate.va_max_va / (LOWEST_PU * volts) * HEADROOM, INT16)
    model.set({"W_SF": power_sf, "VA_SF": power_sf, "Var_SF": power_sf, "A_SF": current_sf})
    model.set({"V_SF": _volt_scale(nameplate.v_nom_v), "Hz_SF": -3, "PF_SF": PF_SCALE, "TotWh_SF": 0})
    model.set({"ACType": THREE_PHASE if phases > 1 else SINGLE_PHASE})


def publish_measurement(model: ModelImage, state: AcState, node: ElectricalNode | None) -> None:
    """Fill model 701; without a node, voltage, current and frequency are not implemented."""
    p_w, q_var = sum(state.power.p_w), sum(state.power.q_var)
    va = math.hypot(p_w, q_var)
    model.set({"St": int(state.running), "InvSt": state.inverter_state, "ConnSt": int(state.connected)})
    model.set({"Alrm": state.alarms, "W": p_w, "Var": q_var, "VA": va, "PF": p_w / va if va else 1.0})
    model.set({"TotWhInj": state.energy.injected_wh, "TotWhAbs": state.energy.absorbed_wh})
    if node is not None:
        model.set(_electrical(node, state.power))


def _electrical(node: ElectricalNode, power: PhasePower) -> dict[str, Value]:
    line_v = line_voltages_v(node)
    values: dict[str, Value] = {"Hz": node.frequency_hz, "LNV": sum(node.voltage_v) / node.phases}
    values["LLV"] = sum(line_v) / len(line_v) if line_v else None
    total_a = 0.0
    for phase in range(node.phases):
        volts, label = node.voltage_v[phase], f"L{phase + 1}"
        p_w, q_var = power.p_w[phase], power.q_var[phase]
        amps = math.hypot(p_w, q_var) / volts if volts else 0.0
        total_a += amps
        values |= {f"W{label}": p_w, f"Var{label}": q_var, f"VA{label}": math.hypot(p_w, q_var)}
        values |= {f"A{label}": amps, f"V{label}": volts}
    values["A"] = total_a
    return values | dict(zip(("VL1L2", "VL2L3", "VL3L1"), line_v, strict=False))


def line_voltages_v(node: ElectricalNode) -> tuple[float, ...]:
    """Voltages between neighbouring phases, V; none on a node of one phase."""
    if node.phases == 1:
        return ()
    angles = [math.radians(angle) for angle in node.angle_deg]
    phasors = [cmath.rect(volts, angle) for volts, angle in zip(node.voltage_v, angles, strict=True)]
    return tuple(abs(phasors[i] - phasors[(i + 1) % node.phases]) for i in range(node.phases))


def _volt_scale(v_nom_v: float) -> int:
    return scale_exponent(v_nom_v * HEADROOM, UINT16)
