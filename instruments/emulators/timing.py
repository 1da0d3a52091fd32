"""Time inside emulated controls: events at their exact moment, whatever the steps in which time is handed over."""

import math
from collections.abc import Hashable
from typing import Protocol

EPSILON_S = 1e-6
"""What lies nearer than this is now, s: steps of 0.1 s do not add up to whole seconds in binary."""
NEVER_S = math.inf
DAY_S = 86_400.0
WEEK_DAYS = 7


class Machine(Protocol):
    """Something that changes by itself, at moments that it can tell in advance while its inputs stay."""

    @property
    def quiet_s(self) -> float:
        """How long nothing changes by itself, s; infinite when nothing is under way."""

    def elapse(self, dt_s: float) -> None:
        """Let time pass in which nothing happens, s."""

    def act(self) -> None:
        """Do what is due now; afterwards `quiet_s` exceeds `EPSILON_S`."""


def run(machine: Machine, dt_s: float) -> None:
    """Let `dt_s` pass, stopping at each event of the machine; its inputs hold during the whole of it."""
    left_s = dt_s
    while (wait_s := machine.quiet_s) <= left_s + EPSILON_S:
        step_s = max(0.0, min(wait_s, left_s))
        machine.elapse(step_s)
        machine.act()
        left_s -= step_s
    machine.elapse(max(0.0, left_s))


class DemandTimer:
    """How long the same demand has stood; a change of the demand begins anew."""

    def __init__(self) -> None:
        self.demand: Hashable = None
        self.elapsed_s = 0.0

    def watch(self, demand: Hashable) -> None:
        """Take the demand of this moment; None is no demand."""
        if demand != self.demand:
            self.demand = demand
            self.restart()

    def restart(self) -> None:
        """Count from zero again."""
        self.elapsed_s = 0.0

    def elapse(self, dt_s: float) -> None:
        """Let time pass, s; a faster or slower time for an inverse characteristic."""
        if self.demand is not None:
            self.elapsed_s += dt_s


class OperationCounter:
    """Operations in total and on the present day."""

    def __init__(self) -> None:
        self.total = 0
        self._day = 0
        self._today = 0

    def count(self, day: int) -> None:
        """Add one operation on a day."""
        self._today = self.today(day) + 1
        self._day = day
        self.total += 1

    def today(self, day: int) -> int:
        """Operations on that day, the present one."""
        return self._today if day == self._day else 0


class DayClock:
    """Time since start, and time of the week on the clock of one control; the week begins on Monday at midnight."""

    def __init__(self, start_of_day_s: float) -> None:
        """Start at a time of day, or at one of the week where it is more than a day."""
        self.time_s = 0.0
        self._start_of_day_s = start_of_day_s

    @property
    def day(self) -> int:
        """Midnights passed since the day on which the control started."""
        return int((self._start_of_day_s + self.time_s + EPSILON_S) // DAY_S)

    @property
    def weekday(self) -> int:
        """Day of the week, 0 for Monday."""
        return self.day % WEEK_DAYS

    @property
    def time_of_day_s(self) -> float:
        """Time since midnight, s."""
        return (self._start_of_day_s + self.time_s + EPSILON_S) % DAY_S

    @property
    def second_of_week(self) -> float:
        """Time since Monday's midnight, s."""
        return self.weekday * DAY_S + self.time_of_day_s

    def set_to(self, second_of_week: float) -> None:
        """Set the clock; a moment of a day before this one is that of next week, one of today stays today."""
        day, second = divmod(second_of_week, DAY_S)
        ahead = (int(day) - self.weekday) % WEEK_DAYS
        self._start_of_day_s = (self.day + ahead) * DAY_S + second - self.time_s

    def gain(self, seconds: float) -> None:
        """Go ahead of true time by so much, or fall behind it, s."""
        self._start_of_day_s += seconds

    def until_s(self, time_of_day_s: float) -> float:
        """Time until the next moment with this time of day, s; a moment that is now counts as a day away."""
        left_s = (time_of_day_s - self._start_of_day_s - self.time_s) % DAY_S
        return left_s if left_s > EPSILON_S else left_s + DAY_S

    def elapse(self, dt_s: float) -> None:
        """Let time pass, s."""
        self.time_s += dt_s
