"""How well the head-end reaches each meter."""

from dataclasses import dataclass, field

FAILING_AFTER = 3
"""Attempts in a row without an answer after which a meter counts as failing."""


@dataclass
class Contact:
    """Attempts at one meter, those that it answered, and those in a row that it has not."""

    attempts: int = 0
    answers: int = 0
    unanswered: int = 0


@dataclass
class CommunicationHealth:
    """The head-end's account of all attempts at its meters."""

    _contacts: dict[str, Contact] = field(default_factory=dict)

    def take(self, meter: str, answered: bool) -> None:
        """Count an attempt."""
        contact = self._contacts.setdefault(meter, Contact())
        contact.attempts += 1
        contact.answers += answered
        contact.unanswered = 0 if answered else contact.unanswered + 1

    @property
    def reached_pu(self) -> dict[str, float]:
        """The share of attempts that were answered, of each meter where it is not all of them."""
        missed = {name: c for name, c in sorted(self._contacts.items()) if c.answers < c.attempts}
        return {name: round(c.answers / c.attempts, 4) for name, c in missed.items()}

    @property
    def failing(self) -> tuple[str, ...]:
        """Meters that have not answered several times in a row."""
        return tuple(name for name, c in sorted(self._contacts.items()) if c.unanswered >= FAILING_AFTER)
