"""What went otherwise than planned and was dealt with: it stands in the payloads of the trace, by the names below."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reports.run_directory import TraceLine, WireLine

BY_KEY: Mapping[str, str] = {
    "silent": "meters that did not answer",
    "late": "meters that answered late",
    "failing": "meters that have not answered several times in a row",
    "suspect": "reads that do not stand",
    "estimated": "estimated, for want of readings that stand",
    "unknown": "nothing to estimate from",
    "unverified": "not verified: readings contradict the energy registers",
    "edited": "single readings that were replaced",
    "refused": "could not be used",
    "left_out": "resources that were left out",
    "short": "resources that fell short of their request",
}
"""Keys of payloads that, where they hold anything, say that something had to be handled."""
BY_ENDING: Mapping[str, str] = {
    "Refused": "attempts that were refused",
    "Undeliverable": "calls that could not be delivered",
}
"""Ends of information objects that by themselves say so; the payload names whom it concerns."""
WHOM = ("customers", "customer", "meters", "meter", "device")
NAMED, CITED = 6, 4
"""Names and citations that are listed before they are only counted."""


@dataclass
class Handled:
    """One kind of irregularity in a scenario: whom it concerned, where it was said, when and how often."""

    what: str
    names: dict[str, None] = field(default_factory=dict)
    amount: float = 0.0
    said_in: dict[str, int] = field(default_factory=dict)
    times_s: list[float] = field(default_factory=list)
    citations: list[str] = field(default_factory=list)

    @property
    def whom(self) -> str:
        """Names, the first of many, and the count that a payload gives instead."""
        listed = list(self.names)
        more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
        count = f"{self.amount:g}" if self.amount else ""
        return "; ".join(filter(None, (", ".join(listed[:NAMED]) + more, count)))

    @property
    def span_s(self) -> tuple[float, float]:
        """When it was first and last said."""
        return min(self.times_s), max(self.times_s)


def handled(trace: Iterable[TraceLine], wire: Iterable[WireLine]) -> list[Handled]:
    """Find what was handled in the messages of a scenario, and the exchanges on the wire that failed."""
    found: dict[str, Handled] = {}
    for line in trace:
        for what, content in _irregular(line):
            _take(found.setdefault(what, Handled(what)), content, f"{line.producer}: {line.information}", line)
    for exchange in wire:
        if exchange.error:
            failed = found.setdefault("exchanges on the wire that failed", Handled("exchanges on the wire that failed"))
            _take(failed, [exchange.endpoint], exchange.error, exchange)
    return list(found.values())


def _irregular(line: TraceLine) -> Iterator[tuple[str, Any]]:
    payload = line.payload if isinstance(line.payload, Mapping) else {}
    for key, what in BY_KEY.items():
        if payload.get(key):
            yield what, payload[key]
    yield from ((f"intervals without {key}", holes) for key, values in payload.items() if (holes := _holes(values)))
    for ending, what in BY_ENDING.items():
        if line.information.endswith(ending):
            yield what, next((payload[key] for key in WHOM if payload.get(key)), 1)


def _take(entry: Handled, content: Any, said_in: str, line: TraceLine | WireLine) -> None:
    if isinstance(content, bool | int | float):
        entry.amount = max(entry.amount, float(content))
    else:
        entry.names.update(dict.fromkeys(_names(content)))
    entry.said_in[said_in] = entry.said_in.get(said_in, 0) + 1
    entry.times_s.append(line.time_s)
    entry.citations.append(f"{'wire' if isinstance(line, WireLine) else 'trace'}:{line.seq}")


def _holes(values: Any) -> list[str]:
    """Number the gaps of a series, from 1; what holds no number at all is no series."""
    if not isinstance(values, list) or not any(isinstance(value, int | float) for value in values):
        return []
    return [f"number {number}" for number, value in enumerate(values, start=1) if value is None]


def _names(content: Any) -> list[str]:
    """Name what a payload lists: reasons by name, records by the first field that says whom, texts as they are."""
    if isinstance(content, Mapping):
        whom = [str(content[key]) for key in WHOM if content.get(key)][:1]
        return whom or [f"{name} ({reason})" for name, reason in content.items()]
    if isinstance(content, list):
        return [name for item in content for name in (_names(item) if isinstance(item, Mapping) else [str(item)])]
    return [str(content)]
