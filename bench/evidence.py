"""What a scenario leaves behind: messages, rows, wire exchanges and measurements, each citable by its number."""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.bus import Message
from bench.clock import Clock
from bench.measurement import Measurement
from instruments.wire import WireExchange, WireObserver
from reports.run_directory import RunWriter
from reports.verdict import RowState, Verdict


@dataclass(frozen=True)
class RowRecord:
    """A state that a row, or one instance of it, reached."""

    row: str
    occurrence: str
    instance: str
    state: RowState
    reason: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class CitedExchange:
    """An exchange with the number under which the wire log keeps it."""

    seq: int
    time_s: float
    endpoint: str
    exchange: WireExchange

    def __str__(self) -> str:
        ending = f" failed: {self.exchange.error}" if self.exchange.error else ""
        shown = ", ".join(str(value) for value in self.exchange.values[:6])
        dots = ", ..." if len(self.exchange.values) > len(self.exchange.values[:6]) else ""
        return (
            f"wire:{self.seq} at {self.time_s:.1f} s {self.endpoint} {self.exchange.operation} "
            f"{self.exchange.address} [{shown}{dots}]{ending}"
        )


class Evidence:
    """Records one scenario into the run directory; numbers run on over the scenarios of a run."""

    def __init__(self, writer: RunWriter, clock: Clock, scenario: str) -> None:
        self._writer = writer
        self._clock = clock
        self._scenario = scenario
        self._cited: list[list[str]] = []
        self._endpoints: dict[int, str] = {}
        self._written: set[int] = set()
        self._recent: dict[str, deque[CitedExchange]] = {}

    def observer(self, endpoint: str) -> WireObserver:
        """Return what a transport calls for each exchange with the device or instrument `endpoint`."""
        recent = self._recent.setdefault(endpoint, deque(maxlen=8))

        def observe(exchange: WireExchange) -> None:
            seq = self._append_exchange(endpoint, exchange)
            recent.append(CitedExchange(seq, self._clock.now_s, endpoint, exchange))
            for citations in self._cited:
                citations.append(f"wire:{seq}")

        return observe

    @contextmanager
    def citing(self) -> Iterator[list[str]]:
        """Collect citations of all exchanges made inside the block."""
        citations: list[str] = []
        self._cited.append(citations)
        try:
            yield citations
        finally:
            self._cited.remove(citations)

    def endpoint_of(self, citation: str) -> str | None:
        """Return the device that a citation `wire:N` of this scenario was exchanged with; None if there is none."""
        kind, _, number = citation.partition(":")
        return self._endpoints.get(int(number)) if kind == "wire" and number.isdigit() else None

    def was_written(self, citation: str) -> bool:
        """Whether a citation `wire:N` of this scenario is of a write that was not refused."""
        kind, _, number = citation.partition(":")
        return kind == "wire" and number.isdigit() and int(number) in self._written

    def last_exchanges(self, endpoint: str, count: int = 3) -> list[CitedExchange]:
        """Return the last exchanges with a device, oldest first."""
        return list(self._recent.get(endpoint, ()))[-count:]

    def message(self, message: Message, sent_s: float, time_s: float) -> int:
        """Record a delivered message and return its number."""
        return self._writer.append(
            "trace",
            {
                "time_s": round(time_s, 6),
                "sent_s": round(sent_s, 6),
                "scenario": self._scenario,
                "producer": message.producer.value,
                "receiver": message.receiver.value,
                "information": message.information.value,
                "priority": int(message.priority),
                "correlation": message.correlation,
                "payload": message.payload.model_dump(mode="json"),
                "evidence": list(message.evidence),
            },
        )

    def row(self, record: RowRecord) -> int:
        """Record a row state and return its number."""
        return self._writer.append(
            "rows",
            {
                "time_s": round(self._clock.now_s, 6),
                "scenario": self._scenario,
                "row": record.row,
                "occurrence": record.occurrence,
                "instance": record.instance,
                "state": record.state.value,
                "reason": record.reason,
                "evidence": list(record.evidence),
            },
        )

    def measurement(self, measurement: Measurement) -> int:
        """Record a measurement and return its number."""
        fields = {
            "time_s": round(measurement.time_s, 6),
            "scenario": self._scenario,
            "quantity": measurement.quantity,
            "value": measurement.value if measurement.is_measured else None,
            "unit": measurement.unit,
            "uncertainty": measurement.uncertainty,
            "lower": measurement.limits.lower,
            "upper": measurement.limits.upper,
            "source": measurement.source,
            "verdict": measurement.verdict.value,
            "row": measurement.row,
            "clause": measurement.clause,
            "outside": None if measurement.outside is Verdict.FAIL else measurement.outside.value,
        }
        return self._writer.append("measurements", fields)

    def judgement(self, line: Mapping[str, Any]) -> int:
        """Record a moment at which the matcher looked, with what it was told, and return its number."""
        return self._writer.append("judgement", {**line, "scenario": self._scenario})

    def _append_exchange(self, endpoint: str, exchange: WireExchange) -> int:
        seq = self._writer.append(
            "wire",
            {
                "time_s": round(self._clock.now_s, 6),
                "scenario": self._scenario,
                "endpoint": endpoint,
                "protocol": exchange.protocol,
                "operation": exchange.operation,
                "address": exchange.address,
                "values": list(exchange.values),
                "error": exchange.error,
            },
        )
        self._endpoints[seq] = endpoint
        if exchange.operation == "write" and not exchange.error:
            self._written.add(seq)
        return seq
