"""Speaks of phases in a dialect: which statements a driver sends for each phase, and whose answers come back."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from instruments.dialects.language import Statement
from instruments.drivers.scpi_answers import read_numbers
from instruments.errors import InstrumentError
from instruments.transports.scpi_acknowledgement import split_units
from instruments.transports.visa import VisaLink

SWITCH = "switch"
"""The quantity whose answers say on or off; they are given as 1 and 0."""
_SWITCHES = {"1": 1.0, "ON": 1.0, "0": 0.0, "OFF": 0.0}


@dataclass(frozen=True)
class Setting:
    """A statement of a dialect with what fills its blank in, by phase."""

    statement: Statement
    blank: str
    values: Mapping[int, float]


@dataclass(frozen=True)
class Query:
    """A query of a dialect for a quantity; `per_phase`: it gives a number for each phase, and not one for all.

    Where each phase is asked by itself, only those of `phases` are, and all without it.
    """

    key: str
    statement: Statement
    per_phase: bool = True
    phases: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Inquiry:
    """A message of several queries, and for each answer which quantity it belongs to and how many numbers it has."""

    message: str
    answers: tuple[tuple[str, int], ...]


class PhaseSpeaker:
    """Puts messages together for an instrument whose phases are meant by a suffix, or by selecting one before."""

    def __init__(self, phases: int, select: Statement | None) -> None:
        self._phases = phases
        self._select = select

    def each(self, *said: Setting) -> Iterator[str]:
        """Yield, phase by phase, what sets it, with its selection before what does not name it by itself."""
        for phase in range(1, self._phases + 1):
            found = [setting for setting in said if phase in setting.values]
            yield from self._selection(phase, [setting.statement for setting in found])
            for setting in found:
                yield setting.statement.filled(phase=phase, **{setting.blank: setting.values[phase]})

    def inquire(self, *queries: Query) -> Inquiry:
        """Put queries together into one message: what has an answer for each phase goes phase by phase."""
        asked: list[str] = []
        answers: list[tuple[str, int]] = []
        singly = [query for query in queries if query.per_phase and self._is_single(query.statement)]
        for phase in range(1, self._phases + 1):
            here = [query for query in singly if query.phases is None or phase in query.phases]
            asked += self._selection(phase, [query.statement for query in here])
            asked += [query.statement.filled(phase=phase) for query in here]
            answers += [(query.key, 1) for query in here]
        for query in (query for query in queries if query not in singly):
            asked.append(query.statement.filled())
            answers.append((query.key, self._phases if query.per_phase else 1))
        return Inquiry(";".join(asked), tuple(answers))

    def _selection(self, phase: int, statements: Iterable[Statement]) -> list[str]:
        if self._select is None or all("phase" in statement.blanks for statement in statements):
            return []
        return [self._select.filled(phase=phase)]

    def _is_single(self, statement: Statement) -> bool:
        return self._select is not None or "phase" in statement.blanks


def take_answers(link: VisaLink, inquiry: Inquiry, answer: str) -> dict[str, tuple[float, ...]]:
    """Give each quantity of an inquiry its numbers, phase by phase.

    Raises InstrumentError when another number of answers or of values came, or one of them is no number.
    """
    parts = split_units(answer)
    if len(parts) != len(inquiry.answers):
        raise InstrumentError(f"{link.resource} answers {answer!r} to {inquiry.message!r}")
    found: dict[str, tuple[float, ...]] = {}
    for part, (key, count) in zip(parts, inquiry.answers, strict=True):
        values = (_read_switch(link, part),) if key == SWITCH else read_numbers(link, part)
        if len(values) != count:
            raise InstrumentError(f"{link.resource} answers {part!r} for {key}; expected {count} values")
        found[key] = found.get(key, ()) + values
    return found


def require_finite(link: VisaLink, found: Mapping[str, Sequence[float]]) -> None:
    """Raise InstrumentError, naming the quantity, for one that is not a finite number."""
    for key, values in found.items():
        if not all(map(math.isfinite, values)):
            raise InstrumentError(f"{link.resource} answers {list(values)} for {key}: not a value for everything asked")


def _read_switch(link: VisaLink, word: str) -> float:
    if word.strip().upper() not in _SWITCHES:
        raise InstrumentError(f"{link.resource} answers {word!r} for a switch, neither on nor off")
    return _SWITCHES[word.strip().upper()]


def joined(statements: Iterable[Statement]) -> str:
    """Put statements without blanks into one message."""
    return ";".join(statement.text for statement in statements)
