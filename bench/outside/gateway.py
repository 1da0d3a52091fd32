"""Has an outside system take an actor's place: hands over what it is sent, and puts on the bus what it says."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pydantic import ValidationError

from bench.actors.base import Actor
from bench.bus import Bus, Delivery, Message
from bench.clock import Process, misfit
from bench.messages.names import Party
from bench.messages.payloads import PAYLOADS
from bench.outside.field import Field
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
    Said,
    told,
    topic_of,
    word_of,
)
from instruments.errors import TransportError

POLL_S = 0.1
"""How often is looked whether the system has said something, s."""
SHOWN = 200
"""Characters of a refused text that are sent back with the reason."""


class Heard(Protocol):
    """A message that came."""

    @property
    def topic(self) -> str:
        """Where it came."""
        ...

    @property
    def text(self) -> str:
        """What it says."""
        ...


class OutsideLink(Protocol):
    """What carries texts both ways; both methods raise TransportError once it is lost."""

    def publish(self, topic: str, text: str, retain: bool = False) -> None:
        """Send a text."""
        ...

    def heard(self) -> Sequence[Heard]:
        """Return what came since the last call, in order."""
        ...


class OutsideSystem(Actor):
    """An actor whose mind is elsewhere. What it says has to be what its place may say: nothing else reaches the bus."""

    def __init__(
        self, bus: Bus, party: Party, topic: str, link: OutsideLink, begin: Begin, field: Field | None
    ) -> None:
        """Take the topic that the system listens below; `field` only where its place operates equipment."""
        super().__init__(bus)
        self.party, self._topic, self._link, self._begin, self._field = party, topic, link, begin, field

    def run(self) -> Process:
        """Hand over what is sent to the system, for ever."""
        mailbox = self.bus.mailbox(self.party)
        while True:
            delivery: Delivery = yield mailbox.get()
            self._publish(TOLD, told(delivery).model_dump_json())

    def listen(self) -> Process:
        """Say that the scenario begins, and take what the system says.

        Raises TransportError when it is gone, and when equipment that it reads or operates does not answer.
        """
        self._link.heard()  # what was said before belongs to no scenario
        self._publish(BEGIN, self._begin.model_dump_json())
        while True:
            yield self.clock.timeout(POLL_S)
            for each in self._link.heard():
                self._take(word_of(self._topic, each.topic), each.text)

    def end(self) -> None:
        """Say that the scenario is over."""
        self._publish(END, "{}")

    def _take(self, word: str, text: str) -> None:
        takers: Mapping[str, Callable[[str], None]] = {SAID: self._send_said, REQUEST: self._carry_out}
        if word == HELLO and not text:
            raise TransportError(f"the outside {self.party.value} has left in the middle of a scenario")
        if word not in takers:
            return
        try:
            takers[word](text)
        except ValidationError as error:
            self._refuse(text, misfit(error))

    def _send_said(self, text: str) -> None:
        said = Said.model_validate_json(text)
        payload = PAYLOADS[said.information].model_validate_json(json.dumps(said.payload))
        parts = (self.party, said.receiver, said.information, payload, said.correlation, said.priority, said.because)
        self.bus.send(Message(*parts))

    def _carry_out(self, text: str) -> None:
        request = FieldRequest.model_validate_json(text)
        if self._field is None:
            self._refuse(text, f"the place of the {self.party.value} operates no equipment")
        else:
            self._publish(ANSWER, self._answered(self._field, request).model_dump_json())

    def _answered(self, field: Field, request: FieldRequest) -> FieldAnswer:
        """Have a request carried out; where the bench's own link breaks, the system is told that nothing was taken."""
        try:
            return field.carry_out(request)
        except TransportError:
            self._publish(ANSWER, FieldAnswer(number=request.number, taken=False).model_dump_json())
            raise

    def _refuse(self, text: str, why: str) -> None:
        self._publish(REFUSED, json.dumps({"why": why, "text": text[:SHOWN]}))

    def _publish(self, word: str, text: str) -> None:
        self._link.publish(topic_of(self._topic, word), text)
