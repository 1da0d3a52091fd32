"""The bench's own DMS in the place of a vendor's: a system outside, in another process, over the same messages."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from time import monotonic
from typing import Any

from bench.actors.dms import DistributionManagement
from bench.actors.field_control import ScadaControls
from bench.actors.resource_dispatch import ResourceTelemetry
from bench.bus import Bus, Delivery, Message
from bench.clock import Clock
from bench.links import Link
from bench.messages.names import Party
from bench.messages.payloads import PAYLOADS
from bench.outside.gateway import Heard, OutsideLink
from bench.outside.protocol import (
    ANSWER,
    BEGIN,
    END,
    HELLO,
    REFUSED,
    REQUEST,
    SAID,
    TOLD,
    Begin,
    FieldAnswer,
    FieldRequest,
    Hello,
    Order,
    Said,
    Told,
    topic_of,
    word_of,
)
from instruments.errors import BenchError, TransportError

WHO = Hello(manufacturer="derbench", model="distribution management system")
PATIENCE_S = 10.0
"""How long an answer of the field is waited for, s."""


class UnreadError(TransportError):
    """The bench could not read or operate equipment: nothing is known of it, and nothing may be made of that."""


class RemoteField(ScadaControls):
    """Equipment that is read and operated by asking for it; what an answer cites belongs to who asked."""

    def __init__(self, ask: Callable[[Order, str], FieldAnswer], begin: Begin) -> None:
        """Take what asks, and the names of the controls; there is no driver here."""
        super().__init__(_without_drivers(begin.capacitors), _without_drivers(begin.tap_changers))
        self._asking, self._cited = ask, list[list[str]]()

    @contextmanager
    def citing(self) -> Iterator[list[str]]:
        """Collect the evidence of all answers inside the block."""
        citations: list[str] = []
        self._cited.append(citations)
        try:
            yield citations
        finally:
            self._cited.remove(citations)

    def ask(self, order: Order, device: str = "") -> FieldAnswer:
        """Ask, and keep what cites it."""
        answer = self._asking(order, device)
        for citations in self._cited:
            citations.extend(answer.evidence)
        return answer

    def reach(self, order: Order, device: str = "") -> FieldAnswer:
        """Ask for what nobody can refuse; raises UnreadError where it was not taken, for then it was out of reach."""
        answer = self.ask(order, device)
        if not answer.taken:
            raise UnreadError(f"the bench did not {order} {device}".rstrip())
        return answer

    def block_var_switching(self, device: str, blocked: bool) -> bool:
        """Stop a capacitor control's own logic, or let it resume."""
        return self.ask("block var switching" if blocked else "release var switching", device).taken

    def switch_capacitor(self, device: str, close: bool) -> bool:
        """Close or open a bank."""
        return self.ask("close capacitor" if close else "open capacitor", device).taken

    def take_tap_changer(self, device: str) -> int | None:
        """Put a tap changer into SCADA-manual and return its tap."""
        return self.ask("take tap changer", device).tap

    def step(self, device: str, direction: int) -> bool:
        """Raise or lower by one tap."""
        return self.ask("raise tap" if direction > 0 else "lower tap", device).taken

    def give_back_tap_changer(self, device: str) -> None:
        """Return a tap changer to automatic, but blocked."""
        self.reach("give tap changer back", device)

    def block_tap_changers(self, blocked: bool) -> None:
        """Keep all tap changers from regulating by themselves, or let them regulate again."""
        self.reach("block tap changers" if blocked else "release tap changers")


class _Scenario:
    """A scenario that is on: the DMS with a clock that counts from its beginning."""

    def __init__(self, begin: Begin, link: OutsideLink, topic: str, ask: Callable[[Order, str], FieldAnswer]) -> None:
        self.clock = Clock()
        field = RemoteField(ask, begin)
        telemetry = ResourceTelemetry(
            read_states=lambda: field.reach("read resources").equipment,
            read_load_kw=lambda: field.reach("read load").load_kw,
            credit_meters=begin.credit_meters,
            head_uncertainty=begin.head_uncertainty,
        )
        self._bus = _Speaking(self.clock, link, topic)
        dms = DistributionManagement(
            self._bus,
            lambda: field.reach("read equipment").equipment,
            field,
            field.citing,
            telemetry.read_load_kw,
            begin.lowest_v,
            telemetry,
        )
        self.clock.start(dms.run())

    def hear(self, told: Told) -> None:
        payload = PAYLOADS[told.information].model_validate_json(json.dumps(told.payload))
        message = Message(told.producer, told.receiver, told.information, payload, told.correlation, told.priority)
        self._bus.mailbox(told.receiver).put(Delivery(told.seq, told.sent_s, told.time_s, message))


