"""The fence around set-points: what a device can do, what its bench allows; the narrower wins, nothing is clipped."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from instruments.errors import SafetyTrip
from instruments.readings import FrequencyDroop, Nameplate, Trip, TripKind, VoltVarCurve

Span = tuple[float, float]
NO_LIMIT: Span = (-math.inf, math.inf)
LONGEST_REVERSION_S = 2**32 - 2
"""A 32-bit timer of SunSpec model 704; its last value means that there is none."""
HIGHEST_PU = 2.0
"""Corner voltages of a volt-var curve beyond this are no voltages of a network."""
WIDEST_DEADBAND_HZ = 5.0
STEEPEST_DROOP, FLATTEST_DROOP = 0.001, 1.0
"""Droops outside these answer to the noise of a frequency measurement, or to no frequency of a network."""

TRIP_LEVELS: dict[TripKind, Span] = {
    "over_voltage": (1.0, 1.3),
    "under_voltage": (0.0, 1.0),
    "over_frequency": (60.0, 70.0),
    "under_frequency": (45.0, 60.0),
}
"""Levels of a trip: on the right side of nominal, and not so far that it would be as good as none; per unit and Hz."""
TRIP_TIMES_S: Span = (0.01, 1000.0)
"""Clearing times, s: no shorter than a half-wave, no longer than IEEE 1547-2018 Table 18 has them."""


@dataclass(frozen=True)
class DerEnvelope:
    """What a bench allows an inverter or a battery, at its own terminals; > 0 is delivered."""

    power_w: Span = NO_LIMIT
    reactive_var: Span = NO_LIMIT


UNFENCED = DerEnvelope()
"""A bench that leaves it to the nameplate."""


def require_within(device: str, quantity: str, values: Iterable[float], *spans: Span) -> None:
    """Raise SafetyTrip for a value that is not a finite number or lies outside one of the spans."""
    lowest, highest = max(span[0] for span in spans), min(span[1] for span in spans)
    for value in values:
        if not (math.isfinite(value) and lowest <= value <= highest):
            raise SafetyTrip(f"{device}: {quantity} {value:g} is outside {lowest:g} to {highest:g}; nothing was sent")


def check_reversion(device: str, reversion_s: float, shortest_s: float) -> None:
    """Raise SafetyTrip for a time after which a command ends by itself that a timer cannot hold.

    With a `shortest_s` above 0, also for a command that would never end.
    """
    require_within(device, "reversion time", (reversion_s,), (shortest_s, LONGEST_REVERSION_S))


def check_power(device: str, nameplate: Nameplate, envelope: DerEnvelope, power_w: float) -> None:
    """Raise SafetyTrip for a set-point that is not a number or lies outside the nameplate or what the bench allows."""
    if not -nameplate.charge_max_w <= power_w <= nameplate.p_max_w:
        raise SafetyTrip(
            f"{device}: {power_w:g} W lies outside the nameplate, "
            f"{-nameplate.charge_max_w:g} to {nameplate.p_max_w:g} W; nothing was sent"
        )
    require_within(device, "power_w", (power_w,), envelope.power_w)


def check_curve(device: str, curve: VoltVarCurve, nameplate: Nameplate, envelope: DerEnvelope) -> None:
    """Raise SafetyTrip for a volt-var curve that is none, or that asks for more vars than there may be."""
    voltages = (*curve.v_pu, curve.reference_pu)
    require_within(device, "voltage of the volt-var curve, pu,", voltages, (0.0, HIGHEST_PU))
    if len(curve.v_pu) != len(curve.q_pu):
        raise SafetyTrip(f"{device}: {curve} is no volt-var curve; nothing was sent")
    rated = (-nameplate.q_max_absorbed_var, nameplate.q_max_injected_var)
    vars_asked = [share * nameplate.va_max_va for share in curve.q_pu]
    require_within(
        device,
        "reactive power of the volt-var curve, var,",
        vars_asked,
        rounded(rated, nameplate),
        envelope.reactive_var,
    )
    times_s = (curve.response_s, curve.autonomous_s or 0.0)
    require_within(device, "response time of the volt-var curve, s,", times_s, (0.0, LONGEST_REVERSION_S))


def check_shares(device: str, label: str, quantity: str, value: float) -> None:
    """Raise SafetyTrip for a share of rated voltage or power, by what its label is of, that is none or beyond it."""
    spans = {"share of voltage": (0.0, HIGHEST_PU), "share of power": (-1.0, 1.0)}
    if quantity in spans:
        require_within(device, label, (value,), spans[quantity])


def check_droop(device: str, droop: FrequencyDroop, nameplate: Nameplate) -> None:
    """Raise SafetyTrip for a frequency-droop that is none, or that lets power fall below what the nameplate has."""
    deadbands = (droop.over_deadband_hz, droop.under_deadband_hz)
    require_within(device, "deadband of the frequency-droop, Hz,", deadbands, (0.0, WIDEST_DEADBAND_HZ))
    droops = (droop.over_droop, droop.under_droop)
    require_within(device, "droop, per unit,", droops, (STEEPEST_DROOP, FLATTEST_DROOP))
    require_within(device, "response time of the frequency-droop, s,", (droop.response_s,), (0.0, LONGEST_REVERSION_S))
    lowest = -nameplate.charge_max_w / nameplate.p_max_w if nameplate.p_max_w > 0.0 else 0.0
    require_within(device, "lowest power of the frequency-droop, pu,", (droop.p_min_pu,), (lowest - 1e-3, 1.0))


def check_power_factor(
    device: str, nameplate: Nameplate, envelope: DerEnvelope, power_factor: float, injects: bool
) -> None:
    """Raise SafetyTrip for what is no power factor, or asks for more vars at rated VA than there may be."""
    if not 0.0 < power_factor <= 1.0:
        raise SafetyTrip(f"{device}: {power_factor:g} is no power factor; nothing was sent")
    share = math.sqrt(1.0 - power_factor**2)
    check_vars(device, nameplate, envelope, share if injects else -share)


def check_vars(device: str, nameplate: Nameplate, envelope: DerEnvelope, share_pu: float) -> None:
    """Raise SafetyTrip for a share of rated VA outside of what nameplate and envelope have, > 0 injected."""
    rated = (-nameplate.q_max_absorbed_var, nameplate.q_max_injected_var)
    spans = (rounded(rated, nameplate), envelope.reactive_var)
    require_within(device, "reactive power, var,", (share_pu * nameplate.va_max_va,), *spans)


def rounded(rated: Span, nameplate: Nameplate) -> Span:
    """Allow for what the scale factors of a nameplate round off: 0.1 % of the rating."""
    little = nameplate.va_max_va * 1e-3
    return rated[0] - little, rated[1] + little


def check_trip(device: str, kind: TripKind, trip: Trip) -> None:
    """Raise SafetyTrip for stages that are none, or whose outer one is nearer to nominal or slower than the inner."""
    name, stages = kind.replace("_", "-"), (trip.inner, trip.outer)
    require_within(device, f"{name} trip level", [stage.level for stage in stages], TRIP_LEVELS[kind])
    require_within(device, f"{name} clearing time, s,", [stage.time_s for stage in stages], TRIP_TIMES_S)
    farther = trip.outer.level - trip.inner.level
    if (farther if kind.startswith("over") else -farther) < 0.0 or trip.outer.time_s > trip.inner.time_s:
        raise SafetyTrip(f"{device}: the stages of {trip} are in the wrong order; nothing was sent")
