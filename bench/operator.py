"""A person's turn: what there is to be done in a driven row, and what the person sees who has to do it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.bus import Delivery
from bench.use_case.grammar import wording
from bench.use_case.model import Row

SHOWN = 5
"""Messages that a person is shown before a decision."""
SITS_BEFORE: Mapping[str, str] = {
    "Distribution Operations": "Distribution Management System",
    "Power Operations": "Energy Management System",
    "Wholesale Power Group": "Energy Management System",
    "Customer": "Customer Display Device",
}
"""The system whose display a person has, by their names in the use case."""

Meanwhile = Callable[[], bool]
"""Lets the world go on for a moment; False when the scenario is over, so that nothing can be done any more."""


@dataclass(frozen=True)
class Turn:
    """A driven row that a person has to do now, and the last messages that have reached them or their display."""

    row: Row
    time_s: float
    display: str
    shown: Sequence[Delivery]

    @property
    def title(self) -> str:
        """The row as the feature words it."""
        return wording(self.row)


class Operator(Protocol):
    """Whoever asks a person to act."""

    def ask(self, turn: Turn, meanwhile: Meanwhile | None) -> bool:
        """Return True when the person acts, False when it is too late; raises Interrupted when the run is to stop.

        Without `meanwhile` time stands still until then. With it, it has to be called over and over while the person
        thinks.
        """
        ...


def turn_of(row: Row, time_s: float, recent: Sequence[Delivery]) -> Turn:
    """Put a person's turn together from the last messages on the bus."""
    display = SITS_BEFORE.get(row.producer, row.producer)
    seen = [d for d in recent if d.message.receiver.value in {row.producer, display}]
    return Turn(row, time_s, display, seen[-SHOWN:])
