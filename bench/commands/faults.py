"""`bench faults`: what can be made defective on demand, and which rows or clauses have to catch it."""

from collections.abc import Sequence

from bench.fault_cases import FaultCase, caught_at, load_cases, told_by
from bench.faults import KINDS
from bench.mutants import Mutant, failed_by, load_mutants, overlooked
from instruments.emulators.faults import FaultKind

_HEADINGS = ("KIND", "VALUE", "ROWS OR CLAUSE", "ROLES", "WHAT IT DOES")
_NOTHING = "-"


def listing() -> str:
    """List every kind of fault, aligned, one a line; raises ConfigError for cases or mutants that cannot be read."""
    cases, mutants = load_cases(), load_mutants()
    table = [_HEADINGS, *(_cells(kind, cases, mutants) for kind in KINDS)]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEADINGS))]
    lines = [_aligned(line, widths) for line in table]
    return "\n".join([*lines, "", *_LEGEND])


_LEGEND = (
    "VALUE: what KIND=VALUE takes when no value is given; none: the kind takes no value.",
    "ROWS OR CLAUSE: where runs failed in the cases of fixtures/faults; -: no case of this kind. Behind the name of a",
    "suite: the clauses of its type tests that fail, by fixtures/certification/mutants.csv.",
    "tolerated: runs pass with it, and their record tells of it under these names.",
    "overlooked: with some value of it, no clause of this suite fails; mutants.csv says with which, and why.",
)


def _cells(kind: FaultKind, cases: Sequence[FaultCase], mutants: Sequence[Mutant]) -> tuple[str, ...]:
    value = f"{kind.default:g}" if kind.default is not None else "none"
    caught = ", ".join([*caught_at(kind.name, cases), *failed_by(kind.name, mutants)])
    tolerated = f"tolerated: {', '.join(told)}" if (told := told_by(kind.name, cases)) else ""
    unseen = f"overlooked: {', '.join(suites)}" if (suites := overlooked(kind.name, mutants)) else ""
    places = "; ".join(filter(None, (caught, tolerated, unseen))) or _NOTHING
    return kind.name, value, places, ", ".join(sorted(kind.roles)), kind.description


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(cells, widths, strict=True)).rstrip()
