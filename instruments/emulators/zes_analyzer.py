"""Emulated power analyzer that speaks as ZES Zimmer's LMG600 series does.

Dialect: two languages, between which `*ZLANG` chooses; in the short one each value is a query of one word with the
number of the channel, and `ACTN` has all that follow be of one measurement, which has a time stamp. Each channel has
ranges of its own. Written from what is known of the instruments, and not from our driver's table.
"""

from collections.abc import Callable

from instruments.emulators.analyzer import AnalyzerEmulator, Element
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

LANGUAGES = frozenset({"SHORT", "SCPI"})
VALUES = {"UTRMS": "u", "ITRMS": "i", "P": "p", "Q": "q"}


class ZesAnalyzerEmulator(AnalyzerEmulator):
    """Power analyzer with a channel for each phase of its node."""

    model = "emulated LMG670"

    def _reset(self) -> None:
        super()._reset()
        self._language = "SCPI"
        self._automatic = {kind: [True] * self.node.phases for kind in "UI"}
        self._act()

    def _act(self) -> None:
        self._seen: tuple[list[Element], float, float] = (self.elements(), self.frequency_hz, self.time_s)

    def _table(self) -> dict[str, Handler]:
        return {
            "*ZLANG": self._choose_language,
            "SYSTem:ERRor[:NEXT]?": self._in("SCPI", lambda _: self.scpi.status.take_error()),
            "SYSTem:ERRor:ALL?": self._in("SCPI", lambda _: self._all_errors()),
            "ERRALL?": self._in("SHORT", lambda _: self._all_errors()),
            "ACTN": self._in("SHORT", lambda _: self._act()),
            **{f"{word}#?": self._in("SHORT", self._reader(name)) for word, name in VALUES.items()},
            "FCYC#?": self._in("SHORT", lambda call: self._told(call, self._seen[1])),
            "TSNORM#?": self._in("SHORT", self._answer_stamp),
            "UAUTO#": self._in("SHORT", lambda call: self._set_automatic("U", call)),
            "IAUTO#": self._in("SHORT", lambda call: self._set_automatic("I", call)),
            "URNG#": self._in("SHORT", lambda call: self._set_range("U", call)),
            "IRNG#": self._in("SHORT", lambda call: self._set_range("I", call)),
            "URNG#?": self._in("SHORT", lambda call: scpi_number(self._ranges_v[self._channel(call)])),
            "IRNG#?": self._in("SHORT", lambda call: scpi_number(self._ranges_a[self._channel(call)])),
        }

    def _in(self, language: str, handler: Handler) -> Handler:
        """Have a command of one language be unknown in the other."""

        def handle(call: Call) -> str | None:
            if self._language != language:
                raise ScpiError(-113)
            return handler(call)

        return handle

    def _choose_language(self, call: Call) -> None:
        if call.text() not in LANGUAGES:
            raise ScpiError(-224, call.text())
        self._language = call.text()

    def _all_errors(self) -> str:
        """Answer with all that is queued, which empties the queue."""
        found = [self.scpi.status.take_error()]
        while not (last := self.scpi.status.take_error()).startswith("0,"):
            found.append(last)
        return ",".join(found)

    def _reader(self, name: str) -> Callable[[Call], str]:
        return lambda call: self._told(call, getattr(self._seen[0][self._channel(call)], name))

    def _answer_stamp(self, call: Call) -> str:
        self._channel(call)
        return f"{self._seen[2]:.6f}"

    def _told(self, call: Call, value: float) -> str:
        self._channel(call)
        return scpi_number(value)

    def _set_automatic(self, kind: str, call: Call) -> None:
        self._automatic[kind][self._channel(call)] = call.switch()

    def _set_range(self, kind: str, call: Call) -> None:
        channel = self._channel(call)
        if self._automatic[kind][channel]:
            raise ScpiError(-221, "the range is automatic")
        if kind == "U":
            self._ranges_v[channel] = call.number(1.0, self.accuracy.range_v)
        else:
            self._ranges_a[channel] = call.number(0.1, self.accuracy.range_a)

    def _channel(self, call: Call) -> int:
        number = call.suffixes[0] or 1
        if number > self.node.phases:
            raise ScpiError(-114, str(number))
        return number - 1
