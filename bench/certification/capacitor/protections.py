"""What a capacitor control does before its mode: override, discharge, daily limit, neutral current, lost potential."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext

from bench.certification.capacitor.figures import DAY_S, WEEK
from bench.certification.capacitor.stand import CLOSE, OPEN, WAITING_S, Stand, borrows_clock
from bench.certification.capacitor.thresholds import Quantity, Threshold, find_threshold
from bench.certification.control_looks import Closure
from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.refusals import is_refused
from bench.measurement import Limits
from instruments.errors import ConfigError
from reports.verdict import Verdict

NOON_S = DAY_S / 2.0
ATTEMPTS = (0.2, 0.5, 0.9)
"""Shares of the discharge time after which SCADA tries to close."""
EXTREME = 2.0
"""By what a mode's threshold is exceeded where the mode has to want something, as a multiple of it."""


def override_before_mode(stand: Stand, mode: str) -> Iterator[Finding]:
    """Close by low voltage where the mode wants the bank open, and open by high voltage where it wants it closed."""
    with stand.borrowed_clock() if mode == "time" else nullcontext():
        yield from _override_before(stand, mode)


def _override_before(stand: Stand, mode: str) -> Iterator[Finding]:
    prefer, plan = _preference(stand, mode), stand.figures.schedule
    if mode == "time":
        stand.prepare(mode, weekdays=0.0, close_at=plan.close_at, open_at=plan.open_at)
    else:
        stand.prepare(mode)
    for direction, word in ((CLOSE, "low"), (OPEN, "high")):
        begun = len(stand.rig.closures)
        prefer(direction == OPEN, stand.override(direction == CLOSE))
        begun_s = stand.now_s()
        delay_s = stand.setting("override_delay")
        limits = Limits.around(delay_s, stand.figures.accuracy.of_delay_s(delay_s))
        what = f"override of {word} voltage against mode {mode}"
        yield stand.timed(what, begun_s, limits, delay_s, stand.waiting_s, direction)
        yield from stand.once(what, begun, direction)


def _preference(stand: Stand, mode: str) -> Callable[[bool, float], None]:
    """Return what makes a mode want the bank closed, or open, at a voltage; raises ConfigError for another mode.

    Raises NotPassed where nothing on the bench sets the temperature.
    """
    settings, rig = stand.figures.settings, stand.rig

    def by_vars(closed: bool, voltage_v: float) -> None:
        name = "close_above_reactive_power" if closed else "open_below_reactive_power"
        stand.sense_kvar(EXTREME * settings[name], voltage_v=voltage_v)

    def by_temperature(closed: bool, voltage_v: float) -> None:
        reach_c = stand.figures.search.reach * stand.figures.accuracy.temperature_c.value
        warm, cold = settings["close_above_temperature"] + reach_c, settings["open_below_temperature"] - reach_c
        rig.set_input("temperature_c", warm if closed else cold)
        stand.sense_v(voltage_v)

    def by_time(closed: bool, voltage_v: float) -> None:
        stand.rig.write("weekdays", 127.0 if closed else 0.0)
        stand.control.set_clock((stand.figures.schedule.close_at + stand.figures.schedule.open_at) / 2.0)
        stand.sense_v(voltage_v)

    known: Mapping[str, Callable[[bool, float], None]] = {
        "var": by_vars,
        "temperature": by_temperature,
        "time": by_time,
    }
    if mode not in known:
        raise ConfigError(f"no mode {mode!r} to be overridden; known: {', '.join(known)}")
    if mode == "temperature":
        rig.set_input("temperature_c", stand.figures.rest.temperature_c)
    return known[mode]


