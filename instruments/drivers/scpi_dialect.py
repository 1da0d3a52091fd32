"""Speaks of phases in a dialect: which statements a driver sends for each phase, and whose answers come back."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from instruments.dialects.language import Statement
from instruments.drivers.scpi_answers import read_numbers
from instruments.errors import InstrumentError
from instruments.transports.scpi_acknowledgement import split_units
from instruments.transports.visa import VisaLink

_SWITCH = {"1": True, "ON": True, "0": False, "OFF": False}


@dataclass(frozen=True)
class Query:
    """A query of a dialect; `per_phase`: it gives a number for each phase, and not one for all."""

    statement: Statement
    per_phase: bool = True


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

    def each(self, *spoken: Mapping[int, str]) -> Iterator[str]:
        """Yield, phase by phase, what is said of each: statements by phase, with its selection before them."""
        for phase in range(1, self._phases + 1):
            found = [by_phase[phase] for by_phase in spoken if phase in by_phase]
            if found and self._select is not None:
                yield self._select.filled(phase=phase)
            yield from found

    def inquire(self, queries: Mapping[str, Query]) -> Inquiry:
        """Put queries together into one message: what has an answer for each phase goes phase by phase."""
        asked: list[str] = []
        answers: list[tuple[str, int]] = []
        singly = {key: query for key, query in queries.items() if query.per_phase and self._is_single(query.statement)}
        for phase in range(1, self._phases + 1) if singly else ():
            asked += [self._select.filled(phase=phase)] if self._select is not None else []
            asked += [query.statement.filled(phase=phase) for query in singly.values()]
            answers += [(key, 1) for key in singly]
        for key, query in queries.items():
            if key not in singly:
                asked.append(query.statement.filled())
                answers.append((key, self._phases if query.per_phase else 1))
        return Inquiry(";".join(asked), tuple(answers))

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
        values = read_numbers(link, part)
        if len(values) != count:
            raise InstrumentError(f"{link.resource} answers {part!r} for {key}; expected {count} values")
        found[key] = found.get(key, ()) + values
    return found


def require_finite(link: VisaLink, found: Mapping[str, Sequence[float]]) -> None:
    """Raise InstrumentError, naming the quantity, for one that is not a finite number."""
    for key, values in found.items():
        if not all(map(math.isfinite, values)):
            raise InstrumentError(f"{link.resource} answers {list(values)} for {key}: not a value for everything asked")


def read_switches(link: VisaLink, answer: str, count: int) -> tuple[bool, ...]:
    """Read the answers to queries of switches; raises InstrumentError for what is neither on nor off."""
    words = [part.strip().upper() for part in split_units(answer)]
    if len(words) != count or not all(word in _SWITCH for word in words):
        raise InstrumentError(f"{link.resource} answers {answer!r} for {count} switch(es)")
    return tuple(_SWITCH[word] for word in words)
