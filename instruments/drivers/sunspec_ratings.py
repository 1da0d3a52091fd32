"""Ratings of SunSpec model 702 as they are configured, and the functions that a device says it has.

Ratings go by the labels of the common file format for settings (IEEE 1547-2018 Table 28), as `sunspec_as_set` reads
them; each may be configured to less, and the device then behaves as one of that rating (10.4).
"""

import math
from collections.abc import Mapping

from instruments.drivers.fence import require_within
from instruments.drivers.sunspec_device import SunSpecDevice
from instruments.errors import InstrumentError, SafetyTrip

RATINGS: Mapping[str, tuple[str, str]] = {
    "NP_P_MAX": ("WMaxRtg", "WMax"),
    "NP_P_MAX_OVER_PF": ("WOvrExtRtg", "WMaxOvrExt"),
    "NP_P_MAX_UNDER_PF": ("WUndExtRtg", "WMaxUndExt"),
    "NP_VA_MAX": ("VAMaxRtg", "VAMax"),
    "NP_Q_MAX_INJ": ("VarMaxInjRtg", "VarMaxInj"),
    "NP_Q_MAX_ABS": ("VarMaxAbsRtg", "VarMaxAbs"),
    "NP_P_MAX_CHARGE": ("WChaRteMaxRtg", "WChaRteMax"),
    "NP_APPARENT_POWER_CHARGE_MAX": ("VAChaRteMaxRtg", "VAChaRteMax"),
    "NP_AC_V_NOM": ("VNomRtg", "VNom"),
}
"""Label -> the point that states the rating, and the one that holds what it is configured to."""
MODES = {
    0: "AP_LIMIT",
    1: "AP_SET",
    2: "CONST_Q",
    3: "CONST_PF",
    4: "QV",
    5: "PF",
    7: "UV_TRIP",
    8: "OV_TRIP",
    9: "QP",
    10: "PV",
    12: "UF_TRIP",
    13: "OF_TRIP",
}
"""Bit of CtrlModes -> function, by what the labels of its settings begin with."""


def read_functions(device: SunSpecDevice) -> frozenset[str]:
    """Read which functions it says it has; none where it does not say."""
    bits = device.read(702).number("CtrlModes")
    return frozenset(name for bit, name in MODES.items() if not math.isnan(bits) and int(bits) >> bit & 1)


def read_configuration(device: SunSpecDevice) -> dict[str, float]:
    """Read what its ratings are configured to, in W, VA, var and V; without those that it cannot configure."""
    block = device.read(702)
    held = {label: block.number(configured) for label, (_, configured) in RATINGS.items()}
    return {label: value for label, value in held.items() if not math.isnan(value)}


def configure(device: SunSpecDevice, label: str, value: float) -> None:
    """Configure a rating to less than it is, or back to it, and read it back.

    Raises SafetyTrip, before anything is sent, for no such rating, and for a value that is none or beyond what the
    device states; InstrumentError when it refuses, or does not hold what was written.
    """
    if label not in RATINGS:
        raise SafetyTrip(f"{device.name}: {label} cannot be configured; known: {', '.join(RATINGS)}")
    stated, configured = RATINGS[label]
    block = device.read(702)
    device.require(block, stated, configured)
    step = device.resolution(702, configured)
    require_within(device.name, label, (value,), (step, block.number(stated)))
    device.write(702, {configured: value})
    held = device.read(702).number(configured)
    if not abs(held - value) <= step / 2:
        raise InstrumentError(f"{device.name} was configured to {label} {value:g} and holds {held:g}")
