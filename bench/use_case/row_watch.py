"""A row of the use case while it is watched: its instances, and what became of each."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.use_case.model import Row
from reports.verdict import RowState

DECIDED = frozenset(set(RowState) - {RowState.NOT_RUN})
PASSED = frozenset({RowState.MET, RowState.NOT_APPLICABLE, RowState.ABSENT_AS_REQUIRED})
"""States of a row, or of an instance of it, that let what comes after it happen."""


@dataclass
class Instance:
    """One meter, device or the single instance of a row."""

    state: RowState = RowState.NOT_RUN
    reason: str = ""
    evidence: tuple[str, ...] = ()
    time_s: float | None = None
    due_s: float | None = None
    occurrence: str = ""

    @property
    def decided(self) -> bool:
        """Whether nothing more is awaited."""
        return self.state in DECIDED

    @property
    def has_passed(self) -> bool:
        """Whether what comes after it may happen."""
        return self.state in PASSED

    @property
    def is_due_known(self) -> bool:
        """Whether it is known by when it was due, or that it never was."""
        return bool(self.due_s) or self.state is RowState.NOT_APPLICABLE


@dataclass
class RowWatch:
    """A row, its instances so far, and messages that looked like it but did not count.

    `occurrence` names the further occurrence that it watches, empty for the first.
    """

    row: Row
    predecessors: frozenset[str]
    occurrence: str = ""
    instances: dict[str, Instance] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    rested_at: int = -1
    """How many instances the rows before it had when it was last found that none of them is missing here."""
    _complete: int = 0
    """With how many instances the row was found complete: as decisions are final, it is so until there are more."""
    _passed: int = 0
    """With how many instances it was found to have passed; likewise."""

    @property
    def is_complete(self) -> bool:
        """Whether there are instances, all of them decided, and it is known by when they were due."""
        found = self.instances.values()
        if self._complete != len(found) and all(i.decided and i.is_due_known for i in found):
            self._complete = len(found)
        return bool(found) and self._complete == len(found)

    @property
    def has_passed(self) -> bool:
        """Whether its state lets what comes after it happen."""
        if self._passed != len(self.instances) and self.state in PASSED:
            self._passed = len(self.instances)
        return bool(self.instances) and self._passed == len(self.instances)

    @property
    def time_s(self) -> float | None:
        """When the last instance was met, s."""
        return max((i.time_s for i in self.instances.values() if i.time_s is not None), default=None)

    @property
    def state(self) -> RowState:
        """The worst of the instances; NOT_RUN where there is none, NOT_APPLICABLE where it is to none of them."""
        return worst_of_instances({instance.state for instance in self.instances.values()})


_WORST_FIRST = (
    RowState.NOT_MET,
    RowState.INCONCLUSIVE,
    RowState.NOT_RUN,
    RowState.MET,
    RowState.ABSENT_AS_REQUIRED,
    RowState.NOT_APPLICABLE,
)


def worst_of_instances(states: Iterable[RowState]) -> RowState:
    """Return the worst state of a row's instances or occurrences; NOT_RUN where there are none."""
    found = set(states)
    return next((state for state in _WORST_FIRST if state in found), RowState.NOT_RUN)


def listed(notes: list[str]) -> str:
    """Append the last notes to a reason."""
    return f" ({'; '.join(notes[-3:])})" if notes else ""
