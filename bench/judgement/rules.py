"""By what a scenario is judged, beside the code of the matcher and the judge: rows, their order, and their limits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

from bench.use_case.model import Row, UseCase
from bench.use_case.order import RowOrder

Names = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Rules:
    """The rows of a scenario as a feature encodes them, and what else the run fixes for its judge.

    `meters` are the credit meters of DER, which are read `read_after_s` after requests begin.
    """

    scenario: str
    rows: tuple[Row, ...]
    predecessors: Names
    rivals: Names
    absent: frozenset[str]
    repeating: frozenset[str]
    meters: Mapping[str, str]
    read_after_s: float

    @classmethod
    def of(cls, use_case: UseCase, chosen: frozenset[str], variant: str | None, absent: frozenset[str]) -> Self:
        """Take the rows `chosen` and those that are to stay away out of the use case's tables."""
        rows = tuple(row for number, row in use_case.rows.items() if number in chosen | absent)
        numbers = frozenset(row.number for row in rows)
        earlier = partial(RowOrder(use_case).predecessors, variant=variant)
        return cls(
            scenario="",
            rows=rows,
            predecessors={number: earlier(number) & numbers for number in sorted(numbers)},
            rivals={number: use_case.rivals(number) & numbers for number in sorted(numbers)},
            absent=absent,
            repeating=use_case.repeating_rows() & numbers,
            meters={},
            read_after_s=0.0,
        )

    def with_limits(self, limits_s: Mapping[str, float]) -> Self:
        """Return the same with other time limits for rows, s by number."""
        changed = (row.model_copy(update={"limit_s": limits_s.get(row.number, row.limit_s)}) for row in self.rows)
        return replace(self, rows=tuple(changed))

    def matcher(self) -> dict[str, Any]:
        """Return what a matcher takes of them, by name."""
        return {
            "rows": self.rows,
            "predecessors": lambda number: self.predecessors.get(number, frozenset()),
            "rivals": lambda number: self.rivals.get(number, frozenset()),
            "absent": self.absent,
            "repeating": self.repeating,
        }

    def entry(self) -> dict[str, Any]:
        """Return them as the judgement log keeps them."""
        return {
            "scenario": self.scenario,
            "rows": [
                row.model_dump(mode="json", by_alias=True, exclude={"number"}) | {"row": row.number}
                for row in self.rows
            ],
            "predecessors": {number: sorted(names) for number, names in self.predecessors.items() if names},
            "rivals": {number: sorted(names) for number, names in self.rivals.items() if names},
            "absent": sorted(self.absent),
            "repeating": sorted(self.repeating),
            "meters": dict(self.meters),
            "read_after_s": self.read_after_s,
        }

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Self:
        """Read them back; raises KeyError, TypeError or ValueError for what is no such entry."""
        return cls(
            scenario=str(entry["scenario"]),
            rows=tuple(Row.model_validate(row) for row in entry["rows"]),
            predecessors=_names(entry["predecessors"]),
            rivals=_names(entry["rivals"]),
            absent=frozenset(entry["absent"]),
            repeating=frozenset(entry["repeating"]),
            meters=dict(entry["meters"]),
            read_after_s=float(entry["read_after_s"]),
        )


def _names(entry: Mapping[str, Any]) -> Names:
    return {str(number): frozenset(map(str, names)) for number, names in entry.items()}


def _row(row: Row) -> dict[str, Any]:
    """Return a row in the columns of its table, which are those that it is read from."""
    return row.model_dump(mode="json", exclude={"number"}) | {"row": row.number}
