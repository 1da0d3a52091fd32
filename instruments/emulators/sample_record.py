"""The record of an emulated analyzer: its numeric items at an interval of its own, each line with its own time stamp.

Dialect: `TRACe` of SCPI-99 (volume 2, chapter 24), with interval, points and lines of a record as instruments add them:
`:TRAC:CLE;INT 0.005;POIN 100;FEED:CONT NEXT` arms it, and it records from that moment on until it is full or stopped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

OPTION = "CAPTURE"
"""What `*OPT?` says of an instrument that can record."""
LONGEST_S = 3600.0
_EPSILON_S = 1e-9


@dataclass(frozen=True)
class RecordLimits:
    """Shortest interval, s, and most lines."""

    interval_s: float = 0.001
    points: int = 10_000


class SampleRecord:
    """Armed over SCPI, and filled by `take` as time passes; `look` returns what the items are at the moment."""

    def __init__(self, limits: RecordLimits, look: Callable[[], Sequence[float]]) -> None:
        self._limits, self._look = limits, look
        self._time_s = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget the record and how it was to be made."""
        self._interval_s, self._points = self._limits.interval_s, self._limits.points
        self._is_on = False
        self._lines: list[str] = []
        self._next_s = 0.0

    def due_s(self) -> float | None:
        """Return how long it is until the next line, s; None while it does not record."""
        return max(self._next_s - self._time_s, _EPSILON_S) if self._is_on else None

    def take(self, time_s: float) -> None:
        """Record what is due at a moment of the instrument's own time, s."""
        self._time_s = time_s
        while self._is_on and self._next_s <= time_s + _EPSILON_S:
            stamped = [f"{self._next_s:.6f}", *map(scpi_number, self._look())]
            self._lines.append(",".join(stamped))
            self._next_s += self._interval_s
            self._is_on = len(self._lines) < self._points

    def table(self) -> dict[str, Handler]:
        """Return the commands."""
        shortest, most = self._limits.interval_s, self._limits.points
        return {
            "TRACe:CLEar": self._clear,
            "TRACe:INTerval": self._set_interval,
            "TRACe:INTerval?": lambda call: call.level(self._interval_s, shortest, LONGEST_S),
            "TRACe:POINts": self._set_points,
            "TRACe:POINts?": lambda call: call.level(self._points, 2, most),
            "TRACe:POINts:ACTual?": lambda _: str(len(self._lines)),
            "TRACe:FEED:CONTrol": self._control,
            "TRACe:FEED:CONTrol?": lambda _: "NEXT" if self._is_on else "NEV",
            "TRACe:DATA?": self._answer_lines,
        }

    def _clear(self, _call: Call) -> None:
        self._require_rest()
        self._lines = []

    def _set_interval(self, call: Call) -> None:
        self._require_rest()
        self._interval_s = call.number(self._limits.interval_s, LONGEST_S)

    def _set_points(self, call: Call) -> None:
        self._require_rest()
        self._points = int(call.number(2, self._limits.points))

    def _control(self, call: Call) -> None:
        word = call.text()
        if word not in {"NEXT", "NEV", "NEVER"}:
            raise ScpiError(-224, word)
        self._is_on = word == "NEXT"
        if self._is_on:
            self._lines, self._next_s = [], self._time_s
            self.take(self._time_s)

    def _answer_lines(self, call: Call) -> str:
        """Answer lines from the number of the first on, which is 1, as many as asked for."""
        first, count = int(call.number(1, self._limits.points)), int(call.number(1, self._limits.points, 1))
        if first - 1 + count > len(self._lines):
            raise ScpiError(-222, f"{len(self._lines)} lines")
        return ",".join(self._lines[first - 1 : first - 1 + count])

    def _require_rest(self) -> None:
        if self._is_on:
            raise ScpiError(-221, "recording")