def no_close_by_scada(stand: Stand) -> Iterator[Finding]:
    """Try to close by SCADA while the bank discharges: refused, counted, and done once it is discharged."""
    stand.prepare("voltage", closed=True)
    opened = stand.command(OPEN, "so that nothing discharges")
    before, discharge_s = stand.control.read_measured().refused_closes, stand.figures.discharge_s.value
    for share in ATTEMPTS:
        stand.rig.hold(opened.by_s + share * discharge_s - stand.rig.clock.now_s, WAITING_S)
        yield _countdown(stand, opened)
        yield from stand.refused(f"a close by SCADA {share * discharge_s:g} s after opening", CLOSE)
    counted, wanted = stand.control.read_measured().refused_closes - before, float(len(ATTEMPTS))
    if math.isfinite(counted):
        yield stand.told("refused closes that it counts", counted, Limits.around(wanted, 0.0), wanted, "closes")
    yield stand.still("a close that was refused is not made up for", discharge_s, WAITING_S)
    begun, begun_s = len(stand.rig.closures), stand.now_s()
    stand.order(CLOSE)
    limits, accuracy = Limits(upper=stand.figures.accuracy.command_s.value), stand.figures.accuracy
    yield stand.timed("a close of the discharged bank", begun_s, limits, 0.0, 2.0 * accuracy.command_s.value, CLOSE)
    yield from stand.once("a close of the discharged bank", begun, CLOSE)


def _countdown(stand: Stand, opened: Closure) -> Finding:
    """Judge how long it says that the bank still discharges, by how long ago it opened it."""
    passed_s, accuracy = stand.now_s() - opened.moment_s, stand.figures.accuracy
    left_s = stand.figures.discharge_s.value - passed_s
    off_s = accuracy.discharge_s.value
    limits = Limits(left_s - off_s, left_s + off_s + accuracy.settled_s.value)
    what, said = f"time to discharge that it tells after {passed_s:.0f} s", stand.control.read_status().discharge_left_s
    return stand.found(
        what, Reading(said, stand.rig.uncertainty_s(opened)), limits, left_s, unit="s", source=stand.rig.device
    )


def no_close_by_mode(stand: Stand) -> Iterator[Finding]:
    """Let the mode want the bank open and then closed at once: it closes when the bank is discharged, not before."""
    stand.prepare("voltage", closed=True)
    stand.want(closed=False)
    opened = stand.rig.await_closure(stand.waiting_s, stand.figures.patience.fine_s)
    if opened is None or opened.direction != OPEN:
        raise NotPassed("the mode did not open the bank, so that nothing discharges", Verdict.NOT_RUN)
    stand.rig.hold(stand.figures.accuracy.settled_s.value, stand.figures.patience.fine_s)
    stand.want(closed=True)
    yield _closed_again(stand, opened.by_s)


def _closed_again(stand: Stand, opened_s: float) -> Finding:
    """Wait in wide looks until shortly before the bank is discharged, then in narrow ones, for the next closing."""
    accuracy, discharge_s = stand.figures.accuracy, stand.figures.discharge_s.value
    earliest_s = discharge_s - accuracy.discharge_s.value
    latest_s = discharge_s + stand.waiting_s + accuracy.command_s.value
    limits, what = Limits(earliest_s, latest_s), "the mode closes the bank again"
    early = stand.rig.await_closure(earliest_s - 2.0 * WAITING_S, WAITING_S)
    if early is not None:
        return stand.came(what, early, opened_s, limits, discharge_s, CLOSE)
    return stand.timed(what, opened_s, limits, discharge_s, latest_s, CLOSE)


@borrows_clock
def daily_limit(stand: Stand) -> Iterator[Finding]:
    """Operate as often as the limit allows, then want one more: nothing before midnight, and that one then."""
    limit = stand.figures.limit
    allowed = round(limit.operations * limit.movements.value)
    stand.prepare("voltage", daily_limit=float(limit.operations))
    _begin_a_day(stand)
    begun = len(stand.rig.closures)
    for number in range(allowed):
        stand.want(closed=number % 2 == 0)
        stand.rig.hold(stand.waiting_s, stand.figures.patience.coarse_s)
        _discharge_if_open(stand)
    yield stand.closures("operations up to the daily limit", begun, allowed)
    direction = OPEN if allowed % 2 else CLOSE
    stand.want(closed=direction == CLOSE)
    yield stand.still("beyond the daily limit", stand.figures.discharge_s.value + stand.waiting_s, WAITING_S)
    yield from _after_midnight(stand, direction)


