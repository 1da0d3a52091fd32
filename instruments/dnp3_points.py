"""Points of DNP3 (IEEE 1815) as drivers and emulators name them: a kind and an index, a value and its quality."""

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_INDEX = 65535
MAX_ADDRESS = 65519
"""Highest link address of a station; those above it are reserved, and the last ones are broadcasts."""

ONLINE, RESTART, COMM_LOST, REMOTE_FORCED, LOCAL_FORCED = 0x01, 0x02, 0x04, 0x08, 0x10
CHATTER, OVER_RANGE, REFERENCE_ERROR = 0x20, 0x20, 0x40
"""Bits of the flag octet that objects carry; what bits 5 and 6 mean depends on the kind."""
OWN_DOUBTS = ONLINE | RESTART | COMM_LOST | REMOTE_FORCED | LOCAL_FORCED
"""Bits of which a point has one that there is, whether or not it holds a reading now."""


class Kind(StrEnum):
    """Kind of a point."""

    BINARY_INPUT = "bi"
    BINARY_OUTPUT = "bo"
    ANALOG_INPUT = "ai"
    ANALOG_OUTPUT = "ao"
    COUNTER = "counter"


_BINARY = frozenset({Kind.BINARY_INPUT, Kind.BINARY_OUTPUT})
_ANALOG = frozenset({Kind.ANALOG_INPUT, Kind.ANALOG_OUTPUT})
_DOUBTS = (
    (RESTART, frozenset(Kind), "not updated since a restart"),
    (COMM_LOST, frozenset(Kind), "communication lost"),
    (REMOTE_FORCED, frozenset(Kind), "forced remotely"),
    (LOCAL_FORCED, frozenset(Kind), "forced locally"),
    (CHATTER, frozenset({Kind.BINARY_INPUT}), "chattering"),
    (OVER_RANGE, _ANALOG, "out of range"),
    (REFERENCE_ERROR, _ANALOG, "without a valid reference"),
)
_REF = re.compile(r"(bi|bo|ai|ao|counter) ([0-9]{1,5})")


@dataclass(frozen=True, order=True)
class Ref:
    """One point; written `ai 4`."""

    kind: Kind
    index: int

    @property
    def is_binary(self) -> bool:
        """Whether it holds a state and not a number."""
        return self.kind in _BINARY

    def __str__(self) -> str:
        return f"{self.kind} {self.index}"


def parse_ref(text: str) -> Ref:
    """Read a point as it is written in a map; raises ValueError saying what forms there are."""
    found = _REF.fullmatch(text)
    if found is None or int(found[2]) > MAX_INDEX:
        raise ValueError(f"{text!r} is no point: write bi, bo, ai, ao or counter, and an index up to {MAX_INDEX}")
    return Ref(Kind(found[1]), int(found[2]))


@dataclass(frozen=True)
class PointValue:
    """What an outstation says of a point: raw value, flag octet without a state (None: none sent), time of a change.

    `time_ms` counts from 1970, UTC; only events have it.
    """

    value: float
    flags: int | None = None
    time_ms: int | None = None

    def doubts(self, kind: Kind) -> tuple[str, ...]:
        """Say why this is no reading; nothing for one that is. A value without flags counts as online."""
        if self.flags is None:
            return ()
        offline = () if self.flags & ONLINE else ("offline",)
        return offline + tuple(words for bit, kinds, words in _DOUBTS if self.flags & bit and kind in kinds)


@dataclass(frozen=True)
class PointEvent:
    """A change of a point that an outstation kept for its master."""

    ref: Ref
    value: PointValue
