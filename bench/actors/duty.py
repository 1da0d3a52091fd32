"""A person on duty where no test plays the people: answers the first alert of a day, once."""

from collections.abc import Callable

from bench.bus import Delivery
from bench.clock import Clock, Process
from bench.messages.names import Information, Party

NOTICE_S = 60.0
DECIDE_S = 30.0
"""How long a person takes to see an alert, and to start the application after acknowledging it, s."""


class OnDuty:
    """Acknowledges the first alert that the DMS shows, then starts the DER automation application."""

    def __init__(self, clock: Clock, acknowledge: Callable[[], None], begin: Callable[[], None]) -> None:
        self._clock, self._acknowledge, self._begin = clock, acknowledge, begin
        self._busy = False

    def hear(self, delivery: Delivery) -> None:
        """Take what is on the bus."""
        message = delivery.message
        if message.receiver is Party.DMS and message.information is Information.VOLTAGE_EVENT and not self._busy:
            self._busy = True
            self._clock.start(self._answer())

    def _answer(self) -> Process:
        yield self._clock.timeout(NOTICE_S)
        self._acknowledge()
        yield self._clock.timeout(DECIDE_S)
        self._begin()
