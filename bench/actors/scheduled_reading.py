"""The head-end's schedule: meters spread over the interval, missing ones asked again, all of it told to the MDMS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.actors.base import Actor, Handler
from bench.actors.meter_health import CommunicationHealth
from bench.actors.meter_reading import RETRIES, RETRY_AFTER_S, Citing, ReadingSettings, read_registers
from bench.bus import Delivery, Priority
from bench.clock import Process
from bench.messages.customers import MeterRegisters
from bench.messages.names import Information, Party
from bench.messages.readings import CollectedReads, ScheduledRead
from instruments.errors import InstrumentError, TransportError
from instruments.roles import Meter

GRACE_S = 30.0
"""How long after the end of an interval its reads may still be on their way, s."""


def slots_s(meters: Sequence[str], interval_s: float, spacing_s: float = 0.0) -> list[tuple[float, str]]:
    """Give each meter a moment, s from the beginning of an interval: the last at its end, evenly spread.

    So the link has to carry one read at a time, however many meters there are. With a `spacing_s`, meters share
    moments that are so far apart or farther: as few reads at a time as that allows.
    """
    moments = min(len(meters), max(1, int(interval_s / spacing_s))) if spacing_s > 0.0 else len(meters)
    shares = [-(-number * moments // len(meters)) / moments for number in range(1, len(meters) + 1)]
    return [(interval_s * share, name) for share, name in zip(shares, meters, strict=True)]


@dataclass
class Round:
    """One interval: the reads that have come in, those of them that were late, and what cites them."""

    reads: dict[str, MeterRegisters] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    citations: list[str] = field(default_factory=list)


class ScheduledReading:
    """Follows the schedule that the meters' radios keep."""

    def __init__(
        self,
        head_end: Actor,
        meters: Mapping[str, Meter],
        citing: Citing,
        settings: ReadingSettings,
        health: CommunicationHealth,
    ) -> None:
        """Take as `settings.interval_s` that of the schedule."""
        self._head_end, self._meters, self._citing = head_end, meters, citing
        self._settings, self._health = settings, health
        self._rounds: dict[int, Round] = {}
        self._overdue: list[MeterRegisters] = []

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand the reads that radios send by schedule."""
        return {Information.SCHEDULED_READ: self._take}

    def keep(self) -> Process:
        """Open interval after interval, and close each when its reads must have come."""
        clock, number = self._head_end.clock, 0
        while True:
            number += 1
            self._rounds[number] = Round()
            yield clock.timeout(self._settings.interval_s)
            clock.start(self._close(number))

    def take_late(self, registers: MeterRegisters) -> None:
        """Keep an answer that came too late for whoever wanted it: it is told with the next interval."""
        self._overdue.append(registers)

    def _take(self, delivery: Delivery) -> None:
        read = delivery.message.payload
        if not isinstance(read, ScheduledRead):
            return
        meter = read.registers.meter
        if read.interval in self._rounds:
            self._health.take(meter, answered=True)
            self._rounds[read.interval].reads[meter] = read.registers
            self._rounds[read.interval].citations.append(delivery.citation)
        else:
            self.take_late(read.registers)

    def _close(self, number: int) -> Process:
        """Wait for what is on its way, ask for what is missing, tell the MDMS."""
        end_s = self._head_end.clock.now_s
        yield self._head_end.clock.timeout(GRACE_S)
        found = self._rounds[number]
        missing = [name for name in self._meters if name not in found.reads]
        for name in missing:
            self._health.take(name, answered=False)
        for _ in range(RETRIES):
            if not missing:
                break
            yield self._head_end.clock.timeout(RETRY_AFTER_S + self._settings.air_time_s * len(missing))
            missing = [name for name in missing if not self._ask_again(name, found)]
        self._tell(number, end_s)

    def _ask_again(self, name: str, found: Round) -> bool:
        """Read a meter once more, unless its read has come meanwhile; False when it is silent."""
        if name in found.reads:
            return True
        with self._citing() as citations:
            try:
                found.reads[name] = read_registers(name, self._meters[name], self._head_end.clock.now_s)
            except (TransportError, InstrumentError):
                self._health.take(name, answered=False)
                return False
        self._health.take(name, answered=True)
        found.late.append(name)
        found.citations += citations
        return True

    def _tell(self, number: int, end_s: float) -> None:
        found = self._rounds.pop(number)
        overdue, self._overdue = self._overdue, []
        payload = CollectedReads(
            interval=number,
            end_s=end_s,
            registers=(*(found.reads[name] for name in self._meters if name in found.reads), *overdue),
            late=(*found.late, *(registers.meter for registers in overdue)),
            silent=tuple(name for name in self._meters if name not in found.reads),
            reached_pu=self._health.reached_pu,
            failing=self._health.failing,
        )
        correlation, cited = f"scheduled-{number}", tuple(found.citations)
        self._head_end.send(Party.MDMS, Information.COLLECTED_READS, payload, correlation, cited, Priority.SCHEDULED)
