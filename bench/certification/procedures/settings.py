"""Settings: IEEE 1547.1-2020 clause 6.6. Each function is set at points of its range, and what it is set to read back.

Setting goes by the driver's way to each function, reading back by its settings file: two ways that share no code.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import get_args

from bench.certification.figures import SuiteFigures
from bench.certification.figures_interoperability import SettingsPoint
from bench.certification.figures_trips import TRIP_KINDS, Abnormal, TripFigures, TripSetting
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.procedures.widening import held_trips, put_back
from bench.certification.refusals import DeviceError
from bench.certification.rig import Rig
from bench.certification.statements import Statements
from instruments.errors import ConfigError
from instruments.readings import (
    Characteristic,
    EnterServiceSettings,
    FrequencyDroop,
    Trip,
    TripStage,
    VoltVarCurve,
)
from instruments.roles import DerFunctions
from reports.verdict import Verdict

Labels = Mapping[str, float]
Words = Mapping[str, str]
AS_SET = "-AS"
PCT = 100.0
REVERSION_S = 3600.0
"""A limit ends by itself if the bench does not end it."""
WATT_VAR_CORNERS = ("3_LOAD", "2_LOAD", "1_LOAD", "1_GEN", "2_GEN", "3_GEN")
ENTER_SERVICE = ("ES_V_LOW", "ES_V_HIGH", "ES_F_LOW", "ES_F_HIGH", "ES_DELAY", "ES_RAMP_RATE")
INJECTING = "INJ"


def write_settings(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Set each function that it has at each of its points, trips last, and compare.

    On every way out functions are left off, and the criteria of entering service and trips as they were found. Raises
    NotPassed in the end for functions that its point map has not whole, and for trips that cannot be read as two
    stages: they could not be put back.
    """
    section, found, has = figures.settings, _read(rig)[0], rig.functions.read_functions()
    points, lacks = [point for point in section.points if MODES.get(point.function, "") in {"", *has}], list[str]()
    try:
        for point in points:
            yield from _mapped(_compared(rig, figures, point), lacks)
        for stage in (stage for stage in TRIP_KINDS if f"{stage}_TRIP" in has):
            yield from _mapped(_trips_compared(rig, figures, [stage]), lacks)
    finally:
        rig.functions.disable_functions()
        if all(label in found for label in ENTER_SERVICE):
            _enter_service(rig.functions, found, {})
    if lacks:
        raise NotPassed("; ".join(dict.fromkeys(lacks)), Verdict.NOT_RUN)


def _mapped(compared: Iterator[Finding], lacks: list[str]) -> Iterator[Finding]:
    """Compare, and go on with the next function where this one is NOT_RUN, since its point map lacks it."""
    try:
        yield from compared
    except NotPassed as error:
        if error.verdict is not Verdict.NOT_RUN:
            raise
        lacks.append(str(error))


def trip_points(figures: TripFigures, stage: str, names: Iterable[str], abnormal: str) -> list[SettingsPoint]:
    """Return the points of a trip, OV, UV, OF or UF, for a category: its settings of such names.

    A stage that is fixed is set to what it is.
    """
    points = []
    for name in names:
        both = {number: _setting(figures, f"{stage}{number}", name, abnormal) for number in (1, 2)}
        levels = {f"{stage}{number}_TRIP_{stage[1]}": setting.level for number, setting in both.items()}
        times = {f"{stage}{number}_TRIP_T": setting.time_s for number, setting in both.items()}
        points.append(SettingsPoint(function=f"{stage} trip", name=name, labels=levels | times))
    return points


def _setting(figures: TripFigures, stage: str, name: str, abnormal: str) -> TripSetting:
    found = figures.stage(stage)
    only = [settings[0] for category, settings in found.settings.items() if category == abnormal and len(settings) == 1]
    return only[0] if only else found.setting(abnormal, name)


def _trips_compared(rig: Rig, figures: SuiteFigures, stages: Iterable[str]) -> Iterator[Finding]:
    abnormal = rig.nameplate.abnormal
    if abnormal not in get_args(Abnormal):
        reason = f"{rig.device} states no abnormal operating category, but {abnormal!r}: its trips were not set"
        raise NotPassed(reason, Verdict.NOT_RUN)
    for stage in stages:
        before = held_trips(rig, [TRIP_KINDS[stage]])
        try:
            for point in trip_points(figures.trips, stage, figures.settings.trips, abnormal):
                yield from _compared(rig, figures, point)
        finally:
            put_back(rig, before)


