"""The Enterprise Service Bus: point-to-point messages between actors, all of them recorded."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import simpy

from bench.clock import Clock, Process
from bench.link_log import LinkLog
from bench.links import Link, Passage
from bench.messages.equipment import Payload
from bench.messages.names import Information, Party
from bench.messages.payloads import PAYLOADS
from bench.reception import Reception
from instruments.errors import ConfigError


class Priority(IntEnum):
    """Urgency on a shared link; the higher goes first."""

    SCHEDULED = 0
    NORMAL = 1
    ALERT = 2


@dataclass(frozen=True)
class Message:
    """One message from producer to receiver. `evidence` cites wire exchanges and messages (`wire:8`, `trace:3`)."""

    producer: Party
    receiver: Party
    information: Information
    payload: Payload
    correlation: str
    priority: Priority = Priority.NORMAL
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if type(self.payload) is not PAYLOADS[self.information]:
            expected = PAYLOADS[self.information].__name__
            raise ConfigError(f"{self.information} carries {expected}, not {type(self.payload).__name__}")


@dataclass(frozen=True)
class Delivery:
    """A message as it arrived: its number in the trace, when it was sent and when it came, in seconds.

    `hindrance` says what its link has done to it on the way, empty for nothing.
    """

    seq: int
    sent_s: float
    time_s: float
    message: Message
    hindrance: str = ""

    @property
    def citation(self) -> str:
        """How other records cite this message."""
        return f"trace:{self.seq}"


Route = Callable[[Party, Party], Link]
Sieve = Callable[[Message], bool]
Alteration = Callable[[Message], Sequence[Message]]


class Bus:
    """Carries messages over the link between their actors and tells every listener what arrived.

    A message that a link brings twice reaches its receiver once, and one that a newer word on the same subject has
    overtaken does not reach it: commands act once, and the last one stands.
    """

    def __init__(self, clock: Clock, route: Route, record: Callable[[Message, float, float], int]) -> None:
        self.clock = clock
        self._route = route
        self._record = record
        self._mailboxes: dict[Party, simpy.Store] = {}
        self._recent: deque[Delivery] = deque(maxlen=50)
        self._receptions: dict[Party, Reception] = {}
        self._sent = 0
        self.log = LinkLog()
        self.listeners: list[Callable[[Delivery], None]] = []
        self.withheld: list[Sieve] = []
        """Messages for which one of these is true never leave their producer (a fault, or the suppression test)."""

        self.altered: list[Alteration] = []
        """What leaves a producer in the place of a message: each of these gives what is sent instead (a fault)."""

    def mailbox(self, party: Party) -> simpy.Store:
        """Return the store in which messages for `party` arrive in order of delivery."""
        return self._mailboxes.setdefault(party, simpy.Store(self.clock.environment))

    def send(self, message: Message) -> None:
        """Put a message on the link between its two actors."""
        messages: Sequence[Message] = (message,)
        for alteration in self.altered:
            messages = [altered for each in messages for altered in alteration(each)]
        for each in messages:
            if not any(sieve(each) for sieve in self.withheld):
                self.clock.start(self._carry(each))

    def recent(self, count: int) -> list[Delivery]:
        """Return the last `count` deliveries, oldest first."""
        return list(self._recent)[-count:]

    def _carry(self, message: Message) -> Process:
        sent_s = self.clock.now_s
        size = len(message.payload.model_dump_json())
        link = self._route(message.producer, message.receiver)
        self._sent += 1
        passage = Passage(self._sent, link.name)
        self.log.begin(message, passage)
        if not (yield from link.carry(size, message.priority, passage)):
            self.log.give_up(message, passage, self.clock.now_s)
            return
        self._arrive(message, sent_s, passage)
        if passage.is_repeated and (yield from link.carry(size, message.priority)):
            self._arrive(message, sent_s, passage)

    def _arrive(self, message: Message, sent_s: float, passage: Passage) -> None:
        reception = self._receptions.setdefault(message.receiver, Reception())
        if why := reception.refusal(passage.number, message.producer, message.payload):
            self.log.refuse(message, passage, why, self.clock.now_s)
        else:
            self._deliver(message, sent_s, passage)

    def _deliver(self, message: Message, sent_s: float, passage: Passage) -> None:
        now = self.clock.now_s
        delivery = Delivery(self._record(message, sent_s, now), sent_s, now, message, passage.words)
        self.log.deliver(message, passage, delivery.citation, now)
        self._recent.append(delivery)
        for listener in self.listeners:
            listener(delivery)
        self.mailbox(message.receiver).put(delivery)
