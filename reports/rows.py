"""Row items gathered for a reader: all instances of one occurrence of a row are one line with a count."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.run_directory import RowItem
from reports.verdict import RowState

_BEST_FIRST = (
    RowState.NOT_APPLICABLE,
    RowState.ABSENT_AS_REQUIRED,
    RowState.MET,
    RowState.INCONCLUSIVE,
    RowState.NOT_RUN,
    RowState.NOT_MET,
)


DERIVED = "derived:"
"""How the reason of a row begins that is met by what follows from it, and not by a wire of its own."""


@dataclass(frozen=True)
class RowGroup:
    """One occurrence of a row with all its instances; the row is met when all of them are."""

    row: str
    occurrence: str
    items: tuple[RowItem, ...]

    @property
    def state(self) -> RowState:
        """State of the instance that came off worst."""
        return max((item.state for item in self.items), key=_BEST_FIRST.index)

    @property
    def name(self) -> str:
        """Row and occurrence, as one says it."""
        return f"{self.row} ({self.occurrence})" if self.occurrence else self.row

    @property
    def text(self) -> str:
        """The row's step text, or what is known of it."""
        first = self.items[0]
        if first.text:
            return first.text.removeprefix(f"row {self.row}: ")
        return f"{first.producer} → {first.receiver}: {first.information}" if first.producer else ""

    @property
    def count(self) -> str:
        """How many instances are met, of how many (``62 of 62 net meters``); empty for a row without instances."""
        if len(self.items) == 1:
            return self.items[0].instance or ""
        judged = [item for item in self.items if item.state is not RowState.NOT_APPLICABLE]
        if not judged:
            return f"none of {len(self.items)} {self._noun}"
        return f"{sum(item.state.is_met for item in judged)} of {len(judged)} {self._noun}"

    @property
    def _noun(self) -> str:
        stems = {re.sub(r"(?:[\s_.-]+[a-z]?)?\d[\d.]*$", "", item.instance or "") for item in self.items}
        stem = stems.pop() if len(stems) == 1 else ""
        return f"{stem.replace('_', ' ')}s" if stem else "instances"

    @property
    def failing_first(self) -> list[RowItem]:
        """Instances, the worst first, otherwise in their order."""
        return sorted(self.items, key=lambda item: -_BEST_FIRST.index(item.state))

    @property
    def times_s(self) -> tuple[float, float] | None:
        """First and last time at which an instance that is judged was decided; None when none was."""
        judged = [item for item in self.items if item.state is not RowState.NOT_APPLICABLE] or self.items
        times = [item.time_s for item in judged if item.time_s is not None]
        return (min(times), max(times)) if times else None

    @property
    def due_s(self) -> float | None:
        """Latest time by which an instance had to be met."""
        return max((item.due_s for item in self.items if item.due_s is not None), default=None)

    @property
    def reasons(self) -> list[str]:
        """Different reasons of the instances that are not met, the worst first."""
        return list(dict.fromkeys(item.reason for item in self.failing_first if item.reason and not item.state.is_met))

    @property
    def remarks(self) -> list[str]:
        """Why instances are anything else than met, with how many of them, the worst first; absences included.

        Of those that are met, what they are derived from.
        """
        odd = (i for i in self.failing_first if i.state is not RowState.MET or i.reason.startswith(DERIVED))
        told = Counter((i.state, i.reason) for i in odd if i.reason)
        if len(self.items) == 1:
            return [reason for _, reason in told]
        return [f"{count} {state.value.replace('_', ' ').lower()}: {reason}" for (state, reason), count in told.items()]

    @property
    def evidence(self) -> list[str]:
        """Citations of all instances, those of the worst first."""
        return list(dict.fromkeys(cited for item in self.failing_first for cited in item.evidence))


def group_rows(items: Iterable[RowItem]) -> list[RowGroup]:
    """Gather items into groups, in the order in which rows appear first.

    Who takes another alternative belongs to no occurrence; where a row has a single one, that is the one meant.
    """
    listed = list(items)
    occurrences: dict[str, set[str]] = {}
    for item in listed:
        occurrences.setdefault(item.row, set()).update({item.occurrence} if item.occurrence else ())
    groups: dict[tuple[str, str], list[RowItem]] = {}
    for item in listed:
        groups.setdefault((item.row, _occurrence(item, occurrences[item.row])), []).append(item)
    return [RowGroup(row, occurrence, tuple(members)) for (row, occurrence), members in groups.items()]


def _occurrence(item: RowItem, known: set[str]) -> str:
    if item.state is RowState.NOT_APPLICABLE and not item.occurrence and len(known) == 1:
        return next(iter(known))
    return item.occurrence or ""


def repeated_rows(groups: Iterable[RowGroup]) -> dict[str, Sequence[RowGroup]]:
    """Return the rows that occurred more than once, each with its occurrences in their order."""
    found: dict[str, list[RowGroup]] = {}
    for group in groups:
        found.setdefault(group.row, []).append(group)
    return {row: members for row, members in found.items() if len(members) > 1}
