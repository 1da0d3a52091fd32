"""Settings of functions as labels of the common file format have them, and back."""

import math
from collections.abc import Iterable, Mapping
from itertools import count, takewhile

from instruments.der_labels import LOWEST_POWER, TRIPS, WATT_VAR_CORNERS, Setting
from instruments.readings import (
    Characteristic,
    EnterServiceSettings,
    FrequencyDroop,
    Trip,
    TripKind,
    TripStage,
    VoltVarCurve,
)

Labels = dict[str, Setting]


def curve_labels(prefix: str, axes: str, corners: Iterable[str]) -> list[tuple[str, str]]:
    """Return the labels of each corner of a curve."""
    return [(f"{prefix}_CURVE_{axes[0]}{corner}", f"{prefix}_CURVE_{axes[1]}{corner}") for corner in corners]


def of_curve(places: Iterable[tuple[str, str]], x: Iterable[float], y: Iterable[float]) -> Labels:
    """Label the corners of a curve."""
    return {label: value for pair in zip(places, x, y, strict=True) for label, value in _corner(*pair)}


def _corner(place: tuple[str, str], x: float, y: float) -> tuple[tuple[str, float], tuple[str, float]]:
    return (place[0], x), (place[1], y)


def of_volt_var(curve: VoltVarCurve) -> Labels:
    """Label a volt-var curve with all of its reference."""
    corners = curve_labels("QV", "VQ", map(str, range(1, len(curve.v_pu) + 1)))
    follows: Labels = {} if curve.autonomous_s is None else {"QV_VREF_TIME": curve.autonomous_s}
    reference: Labels = {"QV_VREF": curve.reference_pu, **follows, "QV_VREF_AUTO_MODE": curve.autonomous_s is not None}
    return of_curve(corners, curve.v_pu, curve.q_pu) | {"QV_OLRT": curve.response_s} | reference


def volt_var(held: Mapping[str, Setting]) -> VoltVarCurve:
    """Read a volt-var curve out of labels; a device without a reference to set has the nominal one, which stays."""
    corners = tuple(takewhile(lambda n: f"QV_CURVE_V{n}" in held, count(1)))
    follows = bool(held.get("QV_VREF_AUTO_MODE", False))
    return VoltVarCurve(
        tuple(number(held, f"QV_CURVE_V{n}") for n in corners),
        tuple(number(held, f"QV_CURVE_Q{n}") for n in corners),
        number(held, "QV_OLRT", 0.0),
        number(held, "QV_VREF", 1.0),
        number(held, "QV_VREF_TIME") if follows else None,
    )


def of_volt_watt(wanted: Characteristic) -> Labels:
    """Label voltage over limit of active power."""
    corners = curve_labels("PV", "VP", map(str, range(1, len(wanted.x_pu) + 1)))
    return of_curve(corners, wanted.x_pu, wanted.y_pu) | {"PV_OLRT": wanted.response_s}


def of_watt_var(wanted: Characteristic) -> Labels:
    """Label active over reactive power; of three corners those for delivering."""
    corners = WATT_VAR_CORNERS if len(wanted.x_pu) == len(WATT_VAR_CORNERS) else WATT_VAR_CORNERS[3:]
    return of_curve(curve_labels("QP", "PQ", corners), wanted.x_pu, wanted.y_pu)


def of_droop(droop: FrequencyDroop) -> Labels:
    """Label a frequency-droop."""
    return {
        "PF_DBOF": droop.over_deadband_hz,
        "PF_DBUF": droop.under_deadband_hz,
        "PF_KOF": droop.over_droop,
        "PF_KUF": droop.under_droop,
        "PF_OLRT": droop.response_s,
        LOWEST_POWER: droop.p_min_pu,
    }


def droop(held: Mapping[str, Setting]) -> FrequencyDroop:
    """Read a frequency-droop out of labels; a lowest power that the device does not tell counts as 0."""
    return FrequencyDroop(
        over_deadband_hz=number(held, "PF_DBOF"),
        under_deadband_hz=number(held, "PF_DBUF"),
        over_droop=number(held, "PF_KOF"),
        under_droop=number(held, "PF_KUF"),
        response_s=number(held, "PF_OLRT"),
        p_min_pu=number(held, LOWEST_POWER, 0.0),
        enabled=held["PF_MODE_ENABLE"] is True,
    )


def of_enter_service(settings: EnterServiceSettings) -> Labels:
    """Label criteria and delay, and the ramp or the drawn delay, of which equipment follows one only."""
    rising: Labels = {} if settings.random_s else {"ES_RAMP_RATE": settings.ramp_s}
    return {
        "ES_V_HIGH": settings.v_pu[1],
        "ES_V_LOW": settings.v_pu[0],
        "ES_F_HIGH": settings.f_hz[1],
        "ES_F_LOW": settings.f_hz[0],
        "ES_DELAY": settings.delay_s,
        "ES_RANDOMIZED_DELAY": settings.random_s,
    } | rising


def enter_service(held: Mapping[str, Setting]) -> EnterServiceSettings:
    """Read when a device enters service out of labels; NaN for a drawn delay that it has not."""
    return EnterServiceSettings(
        v_pu=(number(held, "ES_V_LOW"), number(held, "ES_V_HIGH")),
        f_hz=(number(held, "ES_F_LOW"), number(held, "ES_F_HIGH")),
        delay_s=number(held, "ES_DELAY"),
        ramp_s=number(held, "ES_RAMP_RATE"),
        random_s=number(held, "ES_RANDOMIZED_DELAY", math.nan),
    )


def trip_places(kind: TripKind) -> tuple[str, str, str, str]:
    """Return the labels of level and time of the inner stage, and of the outer one."""
    trip = TRIPS[kind]
    inner, outer = ((f"{trip}{n}_TRIP_{trip[1]}", f"{trip}{n}_TRIP_T") for n in (1, 2))
    return (*inner, *outer)


def of_trip(kind: TripKind, wanted: Trip, held: Trip) -> Labels:
    """Label both stages, in an order in which the outer one is never nearer to nominal or slower than the inner."""
    inner_v, inner_s, outer_v, outer_s = trip_places(kind)
    farther = wanted.outer.level - held.outer.level
    levels = [(inner_v, wanted.inner.level), (outer_v, wanted.outer.level)]
    times = [(outer_s, wanted.outer.time_s), (inner_s, wanted.inner.time_s)]
    if (farther if kind.startswith("over") else -farther) > 0.0:
        levels.reverse()
    if wanted.inner.time_s > held.inner.time_s:
        times.reverse()
    return dict([*levels, *times])


def trip(kind: TripKind, held: Mapping[str, Setting]) -> Trip:
    """Read both stages out of labels."""
    level, time_s, farther, sooner_s = (number(held, label) for label in trip_places(kind))
    return Trip(TripStage(level, time_s), TripStage(farther, sooner_s))


def number(held: Mapping[str, Setting], label: str, otherwise: float = math.nan) -> float:
    """Return a number; `otherwise` for what is not there, or has no value."""
    value = float(held.get(label, otherwise))
    return otherwise if math.isnan(value) else value
