"""What the bench and an outside system say to each other: JSON texts under topics of their own.

Below the topic of a system: `hello` is retained and says who it is, and is withdrawn when it leaves. The bench says
`begin`, and `end`, of each scenario. It hands over with `told` what other actors send to the system, and takes from
`said` what the system sends; what cannot be sent is answered with `refused`. A system that reads and operates equipment
asks for that with `field/request`, one at a time, and gets a `field/answer`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from bench.bus import Delivery, Priority
from bench.messages.equipment import EquipmentState, Payload
from bench.messages.names import Information, Party
from instruments.errors import ConfigError

HELLO, BEGIN, END = "hello", "begin", "end"
TOLD, SAID, REFUSED = "told", "said", "refused"
REQUEST, ANSWER = "field/request", "field/answer"
FROM_SYSTEM, FROM_BENCH = (HELLO, SAID, REQUEST), (BEGIN, END, TOLD, REFUSED, ANSWER)
"""Which words each end has to listen for."""

Order = Literal[
    "read equipment",
    "read resources",
    "read load",
    "block var switching",
    "release var switching",
    "close capacitor",
    "open capacitor",
    "take tap changer",
    "raise tap",
    "lower tap",
    "give tap changer back",
    "block tap changers",
    "release tap changers",
]
"""What a system may ask of the equipment in the field: three readings, orders to one device, and two to all taps."""


class Hello(Payload):
    """Who a system is."""

    manufacturer: Annotated[str, Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)]
    version: str = ""
    serial: str = ""


class Begin(Payload):
    """A scenario begins: its time counts from now.

    `lowest_v` (120 V base) is what every service has to have in the end; `credit_meters` by DER; `head_uncertainty` of
    the load that is read at the feeder's head, share of it (coverage factor 2).
    """

    bench: str
    capacitors: tuple[str, ...]
    tap_changers: tuple[str, ...]
    credit_meters: dict[str, str]
    lowest_v: float
    head_uncertainty: float


class Told(Payload):
    """A message for the system, as the trace has it; `trace:SEQ` cites it."""

    seq: int
    sent_s: float
    time_s: float
    producer: Party
    receiver: Party
    information: Information
    priority: Priority
    correlation: str
    payload: dict[str, Any]
    evidence: tuple[str, ...] = ()


class Said(Payload):
    """A message from the system; `because` cites what it rests on: `trace:SEQ` of a message, evidence of an answer."""

    receiver: Party
    information: Information
    correlation: str
    payload: dict[str, Any]
    priority: Priority = Priority.NORMAL
    because: tuple[str, ...] = ()


TO_NOBODY = ("read equipment", "read resources", "read load", "block tap changers", "release tap changers")


class FieldRequest(Payload):
    """A reading, or an order to a device; `number` comes back in the answer."""

    number: int
    order: Order
    device: str = ""

    @model_validator(mode="after")
    def _names_whom_it_is_for(self) -> Self:
        if (self.order in TO_NOBODY) == bool(self.device):
            raise ValueError(f"{self.order!r} is for {'no device' if self.device else 'a device'}")
        return self


class FieldAnswer(Payload):
    """What came of a request: whether it was `taken`, what was read, and the exchanges that prove it.

    `load_kw` and `tap` are None where nothing measures the one, or was asked for the other.
    """

    number: int
    taken: bool
    evidence: tuple[str, ...] = ()
    equipment: tuple[EquipmentState, ...] = ()
    load_kw: float | None = None
    tap: int | None = None


def told(delivery: Delivery) -> Told:
    """Return a delivered message as the system is told of it."""
    message = delivery.message
    return Told(
        seq=delivery.seq,
        sent_s=delivery.sent_s,
        time_s=delivery.time_s,
        producer=message.producer,
        receiver=message.receiver,
        information=message.information,
        priority=message.priority,
        correlation=message.correlation,
        payload=message.payload.model_dump(mode="json"),
        evidence=message.evidence,
    )


def topic_of(prefix: str, word: str) -> str:
    """Return the topic of a word below a system's own."""
    return f"{prefix}/{word}"


def word_of(prefix: str, topic: str) -> str:
    """Return which word a topic is; raises ConfigError for one that is not below the system's own."""
    if not topic.startswith(f"{prefix}/"):
        raise ConfigError(f"the topic {topic!r} is not below {prefix!r}")
    return topic.removeprefix(f"{prefix}/")