def _after_midnight(stand: Stand, direction: int) -> Iterator[Finding]:
    begun, approach_s = len(stand.rig.closures), stand.figures.schedule.approach_s
    today = stand.control.read_clock() // DAY_S
    stand.control.set_clock((today + 1) * DAY_S - approach_s)
    midnight_s = stand.now_s() + approach_s
    clock_s, patience_s = stand.figures.accuracy.clock_s.value, approach_s + stand.waiting_s
    limits, what = Limits(-clock_s, stand.waiting_s + clock_s), "the next operation, from midnight on,"
    yield stand.timed(what, midnight_s, limits, 0.0, patience_s, direction)
    yield from stand.once("the next operation", begun, direction)


def _begin_a_day(stand: Stand) -> None:
    """Set the clock to noon of the next day, on which nothing has been counted yet."""
    stand.control.set_clock((stand.control.read_clock() // DAY_S + 1) % WEEK * DAY_S + NOON_S)


def _discharge_if_open(stand: Stand) -> None:
    if stand.rig.position == 0:
        stand.rest()
        stand.rig.hold(stand.figures.discharge_s.value + WAITING_S, WAITING_S)


def neutral_current(stand: Stand) -> Iterator[Finding]:
    """Open by a current in the bank's neutral, and stay open without it until the lockout is reset."""
    stand.need("neutral_lockout", "reset_lockout")
    _set_neutral(stand, 0.0)
    stand.prepare("voltage", closed=True)
    limit_a, off = stand.setting("neutral_limit"), stand.figures.accuracy.neutral_current_pu.value
    quantity = Quantity("neutral current", "A", off * limit_a, lambda amperes: _set_neutral(stand, amperes))
    yield from find_threshold(stand, quantity, Threshold("neutral_limit", limit_a, rising=True, direction=OPEN))
    told = float(stand.control.is_locked_by_neutral())
    yield stand.told("lockout that it tells", told, Limits(lower=1.0), 1.0, "lockouts")
    _set_neutral(stand, 0.0)
    stand.want(closed=True)
    yield stand.still("locked out by neutral current", stand.figures.discharge_s.value + stand.waiting_s, WAITING_S)
    begun = len(stand.rig.closures)
    is_refused(lambda: stand.order(CLOSE))
    stand.rig.hold(stand.figures.accuracy.command_s.value, stand.figures.patience.coarse_s)
    yield stand.closures("closures by SCADA in the lockout", begun)
    begun = len(stand.rig.closures)
    stand.control.reset_lockout()
    yield from stand.once("a close once the lockout is reset", begun, CLOSE)


def _set_neutral(stand: Stand, amperes: float) -> Reading:
    """Let a current flow in the bank's neutral; raises NotPassed where nothing on the bench does that."""
    return stand.rig.put_on_sensor("neutral_current_a", amperes)


def lost_potential(stand: Stand) -> Iterator[Finding]:
    """Switch nothing while the potential is lost, with the bank open and closed; act on it when it comes back."""
    stand.prepare("voltage")
    yield from _lost(stand, "bank open")
    begun = len(stand.rig.closures)
    stand.want(closed=True)
    yield from stand.once("the potential is back, and low", begun, CLOSE)
    yield from _lost(stand, "bank closed")


def _lost(stand: Stand, bank: str) -> Iterator[Finding]:
    case = stand.figures.loss
    settable = stand.rig.control.find_setting("dead_sensing") is not None
    for voltage_v in case.voltages_v if settable else (0.0,):
        stand.sense_v(voltage_v, case.current_a)
        yield stand.still(f"a potential of {voltage_v:g} V, {bank}", stand.waiting_s + stand.figures.patience.idle_s)
