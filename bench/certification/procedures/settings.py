"""Settings: IEEE 1547.1-2020 clause 6.6. Each function is set at points of its range, and what it is set to read back.

Setting goes by the driver's way to each function, reading back by its settings file: two ways that share no code.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from bench.certification.figures import SuiteFigures
from bench.certification.figures_interoperability import SettingsPoint
from bench.certification.findings import Finding
from bench.certification.refusals import DeviceError
from bench.certification.rig import Rig
from bench.certification.statements import Statements
from instruments.errors import ConfigError
from instruments.readings import Characteristic, EnterServiceSettings, VoltVarCurve
from instruments.roles import DerFunctions

Labels = Mapping[str, float]
AS_SET = "-AS"
PCT = 100.0
REVERSION_S = 3600.0
"""A limit ends by itself if the bench does not end it."""
WATT_VAR_CORNERS = ("3_LOAD", "2_LOAD", "1_LOAD", "1_GEN", "2_GEN", "3_GEN")
ENTER_SERVICE = ("ES_V_LOW", "ES_V_HIGH", "ES_F_LOW", "ES_F_HIGH", "ES_DELAY", "ES_RAMP_RATE")


def write_settings(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Set each function that it has at each of its points, and compare.

    On every way out functions are left off, and the criteria of entering service as they were found.
    """
    section, found, has = figures.settings, _read(rig), rig.functions.read_functions()
    say = Statements(rig, section.clause)
    try:
        for point in (point for point in section.points if MODES.get(point.function, "") in {"", *has}):
            held = _set(rig, point)
            for label, wanted in point.labels.items():
                what = f"{label} as set, {point.function} {point.name}"
                tolerance = section.rounding * max(1.0, abs(wanted))
                yield say.same(what, held.get(label, math.nan), wanted, tolerance, "as labelled")
    finally:
        rig.functions.disable_functions()
        if all(label in found for label in ENTER_SERVICE):
            _enter_service(rig.functions, found)


def _set(rig: Rig, point: SettingsPoint) -> dict[str, float]:
    """Set a function; return what is held then. A refusal shows in that."""
    if point.function not in SETTERS:
        raise ConfigError(f"there is no function {point.function!r} to be set; known: {', '.join(SETTERS)}")
    with suppress(DeviceError):
        SETTERS[point.function](rig.functions, point.labels)
    return _read(rig)


def _read(rig: Rig) -> dict[str, float]:
    told = rig.functions.read_as_set()
    return {label.removesuffix(AS_SET): value for label, value in told.items() if isinstance(value, float | int)}


def _enter_service(functions: DerFunctions, to: Labels) -> None:
    v_pu, f_hz = (to["ES_V_LOW"], to["ES_V_HIGH"]), (to["ES_F_LOW"], to["ES_F_HIGH"])
    functions.set_enter_service(EnterServiceSettings(v_pu, f_hz, to["ES_DELAY"], to["ES_RAMP_RATE"]))


def _limit(functions: DerFunctions, to: Labels) -> None:
    functions.limit_power_pct(to["AP_LIMIT"] * PCT, REVERSION_S)


def _volt_var(functions: DerFunctions, to: Labels) -> None:
    v_pu, q_pu = _numbered(to, "QV_CURVE_V"), _numbered(to, "QV_CURVE_Q")
    functions.set_volt_var(VoltVarCurve(v_pu, q_pu, to["QV_OLRT"]))


def _volt_watt(functions: DerFunctions, to: Labels) -> None:
    v_pu, p_pu = _numbered(to, "PV_CURVE_V"), _numbered(to, "PV_CURVE_P")
    functions.set_volt_watt(Characteristic(v_pu, p_pu, to["PV_OLRT"]))


def _watt_var(functions: DerFunctions, to: Labels) -> None:
    p_pu, q_pu = (tuple(to[f"QP_CURVE_{axis}{corner}"] for corner in WATT_VAR_CORNERS) for axis in "PQ")
    functions.set_watt_var(Characteristic(p_pu, q_pu, 0.0))


SETTERS: Mapping[str, Callable[[DerFunctions, Labels], None]] = {
    "enter service": _enter_service,
    "limit active power": _limit,
    "volt-var": _volt_var,
    "volt-watt": _volt_watt,
    "watt-var": _watt_var,
}
"""Functions by their names in the figures. A further one is one entry here, and two points there."""


MODES = {"limit active power": "AP_LIMIT", "volt-var": "QV", "volt-watt": "PV", "watt-var": "QP"}
"""Functions that a device need not have: those of its category are asked for at clause 6.4."""


def _numbered(to: Labels, stem: str) -> tuple[float, ...]:
    """Return the values of corners 1, 2 and so on."""
    count = sum(label.startswith(stem) for label in to)
    return tuple(to[f"{stem}{number}"] for number in range(1, count + 1))
