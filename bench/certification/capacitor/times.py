"""When a capacitor control switches: its delays, its schedule, and its clock over a whole day."""

from collections.abc import Iterator

from bench.certification.capacitor.figures import DAY_S, WEEK, WEEK_S
from bench.certification.capacitor.stand import CLOSE, OPEN, WAITING_S, WORDS, Stand, borrows_clock
from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.measurement import Limits

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CLOCK_RESOLUTION_S = 1.0
"""The second in which a clock is read: some round it, others cut it off."""
DAY_LOOKS_S = 600.0
"""Distance of looks in the hours in which a schedule asks for nothing, s."""


def delays(stand: Stand) -> Iterator[Finding]:
    """Time the delays of closing and of opening; a return to the band begins the latter anew."""
    case = stand.figures.delays
    stand.prepare("voltage", close_delay=case.close_s, open_delay=case.open_s)
    yield from _delayed(stand, "delay to close", case.close_s, CLOSE)
    stand.rest()
    yield stand.still("after a return from low voltage", case.open_s)
    stand.want(closed=False)
    yield stand.still("before the delay to open is over", case.before_return * case.open_s)
    stand.rest()
    yield stand.still("after a return from high voltage", case.return_s)
    yield from _delayed(stand, "delay to open that begins anew", case.open_s, OPEN)


def _delayed(stand: Stand, what: str, delay_s: float, direction: int) -> Iterator[Finding]:
    begun = len(stand.rig.closures)
    stand.want(closed=direction == CLOSE)
    begun_s = stand.now_s()
    limits = Limits.around(delay_s, stand.figures.accuracy.of_delay_s(delay_s))
    yield stand.timed(what, begun_s, limits, delay_s, stand.figures.patience.delays * delay_s, direction)
    yield from stand.once(what, begun, direction)


@borrows_clock
def schedule_in_a_day(stand: Stand) -> Iterator[Finding]:
    """Set the clock before each moment of the schedule on every day of the week; on days without it nothing closes."""
    plan = stand.figures.schedule
    stand.prepare("time", weekdays=0.0, close_at=plan.close_at, open_at=plan.open_at)
    stand.rig.write("weekdays", float(plan.weekdays))
    for day in range(WEEK):
        for at_s, direction in ((plan.close_at, CLOSE), (plan.open_at, OPEN)):
            yield from _moment(stand, day, at_s, direction if day in plan.days else 0)
        _discharge(stand)


@borrows_clock
def schedule_over_midnight(stand: Stand) -> Iterator[Finding]:
    """Close in the evening and open in the morning, on every day of the week."""
    plan = stand.figures.schedule
    stand.prepare("time", weekdays=0.0, close_at=plan.night_close_at, open_at=plan.night_open_at)
    stand.control.set_clock(plan.night_open_at + DAY_S / 4.0)
    stand.rig.write("weekdays", float((1 << WEEK) - 1))
    yield stand.still("in the middle of the day, bank open", stand.waiting_s)
    yield from _moment(stand, 0, plan.night_close_at, CLOSE)
    stand.control.set_clock(DAY_S - plan.approach_s)
    yield stand.still("around midnight, bank closed", plan.approach_s + stand.waiting_s)
    yield from _moment(stand, 1, plan.night_open_at, OPEN)


def _moment(stand: Stand, day: int, at_s: float, direction: int) -> Iterator[Finding]:
    """Approach a moment of the schedule; 0 as a direction: nothing may happen there."""
    plan, begun = stand.figures.schedule, len(stand.rig.closures)
    where = f"{DAYS[day]} {_clock_time(at_s)}"
    stand.control.set_clock(day * DAY_S + at_s - plan.approach_s)
    due_s, wait_s = stand.now_s() + plan.approach_s, plan.approach_s + stand.waiting_s
    if not direction:
        yield stand.still(f"{where}: closures on a day without schedule", wait_s)
        return
    what = f"{where}: to {WORDS[direction]} by the schedule"
    yield stand.timed(what, due_s, _due(stand), 0.0, wait_s, direction)
    yield from stand.once(what, begun, direction)


def _due(stand: Stand, gone_s: float = 0.0) -> Limits:
    """Return how long after its moment a scheduled operation may be, so long after its clock was set, s.

    Some controls delay it, others do not.
    """
    accuracy = stand.figures.accuracy
    clock_s = accuracy.clock_s.value + accuracy.clock_s_per_day.value * gone_s / DAY_S
    return Limits(-clock_s, stand.waiting_s + clock_s)


def _discharge(stand: Stand) -> None:
    """Wait until the bank may close again."""
    stand.rig.hold(stand.figures.discharge_s.value + WAITING_S, WAITING_S)


@borrows_clock
def whole_day(stand: Stand) -> Iterator[Finding]:
    """Let a day pass by the control's own clock: one closing, one opening, and a clock that is right at the end."""
    plan = stand.figures.schedule
    stand.prepare("time", weekdays=0.0, close_at=plan.close_at, open_at=plan.open_at)
    stand.control.set_clock(0.0)
    begun_s = stand.now_s()
    stand.rig.write("weekdays", float((1 << WEEK) - 1))
    for at_s, direction in ((plan.close_at, CLOSE), (plan.open_at, OPEN)):
        begun, what = len(stand.rig.closures), f"a day: to {WORDS[direction]} at {_clock_time(at_s)}"
        until_s = begun_s + at_s - plan.approach_s - stand.rig.clock.now_s
        yield stand.still(f"a day: before {_clock_time(at_s)}", until_s, DAY_LOOKS_S)
        wait_s = plan.approach_s + stand.waiting_s
        yield stand.timed(what, begun_s + at_s, _due(stand, at_s), 0.0, wait_s, direction)
        yield from stand.once(what, begun, direction)
    yield stand.still("a day: until midnight", begun_s + DAY_S - stand.rig.clock.now_s, DAY_LOOKS_S)
    yield _clock_off(stand, begun_s)


def _clock_off(stand: Stand, begun_s: float) -> Finding:
    """Judge what the clock has gained since it was set to Monday's midnight."""
    passed_s = stand.now_s() - begun_s
    read_s = stand.control.read_clock()
    gained_s = (read_s - passed_s + WEEK_S / 2.0) % WEEK_S - WEEK_S / 2.0
    limits = Limits.around(0.0, stand.figures.accuracy.clock_s_per_day.value * passed_s / DAY_S)
    response = Reading(gained_s, CLOCK_RESOLUTION_S + stand.rig.timing_s)
    return stand.found("a day: what its clock has gained", response, limits, 0.0, unit="s")


def _clock_time(second_s: float) -> str:
    return f"{int(second_s // 3600):02d}:{int(second_s % 3600 // 60):02d}"
