"""What the links of a scenario did to its messages, as ``run.json`` tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WORDS: Mapping[str, str] = {
    "delivered": "delivered",
    "frames_lost": "frames lost",
    "sent_again": "sent again",
    "given_up": "given up",
    "held_back": "held back",
    "overtaken": "overtaken",
    "duplicates_dropped": "duplicates dropped",
    "stale_dropped": "stale ones dropped",
    "exchanges_lost": "exchanges that did not get through",
}
"""Counters of a link, with what a table calls them."""
USUAL = frozenset({"delivered", "overtaken"})
"""Counters that mean no trouble: urgent messages overtake others by design."""


@dataclass(frozen=True, slots=True)
class LinkIncident:
    """One message that a link lost, repeated, reordered or held back; ``trace`` cites it where it was delivered."""

    time_s: float
    link: str
    what: str
    producer: str = ""
    receiver: str = ""
    information: str = ""
    trace: str = ""


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """Counters by link, and the incidents one by one as far as the run tells them."""

    tallies: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    incidents: tuple[LinkIncident, ...] = ()
    left_out: int = 0

    @property
    def columns(self) -> dict[str, str]:
        """The counters that a table has to show, with headings: how much was delivered, and all that any link has."""
        shown = {key for tally in self.tallies.values() for key, count in tally.items() if count} | {"delivered"}
        return {key: words for key, words in WORDS.items() if key in shown}

    @property
    def is_quiet(self) -> bool:
        """Whether no link did anything but deliver."""
        counts = (count for tally in self.tallies.values() for key, count in tally.items() if key not in USUAL)
        return not any(counts)


def link_record(entry: Mapping[str, Any]) -> LinkRecord:
    """Read a scenario's ``links``.

    :raises KeyError, TypeError, ValueError: a part is not what the schema says
    """
    return LinkRecord(
        {str(name): {str(k): int(v) for k, v in tally.items()} for name, tally in entry.get("links", {}).items()},
        tuple(_incident(incident) for incident in entry.get("incidents", ())),
        int(entry.get("incidents_left_out", 0)),
    )


def _incident(entry: Mapping[str, Any]) -> LinkIncident:
    told = {key: str(entry.get(key) or "") for key in ("producer", "receiver", "information", "trace")}
    return LinkIncident(float(entry["time_s"]), str(entry["link"]), str(entry["what"]), **told)
