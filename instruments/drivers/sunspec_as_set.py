"""Settings of a SunSpec device in the labels of the common file format for IEEE 1547-2018 settings ("as set").

The labels are those of EPRI's "Common File Format for DER Settings Exchange and Storage" as public tools write them:
ratings `NP_...` without a suffix, settings with `-AS`. Voltages are per unit of rated, powers of settings per unit of
rated (active) or of rated apparent power (reactive), times s, frequencies Hz. What a device does not have has no label.
"""

import math
from collections.abc import Callable, Mapping

from instruments.drivers.sunspec_der import read_nameplate
from instruments.drivers.sunspec_device import Block, SunSpecDevice
from instruments.errors import InstrumentError
from instruments.readings import Nameplate

Setting = float | str
PCT = 100.0
IN_FORCE = "Crv[1]."
DIGITS = 9
"""Of a setting: what a scale factor leaves behind them is no part of it."""
TRIPS = {707: ("UV", "V", PCT), 708: ("OV", "V", PCT), 709: ("UF", "Hz", 1.0), 710: ("OF", "Hz", 1.0)}
"""Model -> which trip it is, the axis of its curve, and what one unit of the label is there."""
SHARES: Mapping[int, Callable[[Nameplate, float], float]] = {
    0: lambda np, _: np.p_max_w / np.va_max_va,
    1: lambda np, q: (np.q_max_injected_var if q > 0 else np.q_max_absorbed_var) / np.va_max_va,
    3: lambda _np, _: 1.0,
}
"""What a reactive power is in per cent of (DeptRef of 705 and 712, VarSetMod of 704) -> per unit of apparent power."""
WATT_VAR_CORNERS = ("P3_LOAD", "P2_LOAD", "P1_LOAD", "P1_GEN", "P2_GEN", "P3_GEN")
VARS = 4


def read_as_set(device: SunSpecDevice) -> dict[str, Setting]:
    """Read what the device is set to; what of it cannot be read stands in words under COMMENT.

    Raises TransportError, and InstrumentError where not even the nameplate can be read.
    """
    nameplate, found = read_nameplate(device), set(device.models())
    settings, refused = _identity(device) | _ratings(device.read(702), nameplate), []
    for model_id, tell in READERS.items():
        try:
            settings |= tell(device.read(model_id), nameplate) if model_id in found else {}
        except InstrumentError as error:
            refused.append(str(error))
    settings["COMMENT"] = "; ".join(refused)
    told = {label: value for label, value in settings.items() if value != "" and not _is_nan(value)}
    return {label: round(value, DIGITS) if isinstance(value, float) else value for label, value in told.items()}


def _is_nan(value: Setting) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _identity(device: SunSpecDevice) -> dict[str, Setting]:
    who = device.identify()
    return {
        "NP_MANUFACTURER": who.manufacturer,
        "NP_MODEL": who.model,
        "NP_SERIAL_NUM": who.serial,
        "NP_FW_VER": who.version,
    }


def _ratings(block: Block, nameplate: Nameplate) -> dict[str, Setting]:
    names = {
        "NP_P_MAX": "WMaxRtg",
        "NP_P_MAX_OVER_PF": "WOvrExtRtg",
        "NP_OVER_PF": "WOvrExtRtgPF",
        "NP_P_MAX_UNDER_PF": "WUndExtRtg",
        "NP_UNDER_PF": "WUndExtRtgPF",
        "NP_VA_MAX": "VAMaxRtg",
        "NP_Q_MAX_INJ": "VarMaxInjRtg",
        "NP_Q_MAX_ABS": "VarMaxAbsRtg",
        "NP_P_MAX_CHARGE": "WChaRteMaxRtg",
        "NP_APPARENT_POWER_CHARGE_MAX": "VAChaRteMaxRtg",
        "NP_AC_V_NOM": "VNomRtg",
        "NP_AC_V_MAX": "VMaxRtg",
        "NP_AC_V_MIN": "VMinRtg",
        "NP_REACTIVE_SUSCEPTANCE": "ReactSusceptRtg",
    }
    categories = {"NP_NORMAL_OP_CAT": nameplate.category, "NP_ABNORMAL_OP_CAT": nameplate.abnormal}
    numbers: dict[str, Setting] = {label: block.number(point) for label, point in names.items()}
    return numbers | {label: f"CAT_{value}" for label, value in categories.items() if value}


def _enter_service(block: Block, _nameplate: Nameplate) -> dict[str, Setting]:
    return {
        "ES_PERMIT_SERVICE-AS": _switch(block, "ES"),
        "ES_V_LOW-AS": block.number("ESVLo") / PCT,
        "ES_V_HIGH-AS": block.number("ESVHi") / PCT,
        "ES_F_LOW-AS": block.number("ESHzLo"),
        "ES_F_HIGH-AS": block.number("ESHzHi"),
        "ES_DELAY-AS": block.number("ESDlyTms"),
        "ES_RANDOMIZED_DELAY-AS": block.number("ESRndTms"),
        "ES_RAMP_RATE-AS": block.number("ESRmpTms"),
    }


