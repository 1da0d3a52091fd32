"""The sequence diagram: who sent what to whom, in the order in which it came, laid out for the template.

Messages that differ only by their instance (62 meters raising the same alert) are one arrow with a count; what a row
carries many times over (a request every hour of a night) is drawn the first time and the last. A row that should
have been met and was not is drawn where it was due.
"""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.rows import RowGroup
from reports.run_directory import TraceLine
from reports.verdict import RowState

SPACING = 98
FIRST_X = 136
FIRST_Y = 84
ROW_HEIGHT = 33
HEADER_COLUMNS = 14
MOST_ARROWS = 160
SAME_BURST_S = 60.0
_CHARACTER_WIDTH = 6.0
_BESIDE = 9


@dataclass(frozen=True, slots=True)
class Lifeline:
    """A participant with its wrapped name at its place."""

    x: int
    words: list[str]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A message, or several alike, at its place; `start_x` equals `end_x` for what a participant does by itself."""

    y: int
    start_x: int
    end_x: int
    label: str
    label_x: float
    when: str
    style: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """Everything that the template draws; lengths in SVG user units."""

    width: int
    height: int
    lifelines: list[Lifeline]
    arrows: list[Arrow]
    left_out: int


@dataclass(slots=True)
class _Burst:
    """Messages alike, close to each other in time."""

    producer: str
    receiver: str
    information: str
    row: str
    style: str
    first_s: float
    last_s: float
    count: int = 1
    occurrence: str = ""

    def take(self, time_s: float, count: int = 1) -> None:
        """Take later ones alike."""
        self.count += count
        self.last_s = time_s

    @property
    def label(self) -> str:
        times = f" ×{self.count}" if self.count > 1 else ""
        return " ".join(filter(None, (self.row, self.information))) + times

    @property
    def when(self) -> str:
        first, last = f"{self.first_s:.1f}", f"{self.last_s:.1f}"
        return f"{first} s" if first == last else f"{first} – {last} s"


def diagram(trace: Iterable[TraceLine], groups: Sequence[RowGroup]) -> Diagram | None:
    """Lay out the diagram of one scenario; None when nothing was sent and nothing was missed."""
    bursts = _bursts(trace, groups) + _missing(groups)
    if not bursts:
        return None
    shown = sorted(_most_telling(bursts), key=lambda burst: burst.first_s)
    places = _places(shown)
    width = FIRST_X + SPACING * (len(places) - 1) + 56
    return Diagram(
        width=width,
        height=FIRST_Y + ROW_HEIGHT * len(shown) + 14,
        lifelines=[Lifeline(x, textwrap.wrap(name, HEADER_COLUMNS) or ["?"]) for name, x in places.items()],
        arrows=[_arrow(burst, number, places, width) for number, burst in enumerate(shown, start=1)],
        left_out=len(bursts) - len(shown),
    )


def _most_telling(bursts: list[_Burst]) -> list[_Burst]:
    """All of them, or, where they are too many for a page, those of rows before the others."""
    if len(bursts) <= MOST_ARROWS:
        return bursts
    return sorted(bursts, key=lambda burst: (burst.row == "", burst.first_s))[:MOST_ARROWS]


def _bursts(trace: Iterable[TraceLine], groups: Sequence[RowGroup]) -> list[_Burst]:
    cited = {cited: group for group in groups for item in group.items for cited in item.evidence}
    bursts: list[_Burst] = []
    latest: dict[tuple[str, str, str, str], _Burst] = {}
    for line in trace:
        group = cited.get(f"trace:{line.seq}")
        key = (line.producer, line.receiver, line.information, group.name if group else "")
        burst = latest.get(key)
        if burst is not None and line.time_s - burst.last_s <= SAME_BURST_S:
            burst.take(line.time_s)
        else:
            producer, receiver, information, _ = key
            row, occurrence = (group.row, group.occurrence) if group else ("", "")
            style = _style(group)
            burst = _Burst(producer, receiver, information, row, style, line.time_s, line.time_s, occurrence=occurrence)
            latest[key] = burst
            bursts.append(burst)
    return _folded(bursts)


def _folded(bursts: Iterable[_Burst]) -> list[_Burst]:
    """Fold what comes again and again (a request or a read every hour of the night): the first time, and the last."""
    by_key: dict[tuple[str, ...], list[_Burst]] = {}
    for number, burst in enumerate(bursts):
        once = "" if burst.style != "bad" else str(number)
        key = (burst.row, burst.occurrence, burst.information, burst.producer, burst.receiver, once)
        by_key.setdefault(key, []).append(burst)
    shown = []
    for first, *others in by_key.values():
        for burst in others[:-1]:
            first.take(burst.last_s, burst.count)
        shown += [first, *others[-1:]]
    return sorted(shown, key=lambda burst: burst.first_s)


def _style(group: RowGroup | None) -> str:
    if group is None:
        return "other"
    return "bad" if group.state is RowState.NOT_MET else "row"


def _missing(groups: Sequence[RowGroup]) -> list[_Burst]:
    return [
        _Burst(
            item.producer,
            item.receiver or item.producer,
            f"{item.information} not met",
            group.row,
            "missing",
            group.due_s,
            group.due_s,
        )
        for group in groups
        if group.state is RowState.NOT_MET and (item := group.failing_first[0]).producer and group.due_s is not None
        if not any(cited.startswith("trace:") for cited in item.evidence)
    ]


def _places(bursts: Iterable[_Burst]) -> dict[str, int]:
    names = dict.fromkeys(name for burst in bursts for name in (burst.producer, burst.receiver))
    return {name: FIRST_X + SPACING * number for number, name in enumerate(names)}


def _arrow(burst: _Burst, number: int, places: dict[str, int], width: int) -> Arrow:
    start_x, end_x = places[burst.producer], places[burst.receiver]
    half = len(burst.label) * _CHARACTER_WIDTH / 2
    if start_x != end_x:
        label_x = min(max((start_x + end_x) / 2, FIRST_X - 30 + half), width - half - 4)
    else:
        fits = start_x + _BESIDE + 2 * half < width
        label_x = start_x + (_BESIDE + half) * (1 if fits else -1)
    return Arrow(FIRST_Y + ROW_HEIGHT * number, start_x, end_x, burst.label, label_x, burst.when, burst.style)
