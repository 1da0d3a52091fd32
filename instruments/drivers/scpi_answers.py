"""What the SCPI drivers share: taking answers apart, with errors that say what came back."""

import math
import re

from instruments.errors import InstrumentError
from instruments.readings import Identity
from instruments.transports.visa import VisaLink

INFINITE, NOT_A_NUMBER = 9.9e37, 9.91e37
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?|[+-]?(NAN|INF(INITY)?)", re.IGNORECASE | re.ASCII)
"""What `float` takes besides, such as 1_000, no instrument means."""
_COUNTS = {3: "three", 4: "four"}


def read_identity(link: VisaLink) -> Identity:
    """Ask `*IDN?`: manufacturer, model, serial number, version (IEEE 488.2, 10.14), or as its habits order them.

    Raises InstrumentError.
    """
    answer = link.query("*IDN?")
    names = link.habits.identity
    fields = [field.strip() for field in answer.split(",", len(names) - 1)]
    if len(fields) != len(names):
        raise InstrumentError(f"{link.resource} answers {answer!r} to *IDN?, not {_COUNTS[len(names)]} fields")
    return Identity(**({"manufacturer": "", "model": ""} | dict(zip(names, fields, strict=True))))


def split_answers(link: VisaLink, answer: str, counts: tuple[int, ...]) -> list[tuple[float, ...]]:
    """Read the answers to several queries of one message; `counts` says how many numbers each has.

    Raises InstrumentError when another number of answers or of values came, or one of them is not a finite number.
    """
    found = [read_numbers(link, part) for part in answer.split(";")]
    if tuple(len(values) for values in found) != counts:
        raise InstrumentError(f"{link.resource} answers {answer!r}; expected {counts} values")
    if not all(math.isfinite(value) for values in found for value in values):
        raise InstrumentError(f"{link.resource} answers {answer!r}: not a value for everything asked")
    return found


def read_numbers(link: VisaLink, answer: str) -> tuple[float, ...]:
    """Read a list of numbers, in which NAN and INF may stand for no value; raises InstrumentError."""
    words = answer.split(",")
    if not all(_NUMBER.fullmatch(word.strip()) for word in words):
        raise InstrumentError(f"{link.resource} answers {answer!r}, which is not numbers throughout")
    return tuple(_value(float(word)) for word in words)


def _value(number: float) -> float:
    """Take for no value what SCPI writes for none: 9.91E37, and for infinity 9.9E37 (SCPI-99 7.2.1.4, 7.2.1.5)."""
    if math.isnan(number) or abs(number) < INFINITE:
        return number
    return math.nan if number == NOT_A_NUMBER else math.copysign(math.inf, number)
