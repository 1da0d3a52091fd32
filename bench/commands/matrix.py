"""`bench faults --matrix`: plays every fault case and every mutant, and good equipment beside them."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from bench.commands.matrix_line import broken
from bench.commands.matrix_plan import Play, line_of, plan, play
from bench.commands.mutant_plan import TypeTests, line_of_type_tests, plan_mutants, play_type_tests
from bench.commands.workers import Lost, spread
from bench.fault_cases import load_cases
from bench.fault_outcome import Outcome
from bench.mutants import load_mutants
from instruments.errors import ConfigError
from reports.matrix import Matrix, MatrixLine, write_matrix

Asked = Play | TypeTests
LIMIT_S = 600.0
"""How long one run may take; one that takes longer is ended, and counts as broken."""


def matrix(folder: Path, only: Sequence[str], seeds: int, jobs: int, console: Console) -> int:
    """Play everything, or what `only` names (any text of a run's own line), and write the page into a new folder.

    Returns exit code 0 when every run ended as it had to. Raises ConfigError for cases that cannot be read, for a
    folder that is not empty, and when nothing is left to play.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} exists and is not empty: nothing was played")
    found: list[Asked] = [*plan_mutants(folder, load_mutants()), *plan(folder, load_cases(), seeds)]
    plays = [asked for asked in found if not only or any(text in str(asked) for text in only)]
    if not plays:
        raise ConfigError(f"no run of the matrix fits {' or '.join(map(repr, only))}")
    folder.mkdir(parents=True, exist_ok=True)
    begun_s = time.perf_counter()
    lines: dict[Asked, MatrixLine] = {}
    try:
        lines.update(_played(plays, jobs, console))
    finally:  # what was played is told also when somebody stops the rest
        done = [lines[asked] for asked in plays if asked in lines]
        whole = Matrix(done, time.perf_counter() - begun_s, jobs, len(plays) - len(done))
        page = write_matrix(folder, whole)
        console.print(_summary(whole), highlight=False, soft_wrap=True)
        console.print(f"page: {page}", highlight=False, soft_wrap=True)
    return whole.verdict.exit_code


def carry_out(asked: Asked) -> MatrixLine:
    """Play a run, or type tests, and judge them."""
    return play_type_tests(asked) if isinstance(asked, TypeTests) else play(asked)


def _line(asked: Asked, outcome: Outcome, taken_s: float) -> MatrixLine:
    if isinstance(asked, TypeTests):
        return line_of_type_tests(asked, outcome, taken_s)
    return line_of(asked, outcome, taken_s)


def _played(plays: Sequence[Asked], jobs: int, console: Console) -> Iterator[tuple[Asked, MatrixLine]]:
    for count, (asked, found, taken_s) in enumerate(spread(carry_out, plays, jobs, LIMIT_S), start=1):
        line = _line(asked, broken(found.why), taken_s) if isinstance(found, Lost) else found
        told = f"{line.verdict:<12} {line.where:<12} {line.seconds:6.1f} s  {asked}"
        style = "green" if line.as_expected else "red"
        head = f"[{count:3d}/{len(plays)}] "
        console.print(head + told, style=style, highlight=False, markup=False, soft_wrap=True)
        if line.objection:
            console.print(f"    {line.objection}", style=style, highlight=False, markup=False, soft_wrap=True)
        yield asked, line


def _summary(whole: Matrix) -> str:
    figures = whole.figures()
    wrong = figures["unexpected"]
    ended = f"{wrong} ended otherwise than they had to" if wrong else "all ended as they had to"
    rest = f"; {whole.unplayed} more were not played" if whole.unplayed else ""
    return f"{figures['faults']} faults and {figures['clean']} clean runs in {whole.seconds:.0f} s: {ended}{rest}"
