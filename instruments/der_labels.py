"""Labels of the common file format for settings of IEEE 1547-2018: what each is of, and which point of a map has it.

The labels are those of EPRI's "Common File Format for DER Settings Exchange and Storage", here without `-AS`. Points
are named by them in small letters (ES_DELAY is `es_delay`), but for those that the role inverter has a name for.
Functions go by what the labels of their settings begin with.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from instruments.point_units import HERTZ, RATIO, SECONDS, SHARE, SIEMENS, VA, VARS, VOLTS, WATTS, Units
from instruments.readings import TripKind

Quantity = str
"""What a label is of: a key of UNITS_OF, `word` or `switch`."""
Setting = float | str | bool
"""A number in the unit of its label, the word of an enumeration in capitals, or whether something is on."""
UNITS_OF: Mapping[Quantity, Units] = {
    "share of voltage": VOLTS | SHARE,
    "share of power": WATTS | SHARE,
    "share of vars": VARS | SHARE,
    "W": WATTS,
    "VA": VA,
    "var": VARS,
    "V": VOLTS,
    "S": SIEMENS,
    "s": SECONDS,
    "Hz": HERTZ,
    "ratio": RATIO,
}
"""Units that a point may be in; words and switches have none."""
CORNERS = 10
"""Most corners of a volt-var curve that a map is searched for."""
WATT_VAR_CORNERS = ("3_LOAD", "2_LOAD", "1_LOAD", "1_GEN", "2_GEN", "3_GEN")
"""From the most that is absorbed to the most that is delivered."""
TRIPS: Mapping[TripKind, str] = {
    "under_voltage": "UV",
    "over_voltage": "OV",
    "under_frequency": "UF",
    "over_frequency": "OF",
}
CONFIGURED, SUPPORTS = "_CONFIGURED", "SUPPORTS_"
"""Around the label of a rating: what it is configured to; around that of a function: whether the device has it. Both
are names of ours."""
REVERSION, LOWEST_POWER = "AP_LIMIT_REVERSION_TIME", "PF_P_MIN"
"""Names of ours, for what the format has no label for: how long a limit holds, and how far frequency may take power."""

_RATINGS: Mapping[str, Quantity] = {
    **dict.fromkeys(("NP_P_MAX", "NP_P_MAX_OVER_PF", "NP_P_MAX_UNDER_PF", "NP_P_MAX_CHARGE"), "W"),
    **dict.fromkeys(("NP_VA_MAX", "NP_APPARENT_POWER_CHARGE_MAX"), "VA"),
    **dict.fromkeys(("NP_Q_MAX_INJ", "NP_Q_MAX_ABS"), "var"),
    "NP_AC_V_NOM": "V",
}
NAMEPLATE: Mapping[str, Quantity] = {
    **_RATINGS,
    "NP_OVER_PF": "ratio",
    "NP_UNDER_PF": "ratio",
    "NP_AC_V_MAX": "V",
    "NP_AC_V_MIN": "V",
    "NP_REACTIVE_SUSCEPTANCE": "S",
    "NP_NORMAL_OP_CAT": "word",
    "NP_ABNORMAL_OP_CAT": "word",
}
"""What a device states of itself, beside its name."""
CATEGORIES = ("NP_NORMAL_OP_CAT", "NP_ABNORMAL_OP_CAT")
"""What the figures of type tests go by: without them none begins."""
RATINGS = tuple(_RATINGS)
"""Ratings that may be configured to less."""


def _curve(prefix: str, axes: Mapping[str, Quantity], corners: Iterable[str]) -> dict[str, Quantity]:
    return {f"{prefix}_CURVE_{axis}{corner}": of for corner in corners for axis, of in axes.items()}


def _trip(kind: str) -> dict[str, Quantity]:
    level: Quantity = "share of voltage" if kind.endswith("V") else "Hz"
    return {f"{kind}{n}_TRIP_{axis}": of for n in (1, 2) for axis, of in ((kind[1], level), ("T", "s"))}


_TWO = ("1", "2")
NEEDED: Mapping[str, Mapping[str, Quantity]] = {
    "AP_LIMIT": {"AP_LIMIT": "share of power", "AP_LIMIT_ENABLE": "switch"},
    "CONST_PF": {"CONST_PF_MODE_ENABLE": "switch", "CONST_PF_EXCITATION": "word", "CONST_PF": "ratio"},
    "CONST_Q": {"CONST_Q_MODE_ENABLE": "switch", "CONST_Q": "share of vars"},
    "ES": {
        **{"ES_V_LOW": "share of voltage", "ES_V_HIGH": "share of voltage", "ES_F_LOW": "Hz", "ES_F_HIGH": "Hz"},
        **{"ES_DELAY": "s", "ES_RAMP_RATE": "s"},
    },
    "QV": {"QV_MODE_ENABLE": "switch", **_curve("QV", {"V": "share of voltage", "Q": "share of vars"}, _TWO)},
    "QP": {"QP_MODE_ENABLE": "switch", **_curve("QP", {"P": "share of power", "Q": "share of vars"}, WATT_VAR_CORNERS)},
    "PV": {"PV_MODE_ENABLE": "switch", **_curve("PV", {"V": "share of voltage", "P": "share of power"}, _TWO)},
    **{f"{kind}_TRIP": _trip(kind) for kind in TRIPS.values()},
    "PF": {
        **{"PF_MODE_ENABLE": "switch", "PF_DBOF": "Hz", "PF_DBUF": "Hz", "PF_KOF": "ratio", "PF_KUF": "ratio"},
        **{"PF_OLRT": "s"},
    },
}
"""Labels without which a map does not offer a function, in the order in which settings files have the functions."""
MORE: Mapping[str, Mapping[str, Quantity]] = {
    "AP_LIMIT": {REVERSION: "s"},
    "ES": {"ES_PERMIT_SERVICE": "word", "ES_RANDOMIZED_DELAY": "s"},
    "QV": {
        **_curve("QV", {"V": "share of voltage", "Q": "share of vars"}, map(str, range(3, CORNERS + 1))),
        **{"QV_OLRT": "s", "QV_VREF": "share of voltage", "QV_VREF_AUTO_MODE": "switch", "QV_VREF_TIME": "s"},
    },
    "PV": {"PV_OLRT": "s"},
    "PF": {LOWEST_POWER: "share of power"},
}
"""Labels that a function has where the map has them."""
QUANTITIES: Mapping[str, Quantity] = {
    **NAMEPLATE,
    **{label + CONFIGURED: of for label, of in _RATINGS.items()},
    **{label: of for labels in (*NEEDED.values(), *MORE.values()) for label, of in labels.items()},
    **{SUPPORTS + function: "switch" for function in NEEDED if function != "ES"},
}
"""Every label, with what it is of."""
SWITCHES = {name: next((s for s in labels if s.endswith("_ENABLE")), "") for name, labels in NEEDED.items()}
"""What switches each function on; empty of one that is always on."""
WORDS: Mapping[str, str] = {
    **{"AP_LIMIT": "limit of active power", "CONST_PF": "constant power factor", "CONST_Q": "constant reactive power"},
    **{"ES": "setting of entering service", "QV": "volt-var", "QP": "watt-var", "PV": "volt-watt"},
    **{f"{short}_TRIP": f"{kind.replace('_', '-')} trip" for kind, short in TRIPS.items()},
    "PF": "frequency-droop",
}
"""Functions as errors call them."""
_NAMES = {
    **{"NP_MANUFACTURER": "manufacturer", "NP_MODEL": "model", "NP_SERIAL_NUM": "serial", "NP_FW_VER": "version"},
    "NP_P_MAX": "rated_power",
    "NP_VA_MAX": "rated_apparent_power",
    "NP_Q_MAX_INJ": "rated_reactive_injected",
    "NP_Q_MAX_ABS": "rated_reactive_absorbed",
    "NP_P_MAX_CHARGE": "rated_charge_power",
    "NP_AC_V_NOM": "rated_voltage",
    "ES_PERMIT_SERVICE": "service",
    "QV_MODE_ENABLE": "volt_var_enable",
    "QV_OLRT": "volt_var_response_time",
}


def point_of(label: str) -> str:
    """Return the name of the point that a map has for a label."""
    corner = re.fullmatch(r"QV_CURVE_([VQ])([0-9]+)", label)
    return f"volt_var_{corner[1].lower()}_{corner[2]}" if corner else _NAMES.get(label, label.lower())


POINTS: Mapping[str, Quantity] = {point_of(label): of for label, of in QUANTITIES.items()}
"""Points of a map, with what each is of."""
DIRECTED = frozenset(
    {"const_q"} | {f"qp_curve_{axis}{corner}".lower() for corner in WATT_VAR_CORNERS for axis in ("p", "q")}
)
"""Points of what flows one way or the other."""
COMMANDS: Mapping[str, str] = {
    **{f"{name.lower()}_adopt": "adopt" for name in NEEDED},
    "alarm_reset": "reset",
}
"""Points that only do something, with the label that has it done: take over what was written, acknowledge alarms."""


def missing(labels: Iterable[str], offers: Callable[[str], bool]) -> list[str]:
    """Return the points that a map would need for some labels and has not; `offers` tells of a point whether it has."""
    return [name for name in map(point_of, labels) if not offers(name)]
