"""`bench faults`: what can be made defective on demand, and which rows or clauses have to catch it."""

from collections.abc import Sequence

from bench.faults import CAUGHT_AT, CAUGHT_BY
from instruments.emulators.faults import FAULT_KINDS, FaultKind

_HEADINGS = ("KIND", "VALUE", "ROWS OR CLAUSE", "ROLES", "WHAT IT DOES")
_NOTHING = "-"


def listing() -> str:
    """List every kind of fault, aligned, one a line."""
    table = [_HEADINGS, *map(_cells, FAULT_KINDS)]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEADINGS))]
    lines = [_aligned(line, widths) for line in table]
    return "\n".join([*lines, "", *_LEGEND])


_LEGEND = (
    "VALUE: what KIND=VALUE takes when no value is given; none: the kind takes no value.",
    "ROWS OR CLAUSE: where a run has to fail; -: no row or measurement of the features is bound to catch this kind.",
)


def _cells(kind: FaultKind) -> tuple[str, ...]:
    value = f"{kind.default:g}" if kind.default is not None else "none"
    caught = ", ".join(CAUGHT_AT.get(kind.name, ())) or CAUGHT_BY.get(kind.name, _NOTHING)
    return kind.name, value, caught, ", ".join(sorted(kind.roles)), kind.description


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(cells, widths, strict=True)).rstrip()
