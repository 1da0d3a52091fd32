"""One clock, driven by discrete events; virtual or paced by wall time."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import simpy
from pydantic import ValidationError

from instruments.errors import BenchError

Process = Generator[simpy.Event, Any, Any]


@dataclass
class Slip:
    """How far events ran behind wall time, in seconds."""

    tolerance_s: float
    worst_s: float = 0.0
    late_events: int = 0

    def record(self, behind_s: float) -> None:
        """Take one event's lateness; negative lateness is waiting and counts for nothing."""
        self.worst_s = max(self.worst_s, behind_s)
        self.late_events += behind_s > self.tolerance_s

    @property
    def exceeded(self) -> bool:
        """True when an event came later than its tolerance, so that timed verdicts cannot stand."""
        return self.late_events > 0


def _telling(process: Process) -> Process:
    """Let a process say which it is and what did not fit: SimPy cannot pass pydantic's errors on."""
    try:
        return (yield from process)
    except ValidationError as error:
        raise BenchError(f"{getattr(process, '__qualname__', 'a process')}: {misfit(error)}") from error


def misfit(error: ValidationError) -> str:
    """Say in a line what did not fit into what."""
    wrong = (f"{'.'.join(map(str, found['loc'])) or 'it'}: {found['msg']}" for found in error.errors())
    return f"{error.title} does not hold: {'; '.join(wrong)}"


class Clock:
    """Runs the actors' processes; every time in the bench is `now_s`, seconds since the scenario began.

    In virtual time the next event follows at once. In wall time it waits for its moment, and what comes late is
    recorded as slip instead of being hidden.
    """

    def __init__(self) -> None:
        self.environment = simpy.Environment()
        self.slip: Slip | None = None
        self.late_s = 0.0
        """By how much the latest event came late since the clock caught up the last time, s."""

    def timing_s(self, round_trip_s: float) -> float:
        """Return how well the moment of a look is known that needs a round trip, s: exactly in virtual time.

        In wall time it may have been as late as any event since what it is counted from.
        """
        return 0.0 if self.slip is None else max(round_trip_s, self.late_s)

    @property
    def now_s(self) -> float:
        """Seconds since the scenario began."""
        return float(self.environment.now)

    def start(self, process: Process) -> simpy.Process:
        """Begin a process; an exception in it comes out of `run_until`, a ValidationError of data as BenchError."""
        return self.environment.process(_telling(process))

    def timeout(self, delay_s: float) -> simpy.Event:
        """Return an event `delay_s` from now."""
        return self.environment.timeout(delay_s)

    def run_until(self, end_s: float, done: Callable[[], bool] = lambda: False) -> bool:
        """Run events up to and including `end_s` or until `done()`; return whether it was done."""
        while not done():
            if self.environment.peek() > end_s:
                self._pace(end_s)
                self._advance_to(end_s)
                return done()
            self._pace(self.environment.peek())
            self.environment.step()
        return True

    def catch_up(self) -> None:
        """Go on to the present moment, where time passes by itself: what comes next is timed from there, not late."""

    def _advance_to(self, end_s: float) -> None:
        if end_s > self.now_s:
            self.environment.run(until=end_s)

    def _pace(self, _due_s: float) -> None:
        """Virtual time waits for nothing."""


@dataclass
class WallClock(Clock):
    """The same events, each at its moment of wall time.

    Raises: nothing on slip; `slip.exceeded` tells afterwards, and timed verdicts become INCONCLUSIVE.
    """

    tolerance_s: float = 0.1
    _started_s: float = field(default=-1.0, init=False)

    def __post_init__(self) -> None:
        super().__init__()
        self.slip = Slip(self.tolerance_s)

    def catch_up(self) -> None:
        """Let what was due come, late or not, and the clock show the moment that it is."""
        if self._started_s >= 0:
            self.run_until(max(self.now_s, time.monotonic() - self._started_s))
            self.late_s = 0.0

    def _pace(self, due_s: float) -> None:
        if due_s == float("inf"):
            return
        if self._started_s < 0:
            self._started_s = time.monotonic() - self.now_s
        ahead_s = self._started_s + due_s - time.monotonic()
        if ahead_s > 0:
            time.sleep(ahead_s)
        elif self.slip:
            self.slip.record(-ahead_s)
            self.late_s = max(self.late_s, -ahead_s)


def make_clock(mode: str, slip_tolerance_s: float) -> Clock:
    """Make the clock of the bench file: `virtual` or `wall`."""
    return WallClock(slip_tolerance_s) if mode == "wall" else Clock()
