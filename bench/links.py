"""How long messages travel: enterprise bus, SCADA, premise radio and the shared AMI network."""

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import simpy

from bench.clock import Clock

HEADER_BYTES = 64
RETRIES, RETRY_DELAY_S = 3, 2.0
"""How often a frame that was not acknowledged is sent again, and after which time, s."""

Carrying = Generator[simpy.Event, Any, bool]


@dataclass
class Passage:
    """A message on its way: its number, counted on the bus, and what its link has done to it so far."""

    number: int = 0
    link: str = ""
    lost: int = 0
    """Frames that did not get through; each is sent again until the link gives up."""
    held_s: float = 0.0
    is_repeated: bool = False
    """Whether it will arrive once more, as the sender missed its acknowledgement."""
    is_given_up: bool = False
    waiting_since_s: float | None = None
    """Since when it has been in the queue for a channel that others have; None while it is not."""

    @property
    def words(self) -> str:
        """Say what the link has done to it; empty for nothing."""
        done = [f"lost it {_times(self.lost)}"] if self.lost else []
        done += [f"held it back for {self.held_s:g} s"] if self.held_s else []
        return f"the {self.link} has {' and '.join(done)}" if done else ""

    @property
    def present_words(self) -> str:
        """Say as well what the link is doing to it just now, for whoever misses it."""
        if self.waiting_since_s is None:
            return self.words
        waiting = f"the {self.link} keeps it waiting since {self.waiting_since_s:.1f} s"
        return "; ".join(filter(None, (self.words, waiting)))


class Disturbance(Protocol):
    """What goes wrong on a link at a time, in seconds of the scenario."""

    def loses(self, time_s: float) -> bool:
        """Whether a frame that is sent now does not get through."""
        ...

    def held_s(self, time_s: float) -> float:
        """Return how much longer than usual a frame is on its way, s."""
        ...

    def repeats(self, time_s: float) -> bool:
        """Whether the sender misses the acknowledgement of a frame, and so sends it again."""
        ...


class Undisturbed:
    """Nothing goes wrong."""

    def loses(self, _time_s: float) -> bool:
        """Lose nothing."""
        return False

    def held_s(self, _time_s: float) -> float:
        """Hold nothing back."""
        return 0.0

    def repeats(self, _time_s: float) -> bool:
        """Repeat nothing."""
        return False


UNDISTURBED = Undisturbed()


class Link(Protocol):
    """Carries a message of `size_bytes`; the generator ends with True on delivery, False when it is given up."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def carry(self, size_bytes: int, priority: int, passage: Passage | None = None) -> Carrying:
        """Take the time that the transport takes, and note in the passage what goes wrong."""
        ...


@dataclass
class FixedLatency:
    """A link with a latency and room for every message at once."""

    clock: Clock
    latency_s: float
    name: str = "link"
    disturbance: Disturbance = UNDISTURBED

    def carry(self, size_bytes: int, priority: int, passage: Passage | None = None) -> Carrying:  # noqa: ARG002
        """Wait for the latency; a frame that is lost is missed after it, and sent again."""
        passage = passage or Passage()
        for left in reversed(range(RETRIES + 1)):
            yield self.clock.timeout(self.latency_s)
            if not self.disturbance.loses(self.clock.now_s):
                yield from _arriving(self.clock, self.disturbance, passage)
                return True
            passage.lost += 1
            if left:
                yield self.clock.timeout(RETRY_DELAY_S)
        passage.is_given_up = True
        return False


@dataclass(frozen=True)
class AmiLinkSettings:
    """The shared radio network of the meters."""

    latency_s: float = 1.0
    bandwidth_bps: float = 9600.0
    loss_probability: float = 0.0
    retries: int = RETRIES
    retry_delay_s: float = RETRY_DELAY_S
    queue: Literal["priority", "fifo"] = "priority"


class AmiLink:
    """One message on the air at a time; a more urgent one jumps the queue, as the use case asks of alerts."""

    name = "AMI link"

    def __init__(
        self, clock: Clock, settings: AmiLinkSettings, seed: int, disturbance: Disturbance = UNDISTURBED
    ) -> None:
        """Take the seed of the losses that the settings have by themselves."""
        self._clock = clock
        self._settings, self._disturbance = settings, disturbance
        self._random = random.Random(seed)  # noqa: S311 - a reproducible channel, not a secret
        self._channel = simpy.PriorityResource(clock.environment, capacity=1)

    def carry(self, size_bytes: int, priority: int, passage: Passage | None = None) -> Carrying:
        """Wait for the channel, be on the air, be lost and sent again, arrive."""
        passage = passage or Passage()
        for _ in range(self._settings.retries + 1):
            if (yield from self._attempt(size_bytes, priority, passage)):
                yield self._clock.timeout(self._settings.latency_s)
                yield from _arriving(self._clock, self._disturbance, passage)
                return True
            passage.lost += 1
            yield self._clock.timeout(self._settings.retry_delay_s)
        passage.is_given_up = True
        return False

    def _attempt(self, size_bytes: int, priority: int, passage: Passage) -> Carrying:
        with self._channel.request(priority=self._rank(priority)) as turn:
            passage.waiting_since_s = self._clock.now_s
            yield turn
            passage.waiting_since_s = None
            yield self._clock.timeout((size_bytes + HEADER_BYTES) * 8 / self._settings.bandwidth_bps)
        is_through = self._random.random() >= self._settings.loss_probability
        return is_through and not self._disturbance.loses(self._clock.now_s)

    def _rank(self, priority: int) -> int:
        """SimPy serves the lowest rank first; in a first-in-first-out network all ranks are one."""
        return -priority if self._settings.queue == "priority" else 0


def _arriving(clock: Clock, disturbance: Disturbance, passage: Passage) -> Generator[simpy.Event, Any, None]:
    """Be held back on the last stretch of the way, and have the sender miss that it has arrived."""
    passage.held_s += (held_s := disturbance.held_s(clock.now_s))
    if held_s > 0.0:
        yield clock.timeout(held_s)
    passage.is_repeated = disturbance.repeats(clock.now_s)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
