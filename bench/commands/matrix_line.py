"""One line of the fault matrix, whatever was played for it: a case of the use case, or type tests."""

from collections.abc import Callable
from pathlib import Path

from bench.fault_outcome import Outcome, Seen
from reports.matrix import MatrixLine
from reports.verdict import Verdict


def outcome_of(play: Callable[[], object], judge: Callable[[], Outcome]) -> Outcome:
    """Play something and judge what it left; what breaks is a line of the matrix like any other."""
    try:
        play()
        return judge()
    except Exception as error:
        return broken(f"{type(error).__name__}: {error}")


def broken(why: str) -> Outcome:
    """Return the outcome of a run that left nothing to judge."""
    return Outcome(Verdict.ERROR, None, f"the run broke: {why}")


def told_line(
    outcome: Outcome,
    folder: Path,
    taken_s: float,
    scenario: str,
    bench: Path,
    seed: int,
    area: str = "",
    fault: str = "",
    expected: Verdict = Verdict.PASS,
    caught_at: tuple[str, ...] = (),
    culprit: str = "",
    why: str = "",
) -> MatrixLine:
    """Return a line of the matrix: an outcome, what it took and where it is kept, and what was played and expected."""
    seen = outcome.seen or Seen("", "")
    return MatrixLine(
        area=area,
        fault=fault,
        scenario=scenario,
        bench=bench.stem,
        seed=seed,
        expected=expected.value,
        caught_at=caught_at,
        culprit=culprit,
        verdict=outcome.verdict.value,
        where=seen.where,
        told=seen.told,
        figure=seen.figure,
        objection=outcome.objection,
        seconds=round(taken_s, 2),
        run=folder.name if folder.is_dir() else "",
        why=why,
    )
