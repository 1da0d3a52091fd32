"""How long messages travel: enterprise bus, SCADA, premise radio and the shared AMI network."""

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import simpy

from bench.clock import Clock

HEADER_BYTES = 64


class Link(Protocol):
    """Carries a message of `size_bytes`; the generator ends with True on delivery, False on loss."""

    def carry(self, size_bytes: int, priority: int) -> Generator[simpy.Event, Any, bool]:
        """Take the time that the transport takes."""
        ...


@dataclass
class FixedLatency:
    """A link with a latency and room for every message at once."""

    clock: Clock
    latency_s: float

    def carry(self, size_bytes: int, priority: int) -> Generator[simpy.Event, Any, bool]:  # noqa: ARG002
        """Wait for the latency."""
        yield self.clock.timeout(self.latency_s)
        return True


@dataclass(frozen=True)
class AmiLinkSettings:
    """The shared radio network of the meters."""

    latency_s: float = 1.0
    bandwidth_bps: float = 9600.0
    loss_probability: float = 0.0
    retries: int = 3
    retry_delay_s: float = 2.0
    queue: Literal["priority", "fifo"] = "priority"


class AmiLink:
    """One message on the air at a time; a more urgent one jumps the queue, as the use case asks of alerts."""

    def __init__(self, clock: Clock, settings: AmiLinkSettings, seed: int) -> None:
        self._clock = clock
        self._settings = settings
        self._random = random.Random(seed)  # noqa: S311 - a reproducible channel, not a secret
        self._channel = simpy.PriorityResource(clock.environment, capacity=1)

    def carry(self, size_bytes: int, priority: int) -> Generator[simpy.Event, Any, bool]:
        """Wait for the channel, be on the air, be lost and sent again, arrive."""
        for _ in range(self._settings.retries + 1):
            if (yield from self._attempt(size_bytes, priority)):
                yield self._clock.timeout(self._settings.latency_s)
                return True
            yield self._clock.timeout(self._settings.retry_delay_s)
        return False

    def _attempt(self, size_bytes: int, priority: int) -> Generator[simpy.Event, Any, bool]:
        with self._channel.request(priority=self._rank(priority)) as turn:
            yield turn
            yield self._clock.timeout((size_bytes + HEADER_BYTES) * 8 / self._settings.bandwidth_bps)
        return self._random.random() >= self._settings.loss_probability

    def _rank(self, priority: int) -> int:
        """SimPy serves the lowest rank first; in a first-in-first-out network all ranks are one."""
        return -priority if self._settings.queue == "priority" else 0
