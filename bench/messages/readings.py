"""Typed payloads of scheduled meter reads: from radio to head-end, from head-end to meter data, and what becomes of it.

Intervals of the schedule are counted from 1; times are seconds of the scenario.
"""

from bench.messages.customers import MeterRegisters
from bench.messages.equipment import Payload


class ScheduledRead(Payload):
    """A meter's registers at its own moment of an interval."""

    interval: int
    registers: MeterRegisters


class CollectedReads(Payload):
    """What the head-end has of an interval.

    `late` meters answered only when they were asked again, or after their interval had been told already; `silent` ones
    did not answer at all. `reached_pu`: the share of attempts that a meter answered, where it is not all of them;
    `failing` meters have not answered several times in a row.
    """

    interval: int
    end_s: float
    registers: tuple[MeterRegisters, ...]
    late: tuple[str, ...]
    silent: tuple[str, ...]
    reached_pu: dict[str, float]
    failing: tuple[str, ...]


class ValidatedReads(Payload):
    """What validation made of an interval: how many reads stand, and what is wrong with the others, by meter.

    `estimated` meters got an estimate in the place of a read that is missing or does not stand; of `unknown` ones there
    is nothing to estimate from.
    """

    interval: int
    valid: int
    suspect: dict[str, str]
    estimated: tuple[str, ...]
    unknown: tuple[str, ...]
