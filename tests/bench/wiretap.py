"""A bus for single actors, with a tap on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.bus import Bus, Delivery, Message
from bench.clock import Clock
from bench.links import FixedLatency
from bench.messages.names import Information


@contextmanager
def citing() -> Iterator[list[str]]:
    yield ["wire:7"]


@dataclass
class Wiretap:
    """A bus with a tenth of a second to anybody, and all that arrived on it."""

    clock: Clock = field(default_factory=Clock)
    heard: list[Delivery] = field(default_factory=list)
    bus: Bus = field(init=False)

    def __post_init__(self) -> None:
        link = FixedLatency(self.clock, 0.1)
        self.bus = Bus(self.clock, lambda _p, _r: link, lambda _message, _sent_s, _time_s: len(self.heard) + 1)
        self.bus.listeners.append(self.heard.append)

    def told(self, information: Information) -> list[Message]:
        return [d.message for d in self.heard if d.message.information is information]
