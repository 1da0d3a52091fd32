"""When an application that is in charge looks at its feeder again."""

from collections.abc import Callable
from itertools import count

import simpy

from bench.clock import Clock, Process


class ReviewCalendar:
    """Calls for a review each interval, and whenever it is asked to, but never two within the spacing."""

    def __init__(self, clock: Clock, every_s: float, spacing_s: float) -> None:
        self._clock, self._every_s, self._spacing_s = clock, every_s, spacing_s
        self._asked = clock.environment.event()
        self._closed = False

    def close(self) -> None:
        """Call for no further review."""
        self._closed = True

    def ask(self) -> None:
        """Let the next review begin as soon as the spacing allows."""
        if not self._asked.triggered:
            self._asked.succeed()

    def run(self, review: Callable[[str], None]) -> Process:
        """Call `review` with the name of each review until closed."""
        for number in count(1):
            yield self._clock.timeout(self._spacing_s)
            yield simpy.AnyOf(self._clock.environment, [self._asked, self._clock.timeout(self._every_s)])
            self._asked = self._clock.environment.event()
            if self._closed:
                return
            review(f"review-{number}")