def _commands(block: Block, nameplate: Nameplate) -> dict[str, Setting]:
    percent = block.number("VarSet" if block.number("VarSetMod") == VARS else "VarSetPct")
    absolute = percent / nameplate.va_max_va if nameplate.va_max_va else math.nan
    by_mode = absolute if block.number("VarSetMod") == VARS else _share(block, "VarSetMod", percent, nameplate)
    return {
        "AP_LIMIT_ENABLE-AS": _switch(block, "WMaxLimPctEna"),
        "AP_LIMIT-AS": block.number("WMaxLimPct") / PCT,
        "CONST_PF_MODE_ENABLE-AS": _switch(block, "PFWInjEna"),
        "CONST_PF_EXCITATION-AS": {0.0: "INJ", 1.0: "ABS"}.get(block.number("PFWInj.Ext"), ""),
        "CONST_PF-AS": block.number("PFWInj.PF"),
        "CONST_Q_MODE_ENABLE-AS": _switch(block, "VarSetEna"),
        "CONST_Q-AS": by_mode,
    }


def _volt_var(block: Block, nameplate: Nameplate) -> dict[str, Setting]:
    settings: dict[str, Setting] = {
        "QV_MODE_ENABLE-AS": _switch(block, "Ena"),
        "QV_VREF-AS": block.number(IN_FORCE + "VRef") / PCT,
        "QV_VREF_AUTO_MODE-AS": _switch(block, IN_FORCE + "VRefAutoEna"),
        "QV_VREF_TIME-AS": block.number(IN_FORCE + "VRefAutoTms"),
        "QV_OLRT-AS": block.number(IN_FORCE + "RspTms"),
    }
    for number, place in _points(block):
        var = block.number(place + "Var")
        settings[f"QV_CURVE_V{number}-AS"] = block.number(place + "V") / PCT
        settings[f"QV_CURVE_Q{number}-AS"] = _share(block, IN_FORCE + "DeptRef", var, nameplate)
    return settings


def _volt_watt(block: Block, _nameplate: Nameplate) -> dict[str, Setting]:
    settings: dict[str, Setting] = {
        "PV_MODE_ENABLE-AS": _switch(block, "Ena"),
        "PV_OLRT-AS": block.number(IN_FORCE + "RspTms"),
    }
    for number, place in _points(block):
        settings[f"PV_CURVE_V{number}-AS"] = block.number(place + "V") / PCT
        settings[f"PV_CURVE_P{number}-AS"] = block.number(place + "W") / PCT
    return settings


def _watt_var(block: Block, nameplate: Nameplate) -> dict[str, Setting]:
    settings: dict[str, Setting] = {"QP_MODE_ENABLE-AS": _switch(block, "Ena")}
    points = _points(block)
    corners = WATT_VAR_CORNERS if len(points) == len(WATT_VAR_CORNERS) else WATT_VAR_CORNERS[3:]
    for corner, (_, place) in zip(corners, points, strict=False):
        var = block.number(place + "Var")
        settings[f"QP_CURVE_{corner}-AS"] = block.number(place + "W") / PCT
        settings[f"QP_CURVE_{corner.replace('P', 'Q', 1)}-AS"] = _share(block, IN_FORCE + "DeptRef", var, nameplate)
    return settings


def _droop(block: Block, _nameplate: Nameplate) -> dict[str, Setting]:
    points = {"DBOF": "DbOf", "DBUF": "DbUf", "KOF": "KOf", "KUF": "KUf", "OLRT": "RspTms"}
    settings: dict[str, Setting] = {f"PF_{label}-AS": block.number(f"Ctl[1].{name}") for label, name in points.items()}
    return {"PF_MODE_ENABLE-AS": _switch(block, "Ena")} | settings


def _trips(block: Block, _nameplate: Nameplate) -> dict[str, Setting]:
    kind, axis, unit = TRIPS[block.plan.model_id]
    settings: dict[str, Setting] = {}
    for number, place in _points(block, IN_FORCE + "MustTrip."):
        settings[f"{kind}{number}_TRIP_{axis[0].replace('H', 'F')}-AS"] = block.number(place + axis) / unit
        settings[f"{kind}{number}_TRIP_T-AS"] = block.number(place + "Tms")
    return settings


READERS: Mapping[int, Callable[[Block, Nameplate], dict[str, Setting]]] = {
    704: _commands,
    703: _enter_service,
    705: _volt_var,
    712: _watt_var,
    706: _volt_watt,
    **dict.fromkeys(TRIPS, _trips),
    711: _droop,
}
"""In the order in which settings files have them."""


def _switch(block: Block, name: str) -> str:
    return {0.0: "DISABLED", 1.0: "ENABLED"}.get(block.number(name), "")


def _points(block: Block, curve: str = IN_FORCE) -> list[tuple[int, str]]:
    """Return number and place of each point that a curve uses and has."""
    count = block.number(curve + "ActPt") if curve + "ActPt" in block.plan.points else math.nan
    numbers = range(1, int(count) + 1) if math.isfinite(count) else range(0)
    places = ((number, f"{curve}Pt[{number}].") for number in numbers)
    return [(number, place) for number, place in places if any(block.plan.group(place))]


def _share(block: Block, mode: str, percent: float, nameplate: Nameplate) -> float:
    """Return a reactive power per unit of apparent power; NaN for one of what is available, which is no setting."""
    share = SHARES.get(int(block.number(mode)) if math.isfinite(block.number(mode)) else -1)
    return percent / PCT * share(nameplate, percent) if share and nameplate.va_max_va else math.nan
