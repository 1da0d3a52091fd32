"""How a command that serves until it is interrupted notices that it is."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Stop:
    """Whether the end was asked for."""

    requested: bool = False

    def request(self, _number: int, _frame: FrameType | None) -> None:
        """Ask for it: a handler of signals."""
        self.requested = True


@contextmanager
def stop_request() -> Iterator[Stop]:
    """Take SIGINT and SIGTERM as the request to end, also while everything is still being opened."""
    stop = Stop()
    before = {number: signal.signal(number, stop.request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
