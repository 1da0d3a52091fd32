"""Where a capacitor control switches: each threshold is looked for in steps, from inside of the band to beyond it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.certification.capacitor.stand import CLOSE, OPEN, WORDS, Stand
from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.measurement import Limits


@dataclass(frozen=True)
class Quantity:
    """What is stepped: `apply` puts a value in front of the control and returns it as it was measured."""

    name: str
    unit: str
    accuracy: float
    apply: Callable[[float], Reading]


@dataclass(frozen=True)
class Threshold:
    """A threshold that is crossed upwards (`rising`) or downwards, and the contact that has to close then."""

    name: str
    value: float
    rising: bool
    direction: int


def voltage_mode(stand: Stand) -> Iterator[Finding]:
    """Close below the lower threshold, open above the higher one, and nothing between them."""
    stand.prepare("voltage")
    volts = Quantity("voltage", "V", stand.figures.accuracy.voltage_v.value, stand.sense_v)
    yield from _band(stand, volts, _named(stand, "close_below", CLOSE), _named(stand, "open_above", OPEN))


def var_mode(stand: Stand, angle_deg: float) -> Iterator[Finding]:
    """Close above the upper threshold of vars towards the load, open below the lower one, nothing between them."""
    stand.prepare("var")
    kvar = Quantity(
        f"vars at {angle_deg:g} degrees",
        "kvar",
        stand.reactive_power_kvar,
        lambda value: stand.sense_kvar(value, angle_deg),
    )
    closes = _named(stand, "close_above_reactive_power", CLOSE)
    yield from _band(stand, kvar, closes, _named(stand, "open_below_reactive_power", OPEN))


def temperature_mode(stand: Stand) -> Iterator[Finding]:
    """Close above the upper temperature, open below the lower one, nothing between; and what it says of it is true."""
    accuracy, rest_c = stand.figures.accuracy.temperature_c.value, stand.figures.rest.temperature_c
    rest = _set_temperature(stand, rest_c)
    stand.prepare("temperature")
    told_c = stand.control.read_measured().temperature_c
    if math.isfinite(told_c):
        yield stand.agrees("temperature that it tells", "degC", rest, told_c, accuracy)
    degrees = Quantity("temperature", "degC", accuracy, lambda value: _set_temperature(stand, value))
    closes = _named(stand, "close_above_temperature", CLOSE)
    yield from _band(stand, degrees, closes, _named(stand, "open_below_temperature", OPEN))


def override_thresholds(stand: Stand) -> Iterator[Finding]:
    """Close below the lower and open above the higher limit of voltage, each after the override's own delay."""
    stand.prepare("var")
    volts = Quantity("voltage", "V", stand.figures.accuracy.voltage_v.value, stand.sense_v)
    yield from _band(stand, volts, _named(stand, "override_low", CLOSE), _named(stand, "override_high", OPEN))
    stand.prepare("var", closed=True)
    delay_s = stand.setting("override_delay")
    begun = len(stand.rig.closures)
    stand.sense_v(stand.override(closed=False))
    begun_s = stand.now_s()
    limits = Limits.around(delay_s, stand.figures.accuracy.of_delay_s(delay_s))
    yield stand.timed("override of high voltage", begun_s, limits, delay_s, stand.waiting_s, OPEN)
    yield from stand.once("override of high voltage", begun, OPEN)


def find_threshold(stand: Stand, quantity: Quantity, threshold: Threshold) -> Iterator[Finding]:
    """Step from before a threshold to behind it until a contact closes, and judge where that was.

    The threshold lies between the last step that did nothing and the one that did. One that did not come is farther out
    than the last step.
    """
    what = f"threshold of {quantity.name} to {WORDS[threshold.direction]}, {threshold.name}"
    begun, at = len(stand.rig.closures), _step_until_closed(stand, quantity, threshold)
    limits = Limits.around(threshold.value, quantity.accuracy)
    yield stand.found(what, at, limits, threshold.value, unit=quantity.unit)
    yield from stand.once(what, begun, threshold.direction)


def _step_until_closed(stand: Stand, quantity: Quantity, threshold: Threshold) -> Reading:
    search, sign = stand.figures.search, 1.0 if threshold.rising else -1.0
    count = round(2 * search.reach * search.steps)
    before: Reading | None = None
    for number in range(count + 1):
        off = -search.reach + number / search.steps
        seen = quantity.apply(threshold.value + sign * off * quantity.accuracy)
        if stand.rig.await_closure(stand.waiting_s, stand.figures.patience.coarse_s) is not None:
            return seen if before is None else _between(before, seen)
        before = seen
    return seen


def _between(before: Reading, after: Reading) -> Reading:
    half = abs(after.value - before.value) / 2.0
    return Reading((before.value + after.value) / 2.0, half + max(before.uncertainty, after.uncertainty))


def _band(stand: Stand, quantity: Quantity, closes: Threshold, opens: Threshold) -> Iterator[Finding]:
    """Find the threshold to close with the bank open, then the one to open, with rest before, between and behind."""
    yield stand.still(f"{quantity.name} between the thresholds, bank open", stand.waiting_s)
    yield from find_threshold(stand, quantity, closes)
    _return(stand, quantity)
    yield stand.still(f"{quantity.name} between the thresholds again", stand.waiting_s)
    yield from find_threshold(stand, quantity, opens)
    _return(stand, quantity)
    after_s = stand.figures.discharge_s.value + stand.waiting_s
    yield stand.still(f"{quantity.name} between the thresholds at last", after_s, after_s / 40.0)


def _return(stand: Stand, quantity: Quantity) -> None:
    """Go back to where nothing asks for anything."""
    stand.rest()
    if quantity.unit == "degC":
        quantity.apply(stand.figures.rest.temperature_c)


def _named(stand: Stand, name: str, direction: int) -> Threshold:
    return Threshold(name, stand.setting(name), _is_upper(name), direction)


def _is_upper(name: str) -> bool:
    return "above" in name or name.endswith("high")


def _set_temperature(stand: Stand, degrees_c: float) -> Reading:
    """Let the control's probe have a temperature; raises NotPassed where nothing on the bench does that."""
    return stand.rig.put_on_sensor("temperature_c", degrees_c)
