"""Records of an analyzer over SCPI `TRACe`: armed before an event, read back in parts after it."""

import math
from collections.abc import Iterator
from itertools import pairwise

from instruments.drivers.scpi_answers import read_numbers, split_answers
from instruments.errors import InstrumentError
from instruments.readings import CaptureLimits
from instruments.transports.visa import VisaLink

OPTION = "CAPTURE"
FEWEST = 2
"""Samples of a record: with one there is no time between two."""
LINES_A_QUERY = 100
"""Lines of up to 40 values in an answer, which keeps it below the longest that a link takes."""


def read_limits(link: VisaLink) -> CaptureLimits | None:
    """Ask `*OPT?` (IEEE 488.2, 10.20) and for the limits of a record; None of an instrument that has no such option."""
    try:
        answer = link.query_checked("*OPT?")
    except InstrumentError:  # one that does not know the question
        return None
    if OPTION not in [word.strip(' "').upper() for word in answer.split(",")]:
        return None
    (interval_s,), (points,) = split_answers(link, link.query_checked(":TRAC:INT? MIN;:TRAC:POIN? MAX"), (1, 1))
    if not (interval_s > 0.0 and points >= FEWEST):
        raise InstrumentError(f"{link.resource} offers records of {points:g} lines each {interval_s:g} s")
    return CaptureLimits(interval_s, int(points))


def arm(link: VisaLink, interval_s: float, points: int) -> None:
    """Begin a record; raises InstrumentError where the instrument makes another one of it."""
    link.command(":TRAC:FEED:CONT NEV;:TRAC:CLE")
    link.command(f":TRAC:INT {interval_s:.6f};:TRAC:POIN {points}")
    (taken_s,), (taken,) = split_answers(link, link.query_checked(":TRAC:INT?;:TRAC:POIN?"), (1, 1))
    if taken_s > interval_s * 1.001 + 1e-6 or taken < points:
        raise InstrumentError(
            f"{link.resource} records {taken:g} lines each {taken_s:g} s, not {points} each {interval_s:g} s"
        )
    link.command(":TRAC:FEED:CONT NEXT")


def read_lines(link: VisaLink, width: int) -> list[tuple[float, ...]]:
    """End the record and read it, each line a time stamp, s, and `width` values.

    Raises InstrumentError for a record that is empty, has lines of another width, or stamps that do not rise.
    """
    link.command(":TRAC:FEED:CONT NEV")
    ((count,),) = split_answers(link, link.query_checked(":TRAC:POIN:ACT?"), (1,))
    lines = [line for first in range(1, int(count) + 1, LINES_A_QUERY) for line in _page(link, first, count, width + 1)]
    stamps = [line[0] for line in lines]
    if not lines or not all(earlier < later for earlier, later in pairwise(stamps)):
        raise InstrumentError(f"{link.resource} recorded {len(lines)} lines whose time stamps tell no order")
    return lines


def _page(link: VisaLink, first: int, count: float, width: int) -> Iterator[tuple[float, ...]]:
    wanted = min(LINES_A_QUERY, int(count) + 1 - first)
    values = read_numbers(link, link.query_checked(f":TRAC:DATA? {first},{wanted}"))
    if len(values) != wanted * width or not all(map(math.isfinite, values[::width])):
        raise InstrumentError(f"{link.resource} answers {len(values)} values in place of {wanted} lines of {width}")
    for start in range(0, len(values), width):
        yield values[start : start + width]