class _Speaking(Bus):
    """A bus whose messages are said to the bench; what it brings is told by the bench."""

    def __init__(self, clock: Clock, link: OutsideLink, topic: str) -> None:
        super().__init__(clock, _no_route, lambda _message, _sent_s, _time_s: 0)
        self._link, self._topic = link, topic

    def send(self, message: Message) -> None:
        said = Said(
            receiver=message.receiver,
            information=message.information,
            correlation=message.correlation,
            payload=message.payload.model_dump(mode="json"),
            priority=message.priority,
            because=message.evidence,
        )
        self._link.publish(topic_of(self._topic, SAID), said.model_dump_json())


class StandIn:
    """Says hello, and plays the DMS in each scenario that begins; what is refused is told to `warn`."""

    def __init__(self, link: OutsideLink, topic: str, warn: Callable[[str], None]) -> None:
        """Say hello on a link that hears all below the topic; raises TransportError."""
        self._link, self._topic, self._warn = link, topic, warn
        self._scenario: _Scenario | None = None
        self._begun_s, self._numbers, self._waiting = 0.0, count(1), list[Heard]()
        link.publish(topic_of(topic, HELLO), WHO.model_dump_json(), retain=True)

    def step(self, now_s: float) -> None:
        """Take what has come, and do what is due at a time, s of any clock; raises TransportError.

        Where equipment cannot be read, it is silent for the rest of the scenario: of what would it speak?
        """
        heard, self._waiting = [*self._waiting, *self._link.heard()], []
        for each in heard:
            self._take(word_of(self._topic, each.topic), each.text, now_s)
        if self._scenario is None:
            return
        try:
            self._scenario.clock.run_until(now_s - self._begun_s)
        except UnreadError as error:
            self._scenario = None
            self._warn(f"{error}; silent until the next scenario")

    def leave(self) -> None:
        """Withdraw the hello."""
        self._link.publish(topic_of(self._topic, HELLO), "", retain=True)

    def _take(self, word: str, text: str, now_s: float) -> None:
        if word == BEGIN:
            self._scenario = _Scenario(Begin.model_validate_json(text), self._link, self._topic, self._ask)
            self._begun_s = now_s
        elif word == END:
            self._scenario = None
        elif word == TOLD and self._scenario is not None:
            self._scenario.hear(Told.model_validate_json(text))
        elif word == REFUSED:
            self._warn(f"the bench refuses: {text}")

    def _ask(self, order: Order, device: str) -> FieldAnswer:
        """Ask, and wait for the answer; what else comes meanwhile waits its turn."""
        request = FieldRequest(number=next(self._numbers), order=order, device=device)
        self._link.publish(topic_of(self._topic, REQUEST), request.model_dump_json())
        until_s = monotonic() + PATIENCE_S
        while monotonic() < until_s:
            for each in self._link.heard():
                answer = self._answer(each)
                if answer is None:
                    self._waiting.append(each)
                elif answer.number == request.number:
                    return answer
        raise TransportError(f"the bench did not answer the request to {order} {device}".rstrip())

    def _answer(self, heard: Heard) -> FieldAnswer | None:
        is_answer = word_of(self._topic, heard.topic) == ANSWER
        return FieldAnswer.model_validate_json(heard.text) if is_answer else None


def _without_drivers(names: Iterable[str]) -> Any:
    """Return the names of controls where their drivers would be: whoever asks them is overridden above."""
    return dict.fromkeys(names)


def _no_route(_producer: Party, receiver: Party) -> Link:
    raise BenchError(f"nothing leads from here to the {receiver.value} but the bench")
