"""What the fault matrix plays, and how one run of it is played and judged."""

import re
import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path

from rich.console import Console

from bench.commands.matrix_line import outcome_of, told_line
from bench.commands.run import RunRequest, run
from bench.fault_cases import BENCH, FaultCase, rows_of_scenarios
from bench.fault_outcome import Outcome, judge, judge_clean
from reports.matrix import MatrixLine
from reports.run_directory import RunDirectory

SHARE = 5
"""Of how many seeds one is played in the scenarios after the first: an emulated night costs what an event does."""
FEW_SEEDS = 5
"""How many seeds are enough for trials that play no row, in which next to nothing is drawn, and for other benches."""


@dataclass(frozen=True)
class Play:
    """One run of the matrix: a case, or good equipment where there is none, and where it is recorded."""

    scenario: str
    bench: Path
    seed: int
    folder: Path
    case: FaultCase | None = None

    def __str__(self) -> str:
        if self.case is not None:
            return f"{self.case.area}: {self.case}"
        return f"clean: seed {self.seed} in {self.scenario!r}"


def plan(folder: Path, cases: Sequence[FaultCase], seeds: int) -> list[Play]:
    """List all runs below a folder: each case, and every scenario that a case plays without a fault, under many seeds.

    A case says something only where the same scenario on the same bench passes with good equipment. The first scenario,
    in which most is drawn, is played under all seeds.
    """
    found = [_of_case(number, case, folder) for number, case in enumerate(cases, start=1)]
    rows = rows_of_scenarios()
    for scenario, bench in dict.fromkeys((case.plays, case.bench) for case in cases):
        count = _seeds(rows[scenario], seeds) if bench == BENCH else min(seeds, FEW_SEEDS)
        names = (f"clean-{_name(scenario)}-{bench.stem}-{seed}" for seed in range(1, count + 1))
        found += [Play(scenario, bench, seed, folder / name) for seed, name in enumerate(names, start=1)]
    return found


def _seeds(rows: Collection[str], seeds: int) -> int:
    if not rows:
        return min(seeds, FEW_SEEDS)
    return seeds if any(row.startswith("1.") for row in rows) else -(-seeds // SHARE)


def _of_case(number: int, case: FaultCase, folder: Path) -> Play:
    return Play(case.plays, case.bench, 1, folder / f"{number:03d}-{_name(case.fault.text)}", case)


def _name(text: str) -> str:
    """Return a text as a name of a folder; such names need not differ."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")[:60]


def play(asked: Play) -> MatrixLine:
    """Play a run, judge it, and keep its directory unless good equipment passed in it."""
    begun_s = time.perf_counter()
    outcome = _outcome(asked)
    taken_s = time.perf_counter() - begun_s
    if asked.case is None and not outcome.objection:
        shutil.rmtree(asked.folder)
    return line_of(asked, outcome, taken_s)


def _outcome(asked: Play) -> Outcome:
    faults = () if asked.case is None else (asked.case.fault.text,)
    request = RunRequest(
        (), asked.bench, asked.folder, asked.seed, faults, asked.scenario, compare=False, render=asked.case is not None
    )
    return outcome_of(lambda: run(request, Console(file=StringIO())), lambda: _judged(asked))


def _judged(asked: Play) -> Outcome:
    directory = RunDirectory.open(asked.folder)
    return judge_clean(directory) if asked.case is None else judge(asked.case, directory)


def line_of(asked: Play, outcome: Outcome, taken_s: float) -> MatrixLine:
    """Return what the matrix says of a run."""
    case, told = asked.case, partial(told_line, outcome, asked.folder, taken_s, asked.scenario, asked.bench, asked.seed)
    if case is None:
        return told()
    return told(case.area, case.fault.text, case.verdict, case.caught_at, case.culprit, case.why)
