"""What the links of a scenario did to its messages: counted by link, and told one by one where it went wrong."""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from bench.links import Passage
from bench.messages.equipment import Payload
from bench.messages.names import Information, Party
from bench.reception import DUPLICATE

TOLD = 100
"""Incidents that are told one by one before they are only counted."""
KEPT = 200
"""Messages that never arrived which are remembered, for whoever misses them."""
LATELY_S = 180.0
"""How long ago a device was out of reach for that to explain what is missing, s."""
NAMED = 3
"""Devices that are named before the others are left out."""


class Letter(Protocol):
    """What of a message says what it is."""

    @property
    def producer(self) -> Party:
        """Who sent it."""
        ...

    @property
    def receiver(self) -> Party:
        """For whom it is."""
        ...

    @property
    def information(self) -> Information:
        """What it is about."""
        ...

    @property
    def payload(self) -> Payload:
        """What it says."""
        ...


@dataclass
class LinkTally:
    """What one link did: messages delivered, frames lost and sent again, messages given up, and so on."""

    delivered: int = 0
    frames_lost: int = 0
    sent_again: int = 0
    given_up: int = 0
    held_back: int = 0
    overtaken: int = 0
    """Messages that arrived after one that had been sent later, to the same receiver."""
    duplicates_dropped: int = 0
    stale_dropped: int = 0
    exchanges_lost: int = 0
    """Exchanges with devices behind the link that did not get through, each try counted."""


@dataclass(frozen=True)
class Incident:
    """One message that a link did something to; `trace` cites it where it was delivered."""

    time_s: float
    link: str
    what: str
    producer: str
    receiver: str
    information: str
    trace: str = ""


@dataclass
class LinkLog:
    """Follows every message from its sender to its receiver."""

    tallies: dict[str, LinkTally] = field(default_factory=dict)
    incidents: list[Incident] = field(default_factory=list)
    _left_out: int = 0
    _under_way: dict[int, tuple[Letter, Passage]] = field(default_factory=dict)
    _undelivered: deque[tuple[Letter, Passage]] = field(default_factory=lambda: deque(maxlen=KEPT))
    _latest: dict[tuple[str, Party], int] = field(default_factory=dict)
    _cut_off: dict[str, tuple[str, float]] = field(default_factory=dict)
    _askers: dict[str, frozenset[Party]] = field(default_factory=dict)

    def begin(self, letter: Letter, passage: Passage) -> None:
        """Take a message that has been sent."""
        self._under_way[passage.number] = (letter, passage)

    def give_up(self, letter: Letter, passage: Passage, time_s: float) -> None:
        """Take that a message will not arrive."""
        del self._under_way[passage.number]
        self._undelivered.append((letter, passage))
        tally = self._of(passage)
        tally.given_up += 1
        self._count_frames(tally, passage)
        self._tell(letter, passage, f"{passage.words} and has given it up", time_s)

    def refuse(self, letter: Letter, passage: Passage, why: str, time_s: float) -> None:
        """Take that a receiver did not take a message that arrived, `why` being what its reception says."""
        tally = self._of(passage)
        if why == DUPLICATE:
            tally.duplicates_dropped += 1
        else:
            tally.stale_dropped += 1
            self._count_arrival(tally, letter, passage)
        self._under_way.pop(passage.number, None)
        self._tell(letter, passage, f"the {passage.link} has brought {why}, which its receiver drops", time_s)

    def deliver(self, letter: Letter, passage: Passage, citation: str, time_s: float) -> None:
        """Take that a message was delivered; `citation` is its place in the trace."""
        tally = self._of(passage)
        tally.delivered += 1
        self._count_arrival(tally, letter, passage)
        del self._under_way[passage.number]
        if passage.words:
            self._tell(letter, passage, passage.words, time_s, citation)

    def lose_exchange(
        self, link: str, device: str, lost: int, is_given_up: bool, time_s: float, askers: frozenset[Party]
    ) -> None:
        """Take that tries to reach a device behind a link were lost, in the end all of them; `askers` go over it."""
        self.tallies.setdefault(link, LinkTally()).exchanges_lost += lost
        self._askers[link] = askers
        if is_given_up:
            self._cut_off[device] = (link, time_s)

    def cut_off(self, text: str, time_s: float) -> str:
        """Say which of the devices that a text names a link has lately let nothing through to; empty for none."""
        lately = self._lately_cut_off(time_s)
        named = [device for device in lately if re.search(rf"\b{re.escape(device)}\b", text)]
        return "; ".join(lately[device] for device in named[:NAMED])

    def cut_off_from(self, party: str, time_s: float) -> str:
        """Say what a party that goes over a link has lately not got through to; empty for nothing."""
        lately = self._lately_cut_off(time_s)
        own = [d for d in lately if party in self._askers[self._cut_off[d][0]]]
        return "; ".join(lately[device] for device in own[:NAMED])

    def _lately_cut_off(self, time_s: float) -> dict[str, str]:
        return {
            device: f"the {link} let nothing through to {device} at {since_s:.1f} s"
            for device, (link, since_s) in self._cut_off.items()
            if time_s - since_s <= LATELY_S
        }

    def missing(self) -> Iterator[tuple[Letter, str]]:
        """Yield the messages that have not arrived though sent, with what their link has done to them, latest first."""
        for letter, passage in (*reversed(self._under_way.values()), *reversed(self._undelivered)):
            if passage.present_words:
                yield letter, passage.present_words

    def entry(self) -> Mapping[str, Any]:
        """Return what run.json holds of it; frames of messages that are still under way count as well."""
        tallies = {name: replace(tally) for name, tally in self.tallies.items()}
        for _, passage in self._under_way.values():
            self._count_frames(tallies.setdefault(passage.link, LinkTally()), passage)
        return {
            "links": {name: asdict(tally) for name, tally in sorted(tallies.items())},
            "incidents": [asdict(incident) for incident in self.incidents],
            "incidents_left_out": self._left_out,
        }

    def _of(self, passage: Passage) -> LinkTally:
        return self.tallies.setdefault(passage.link, LinkTally())

    def _count_arrival(self, tally: LinkTally, letter: Letter, passage: Passage) -> None:
        self._count_frames(tally, passage)
        tally.held_back += passage.held_s > 0.0
        way = (passage.link, letter.receiver)
        newest = self._latest.get(way, 0)
        tally.overtaken += passage.number < newest
        self._latest[way] = max(newest, passage.number)

    def _count_frames(self, tally: LinkTally, passage: Passage) -> None:
        tally.frames_lost += passage.lost
        tally.sent_again += passage.lost - passage.is_given_up

    def _tell(self, letter: Letter, passage: Passage, what: str, time_s: float, citation: str = "") -> None:
        if len(self.incidents) >= TOLD:
            self._left_out += 1
            return
        ends = (letter.producer.value, letter.receiver.value, letter.information.value)
        self.incidents.append(Incident(round(time_s, 6), passage.link, what, *ends, citation))
