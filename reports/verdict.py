"""Verdicts and row states: the one place that orders them and turns them into exit codes."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Verdict(StrEnum):
    """Outcome of a measurement, a row, a scenario or a run, from best to worst.

    FAIL is a finding about the equipment or a system; ERROR says that the bench itself broke.
    """

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_RUN = "NOT_RUN"
    ABORTED = "ABORTED"
    FAIL = "FAIL"
    ERROR = "ERROR"

    @property
    def badness(self) -> int:
        """Position on the ladder: 0 for PASS, higher is worse."""
        return _LADDER.index(self)

    @property
    def exit_code(self) -> int:
        """Exit code of a command that ends with this verdict (2 is kept for usage and configuration)."""
        return _EXIT_CODES[self]


class RowState(StrEnum):
    """What became of one row of the use case, or of one instance of it."""

    MET = "MET"
    NOT_MET = "NOT_MET"
    NOT_RUN = "NOT_RUN"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    ABSENT_AS_REQUIRED = "ABSENT_AS_REQUIRED"

    @property
    def verdict(self) -> Verdict | None:
        """Verdict that this state carries upwards; None for a row that does not apply and so is not judged."""
        return _VERDICTS[self]

    @property
    def is_met(self) -> bool:
        """Whether the row counts as met."""
        return self.verdict is Verdict.PASS


_LADDER = tuple(Verdict)

_EXIT_CODES: Mapping[Verdict, int] = MappingProxyType(
    {
        Verdict.PASS: 0,
        Verdict.FAIL: 1,
        Verdict.ERROR: 3,
        Verdict.ABORTED: 4,
        Verdict.INCONCLUSIVE: 5,
        Verdict.NOT_RUN: 5,
    }
)

_VERDICTS: Mapping[RowState, Verdict | None] = MappingProxyType(
    {
        RowState.MET: Verdict.PASS,
        RowState.ABSENT_AS_REQUIRED: Verdict.PASS,
        RowState.INCONCLUSIVE: Verdict.INCONCLUSIVE,
        RowState.NOT_RUN: Verdict.NOT_RUN,
        RowState.NOT_MET: Verdict.FAIL,
        RowState.NOT_APPLICABLE: None,
    }
)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Verdict of a parent: the worst of its children. Nothing judged is NOT_RUN, never PASS."""
    return max(verdicts, key=lambda verdict: verdict.badness, default=Verdict.NOT_RUN)


def worst_of_states(states: Iterable[RowState]) -> Verdict:
    """Verdict of a set of rows; rows that do not apply are left out."""
    return worst(verdict for state in states if (verdict := state.verdict) is not None)


def counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How often each verdict occurs, in ladder order, without those that do not occur."""
    found = list(verdicts)
    return {verdict.value: found.count(verdict) for verdict in Verdict if verdict in found}
