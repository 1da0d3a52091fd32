"""What the matcher asks of a judge, who knows the world beyond the bus, and where both keep what they found."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from bench.bus import Delivery
from bench.evidence import CitedExchange, RowRecord
from bench.measurement import Measurement
from bench.messages.equipment import Payload
from bench.use_case.model import Row


class CannotTellError(Exception):
    """A judge cannot know what it was asked: neither true nor untrue. The row in question is inconclusive."""


class Ledger(Protocol):
    """The record of a scenario as matcher and judge use it: they write into it, and look citations up in it."""

    def row(self, record: RowRecord) -> int:
        """Record a row state and return its number."""
        ...

    def measurement(self, measurement: Measurement) -> int:
        """Record a measurement and return its number."""
        ...

    def endpoint_of(self, citation: str) -> str | None:
        """Return the device that a citation `wire:N` was exchanged with; None if there is none."""
        ...

    def was_written(self, citation: str) -> bool:
        """Whether a citation `wire:N` is of a write that was not refused."""
        ...

    def last_exchanges(self, endpoint: str, count: int = ...) -> list[CitedExchange]:
        """Return the last exchanges with a device, oldest first."""
        ...


class Judge(Protocol):
    """What the matcher needs to know of the world beyond the bus.

    Every question may raise CannotTellError, where a recorded run is judged again by other rules than it was.
    """

    def selects(self, row: Row, payload: Payload) -> bool:
        """Whether a message of the right kind speaks of this row's subject."""
        ...

    def instance(self, row: Row, payload: Payload) -> str:
        """Name the meter or device a payload is about; empty for a row that happens once."""
        ...

    def required(self, row: Row, time_s: float, occurrence: str = "") -> Mapping[str, float | None]:
        """Return instances that must occur, with the time from which the limit runs where the plant sets it.

        `occurrence` names a further occurrence of the row, here and below; empty for the first.
        """
        ...

    def pending(self, row: Row, time_s: float) -> set[str]:
        """Return instances that are about to become required, so that the row is not complete without them."""
        ...

    def objection(self, row: Row, delivery: Delivery) -> str | None:
        """Say what in a message is not true to the physics or lacks its wire exchange; None when it stands."""
        ...

    def forbidden(self, row: Row, delivery: Delivery) -> str | None:
        """Say why a message should never have been sent, whatever comes; None where it is but out of its order."""
        ...

    def remark(self, row: Row, delivery: Delivery) -> str:
        """Say what the record has to add to a row that a message met; empty for nothing."""
        ...

    def effect(self, row: Row, instance: str, since_s: float, occurrence: str = "") -> Measurement | None:
        """Measure the effect of a command; None before there is anything to measure."""
        ...

    def vacant(self, row: Row, occurrence: str = "") -> str | None:
        """Say why a row concerns nobody in this occurrence; None where it concerns somebody, or that is not known."""
        ...

    def not_rightly_absent(self, row: Row) -> str | None:
        """Say why a row should have come that the scenario wants to stay away; None where it rightly does."""
        ...


class Hindering(Protocol):
    """What the matcher asks of the links, to say why a message is missing; each answer is empty for nothing."""

    def of(self, row: Row, name: str) -> str:
        """Say what a link has done to the message of an instance, or to the way to its device."""
        ...

    def of_any(self, rows: Iterable[Row]) -> str:
        """Say what links have done to messages of any instance of these rows."""
        ...

    def unreached(self, text: str) -> str:
        """Say which of the devices that a text names was lately out of reach."""
        ...


class _Nothing:
    """Links that never did anything."""

    def of(self, row: Row, name: str) -> str:  # noqa: ARG002
        return ""

    def of_any(self, rows: Iterable[Row]) -> str:  # noqa: ARG002
        return ""

    def unreached(self, text: str) -> str:  # noqa: ARG002
        return ""


NO_HINDRANCES: Hindering = _Nothing()
"""Of a matcher that no links stand behind."""
