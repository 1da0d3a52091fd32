"""`bench faults`: what can be made defective on demand, and which rows or clauses have to catch it."""

from collections.abc import Sequence

from bench.fault_cases import FaultCase, caught_at, load_cases, told_by
from bench.faults import KINDS
from instruments.emulators.faults import FaultKind

_HEADINGS = ("KIND", "VALUE", "ROWS OR CLAUSE", "ROLES", "WHAT IT DOES")
_NOTHING = "-"


def listing() -> str:
    """List every kind of fault, aligned, one a line; raises ConfigError for cases that cannot be read."""
    cases = load_cases()
    table = [_HEADINGS, *(_cells(kind, cases) for kind in KINDS)]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEADINGS))]
    lines = [_aligned(line, widths) for line in table]
    return "\n".join([*lines, "", *_LEGEND])


_LEGEND = (
    "VALUE: what KIND=VALUE takes when no value is given; none: the kind takes no value.",
    "ROWS OR CLAUSE: where runs failed in the cases of fixtures/faults; -: no case of this kind.",
    "tolerated: runs pass with it, and their record tells of it under these names.",
)


def _cells(kind: FaultKind, cases: Sequence[FaultCase]) -> tuple[str, ...]:
    value = f"{kind.default:g}" if kind.default is not None else "none"
    caught = ", ".join(caught_at(kind.name, cases))
    tolerated = f"tolerated: {', '.join(told)}" if (told := told_by(kind.name, cases)) else ""
    places = "; ".join(filter(None, (caught, tolerated))) or _NOTHING
    return kind.name, value, places, ", ".join(sorted(kind.roles)), kind.description


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(cells, widths, strict=True)).rstrip()
