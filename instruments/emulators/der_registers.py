"""SunSpec models 1, 701 and 702 of an emulated distributed energy resource, filled from plain values."""

import cmath
import math
from dataclasses import dataclass

from instruments.emulators.electrical import ElectricalNode, PhasePower
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
    for ending in ("Rtg", ""):
        model.set({name + ending: value for name, value in _ratings(nameplate).items()})
    model.set(
        {
            "NorOpCatRtg": CATEGORIES.index(nameplate.category),
            "AbnOpCatRtg": ABNORMAL_CATEGORIES.index(nameplate.abnormal),
        }
    )


def _ratings(nameplate: Nameplate) -> dict[str, float]:
    return {
        "WMax": nameplate.p_max_w,
        "VAMax": nameplate.va_max_va,
        "VarMaxInj": nameplate.q_max_injected_var,
        "VarMaxAbs": nameplate.q_max_absorbed_var,
        "WChaRteMax": nameplate.charge_max_w,
        "WDisChaRteMax": nameplate.p_max_w,
        "VNom": nameplate.v_nom_v,
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
