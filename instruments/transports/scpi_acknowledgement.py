"""What stands behind the answers to a SCPI message: event status, oldest error, operation complete. No sockets here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from instruments.dialects.language import Acknowledgement

REGISTER_DIGITS = 3
"""Most digits of a status register of eight bits."""

NO_ERROR = re.compile(r"[+-]?0+(,|$)")
"""How the entry of an empty error queue begins."""

_ERROR = re.compile(r"[+-]?\d{1,9}(,.*)?", re.DOTALL)
_POWER_ON = 128
_ERROR_EVENTS = 4 | 8 | 16 | 32  # query, device, execution and command error (IEEE 488.2, 11.5.1)
_SEMICOLON = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_HEADER = re.compile(r"[:*]?[A-Za-z][A-Za-z0-9:]*\s+(?=\S)")


@dataclass(frozen=True)
class Acknowledged:
    """What an instrument told of a message; `error` is the oldest entry of its queue, empty where there is none."""

    event: int = 0
    error: str = ""

    @property
    def restarted(self) -> bool:
        """Whether it was switched on since it was last asked."""
        return bool(self.event & _POWER_ON)

    @property
    def is_fine(self) -> bool:
        """Whether it tells neither an error nor a restart."""
        return not (self.error or self.event & (_ERROR_EVENTS | _POWER_ON))

    def __str__(self) -> str:
        told = [f"event status {self.event}"] if self.event else []
        return ", ".join([*told, *([f"error {self.error}"] if self.error else [])])


def read_acknowledgement(answer: str, asked: Sequence[Acknowledgement]) -> tuple[str, Acknowledged]:
    """Take off the end of an answer what was `asked` there; return the rest, and what it tells.

    Raises ValueError, saying what came, for what is no acknowledgement.
    """
    parts = split_units(answer)
    if len(parts) < len(asked):
        raise ValueError(f"answered {answer!r}, which has no end for {', '.join(asked)}")
    found = dict(zip(asked, parts[-len(asked) :], strict=True))
    if found.get("complete", "1") != "1":
        raise ValueError(f"acknowledged with {found['complete']!r} in place of 1")
    told = Acknowledged(_event(found.get("event_status", "0")), _error(found.get("error", "0")))
    return ";".join(parts[: -len(asked)]), told


def split_units(answer: str) -> list[str]:
    """Take an answer apart at semicolons, but for those inside of quotes."""
    return _SEMICOLON.split(answer) if '"' in answer else answer.split(";")


def without_headers(answer: str) -> str:
    """Take off the header that an instrument may repeat before each answer."""
    return ";".join(_HEADER.sub("", unit, count=1) for unit in split_units(answer))


def _event(text: str) -> int:
    if not text.isdecimal() or len(text) > REGISTER_DIGITS:
        raise ValueError(f"answered {text!r} to *ESR?")
    return int(text)


def _error(text: str) -> str:
    if not _ERROR.fullmatch(text):
        raise ValueError(f"answered {text!r} in place of an error")
    return "" if NO_ERROR.match(text) else text
