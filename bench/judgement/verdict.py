"""The verdict of a scenario: the worst of its rows and measurements, and of what takes the ground from under them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from reports.verdict import RowState, Verdict, worst, worst_of_states


@dataclass(frozen=True)
class Ground:
    """What broke, ended or undermined a scenario, as its verdict takes it.

    `failed` is the least that a step which failed makes of it, `compared` what the run beside it under autonomous
    controls does; `objections` are to its preconditions; `shaken` says what leaves times or voltages in doubt: slip,
    an unstable loop, steps that did not solve. `measurements` is the number of the last that belongs to it.
    """

    measurements: int
    failed: Verdict | None = None
    compared: Verdict | None = None
    problems: Sequence[str] = ()
    aborted: str = ""
    objections: Sequence[str] = ()
    shaken: Sequence[str] = ()

    @property
    def verdicts(self) -> list[Verdict]:
        """What it makes of a scenario; nothing where all stood firm.

        A scenario without one of its preconditions is not the one that the use case describes: that one was not run.
        """
        found = [verdict for verdict in (self.failed, self.compared) if verdict is not None]
        held = {
            Verdict.NOT_RUN: self.objections,
            Verdict.ERROR: self.problems,
            Verdict.ABORTED: self.aborted,
            Verdict.INCONCLUSIVE: self.shaken,
        }
        return found + [verdict for verdict, reasons in held.items() if reasons]

    def entry(self) -> dict[str, Any]:
        """Return it as the judgement log keeps it."""
        return {name: list(v) if isinstance(v, tuple | list) else v for name, v in vars(self).items()}

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Self:
        """Read it back; raises KeyError, TypeError or ValueError for what is no such entry."""
        if type(entry["measurements"]) is not int:
            raise TypeError(f"measurements is {entry['measurements']!r}")
        verdicts = {name: None if entry[name] is None else Verdict(entry[name]) for name in ("failed", "compared")}
        return cls(**{**entry, **verdicts})


def scenario_verdict(states: Sequence[RowState], measured: Iterable[Verdict], ground: Ground) -> Verdict:
    """Return the worst of rows, measurements and ground; NOT_RUN where there is nothing at all."""
    rows = [worst_of_states(states)] if states else []
    return worst([*measured, *rows, *ground.verdicts])
