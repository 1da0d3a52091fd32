"""What the fault matrix plays of the type tests: every mutant, and sound equipment beside it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path

from rich.console import Console

from bench.commands.certify import CertifyRequest, certify
from bench.commands.matrix_line import outcome_of, told_line
from bench.fault_outcome import Outcome
from bench.mutant_outcome import judge_mutant, judge_sound
from bench.mutants import Mutant
from reports.matrix import MatrixLine
from reports.run_directory import RunDirectory
from reports.verdict import Verdict

SEED = 1


@dataclass(frozen=True)
class TypeTests:
    """Type tests of a mutant, or of sound equipment where there is none, and where they are recorded."""

    suite: str
    bench: Path
    device: str
    folder: Path
    scenarios: tuple[str, ...]
    mutant: Mutant | None = None

    def __str__(self) -> str:
        if self.mutant is not None:
            return f"{self.suite}: {self.mutant.fault.text}"
        return f"clean: {self.suite} on {self.bench.stem}"


def plan_mutants(folder: Path, mutants: Sequence[Mutant]) -> list[TypeTests]:
    """List all type tests below a folder: sound equipment in all that any mutant plays, first, then each mutant."""
    found: list[TypeTests] = []
    for suite, bench, device in dict.fromkeys(map(_place, mutants)):
        on_it = [mutant for mutant in mutants if _place(mutant) == (suite, bench, device)]
        scenarios = tuple(dict.fromkeys(name for mutant in on_it for name in mutant.scenarios))
        found.append(TypeTests(suite, bench, device, folder / f"clean-{suite}-{bench.stem}-{device}", scenarios))
    for number, mutant in enumerate(mutants, start=1):
        place = folder / f"m{number:03d}-{mutant.fault.kind}"
        found.append(TypeTests(mutant.suite, mutant.bench, mutant.device, place, mutant.scenarios, mutant))
    return found


def _place(mutant: Mutant) -> tuple[str, Path, str]:
    return mutant.suite, mutant.bench, mutant.device


def play_type_tests(asked: TypeTests) -> MatrixLine:
    """Carry type tests out and judge them; their directory stays."""
    begun_s = time.perf_counter()
    outcome = _outcome(asked)
    return line_of_type_tests(asked, outcome, time.perf_counter() - begun_s)


def _outcome(asked: TypeTests) -> Outcome:
    faults = () if asked.mutant is None else (asked.mutant.fault.text,)
    request = CertifyRequest(asked.bench, asked.device, asked.suite, asked.folder, SEED, faults, asked.scenarios)
    return outcome_of(lambda: certify(request, Console(file=StringIO())), lambda: _judged(asked))


def _judged(asked: TypeTests) -> Outcome:
    recorded = RunDirectory.open(asked.folder).run
    return judge_sound(recorded) if asked.mutant is None else judge_mutant(asked.mutant, recorded)


def line_of_type_tests(asked: TypeTests, outcome: Outcome, taken_s: float) -> MatrixLine:
    """Return what the matrix says of type tests."""
    mutant, played = asked.mutant, f"{asked.suite}: {len(asked.scenarios)} type tests"
    told = partial(told_line, outcome, asked.folder, taken_s, played, asked.bench, SEED)
    if mutant is None:
        return told()
    expected = Verdict.FAIL if mutant.clauses else Verdict.PASS
    area = f"{asked.suite} type tests"
    return told(area, mutant.fault.text, expected, caught_at=mutant.clauses, why=mutant.why)
