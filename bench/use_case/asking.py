"""What the matcher asks of a judge, who knows the world beyond the bus."""

from collections.abc import Mapping
from typing import Protocol

from bench.bus import Delivery
from bench.measurement import Measurement
from bench.messages.equipment import Payload
from bench.use_case.model import Row


class Judge(Protocol):
    """What the matcher needs to know of the world beyond the bus."""

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