def _compared(rig: Rig, figures: SuiteFigures, point: SettingsPoint) -> Iterator[Finding]:
    """Set a function, and hold what it says then against that.

    A device that refuses may show all the same what it was told, where that is held until the function is switched on.
    """
    section = figures.settings
    say = Statements(rig, section.clause)
    if point.function not in SETTERS:
        raise ConfigError(f"there is no function {point.function!r} to be set; known: {', '.join(SETTERS)}")
    try:
        SETTERS[point.function](rig.functions, point.labels, point.words)
    except DeviceError:
        yield say.made(f"taken as set, {point.function} {point.name}", is_made=False)
    numbers, words = _read(rig)
    for label, wanted in point.labels.items():
        tolerance = section.rounding * max(1.0, abs(wanted))
        held = numbers.get(label, math.nan)
        yield say.same(f"{label} as set, {point.function} {point.name}", held, wanted, tolerance, "as labelled")
    for label, word in point.words.items():
        yield say.made(f"{label} as set to {word}, {point.function} {point.name}", words.get(label) == word)


def _read(rig: Rig) -> tuple[dict[str, float], dict[str, str]]:
    """Read numbers and words of the settings file, by their labels without the ending."""
    told = {label.removesuffix(AS_SET): value for label, value in rig.functions.read_as_set().items()}
    numbers = {label: value for label, value in told.items() if isinstance(value, float | int)}
    return numbers, {label: value for label, value in told.items() if isinstance(value, str)}


def _enter_service(functions: DerFunctions, to: Labels, _words: Words) -> None:
    v_pu, f_hz = (to["ES_V_LOW"], to["ES_V_HIGH"]), (to["ES_F_LOW"], to["ES_F_HIGH"])
    functions.set_enter_service(EnterServiceSettings(v_pu, f_hz, to["ES_DELAY"], to["ES_RAMP_RATE"]))


def _limit(functions: DerFunctions, to: Labels, _words: Words) -> None:
    functions.limit_power_pct(to["AP_LIMIT"] * PCT, REVERSION_S)


def _power_factor(functions: DerFunctions, to: Labels, words: Words) -> None:
    functions.set_power_factor(to["CONST_PF"], words["CONST_PF_EXCITATION"] == INJECTING)


def _vars(functions: DerFunctions, to: Labels, _words: Words) -> None:
    functions.set_reactive_power(to["CONST_Q"])


def _volt_var(functions: DerFunctions, to: Labels, _words: Words) -> None:
    v_pu, q_pu = _numbered(to, "QV_CURVE_V"), _numbered(to, "QV_CURVE_Q")
    functions.set_volt_var(VoltVarCurve(v_pu, q_pu, to["QV_OLRT"]))


def _volt_watt(functions: DerFunctions, to: Labels, _words: Words) -> None:
    v_pu, p_pu = _numbered(to, "PV_CURVE_V"), _numbered(to, "PV_CURVE_P")
    functions.set_volt_watt(Characteristic(v_pu, p_pu, to["PV_OLRT"]))


def _watt_var(functions: DerFunctions, to: Labels, _words: Words) -> None:
    p_pu, q_pu = (tuple(to[f"QP_CURVE_{axis}{corner}"] for corner in WATT_VAR_CORNERS) for axis in "PQ")
    functions.set_watt_var(Characteristic(p_pu, q_pu, 0.0))


def _droop(functions: DerFunctions, to: Labels, _words: Words) -> None:
    functions.set_frequency_droop(
        FrequencyDroop(to["PF_DBOF"], to["PF_DBUF"], to["PF_KOF"], to["PF_KUF"], to["PF_OLRT"])
    )


def _trip(stage: str, functions: DerFunctions, to: Labels, _words: Words) -> None:
    level = f"TRIP_{stage[1]}"
    inner, outer = (TripStage(to[f"{stage}{number}_{level}"], to[f"{stage}{number}_TRIP_T"]) for number in (1, 2))
    functions.set_trip(TRIP_KINDS[stage], Trip(inner, outer))


SETTERS: Mapping[str, Callable[[DerFunctions, Labels, Words], None]] = {
    "enter service": _enter_service,
    "limit active power": _limit,
    "constant power factor": _power_factor,
    "constant reactive power": _vars,
    "volt-var": _volt_var,
    "volt-watt": _volt_watt,
    "watt-var": _watt_var,
    "frequency-droop": _droop,
    **{f"{stage} trip": partial(_trip, stage) for stage in TRIP_KINDS},
}
"""Functions by their names in the figures. A further one is one entry here, and two points there."""


MODES = {
    "limit active power": "AP_LIMIT",
    "constant power factor": "CONST_PF",
    "constant reactive power": "CONST_Q",
    "volt-var": "QV",
    "volt-watt": "PV",
    "watt-var": "QP",
    "frequency-droop": "PF",
}
"""Functions that a device need not have: those of its category are asked for at clause 6.4."""


def _numbered(to: Labels, stem: str) -> tuple[float, ...]:
    """Return the values of corners 1, 2 and so on."""
    count = sum(label.startswith(stem) for label in to)
    return tuple(to[f"{stem}{number}"] for number in range(1, count + 1))
