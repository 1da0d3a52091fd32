"""The language of an emulated SCPI instrument: a table of header patterns and what each one does. No sockets here.

A pattern is written as manuals print it: upper case is the short form, brackets enclose nodes that may be left out,
`#` stands for a numeric suffix and a final `?` makes it a query, as in `[SOURce:]VOLTage#[:LEVel]?`.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from instruments.emulators.scpi_status import ScpiError, Status

REMEMBERED_MESSAGES = 1000
MOST_UNITS = 8192

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?", re.IGNORECASE)
_MNEMONIC = re.compile(r"([A-Z]+)([a-z]*)")
_MARKS = {"[": "(?:", "]": ")?", "#": r"(\d{0,3})", "?": r"\?", "*": r"\*"}
_SWITCH = {"ON": True, "1": True, "OFF": False, "0": False}


@dataclass(frozen=True)
class Call:
    """One program message unit: suffixes in the order of the pattern's `#` (None where left out), and parameters."""

    suffixes: tuple[int | None, ...]
    parameters: tuple[str, ...]

    def text(self, index: int = 0) -> str:
        """Return a parameter in upper case; raises ScpiError -109 when it is missing."""
        if index >= len(self.parameters):
            raise ScpiError(-109)
        return self.parameters[index].upper()

    def number(self, lowest: float, highest: float, index: int = 0) -> float:
        """Return a number; MIN and MAX stand for the limits.

        Raises ScpiError: -109 missing, -104 not a number, -222 outside the limits.
        """
        word = self.text(index)
        if (limit := _limit(word, lowest, highest)) is not None:
            return limit
        if not _NUMBER.fullmatch(word):
            raise ScpiError(-104, word)
        value = float(word)
        if not lowest <= value <= highest:
            raise ScpiError(-222, word)
        return value

    def switch(self, index: int = 0) -> bool:
        """Return ON or OFF, 1 or 0; raises ScpiError -109 when missing, -224 for another word."""
        word = self.text(index)
        if word not in _SWITCH:
            raise ScpiError(-224, word)
        return _SWITCH[word]

    def level(self, value: float, lowest: float, highest: float) -> str:
        """Answer the query of a set-point: its value, or a limit where MIN or MAX is asked for."""
        if not self.parameters:
            return scpi_number(value)
        limit = _limit(self.text(), lowest, highest)
        if limit is None:
            raise ScpiError(-224, self.text())
        return scpi_number(limit)


Handler = Callable[[Call], str | None]


def scpi_number(value: float) -> str:
    """Format a number the way instruments answer (NR3), with seven significant digits and no negative zero."""
    return f"{value:z.6E}"


class ScpiInstrument:
    """Executes program messages: common commands (IEEE 488.2), the error queue, and the instrument's own table.

    `identity` answers `*IDN?`, `on_reset` restores the state of `*RST`. `received` holds the latest messages, for tests
    of what reached the wire; `heard` is told of each. While it `is_deaf`, nothing is carried out.
    """

    def __init__(
        self,
        identity: str,
        commands: Mapping[str, Handler],
        on_reset: Callable[[], None],
        status: Status | None = None,
    ) -> None:
        self.identity = identity
        self.status = status or Status()
        self.received: deque[str] = deque(maxlen=REMEMBERED_MESSAGES)
        self.heard: Callable[[str], None] = lambda _message: None
        self.is_deaf: Callable[[], bool] = lambda: False
        self.most_units = MOST_UNITS
        """How many message units it takes at once."""
        self._on_reset = on_reset
        table = {**self._common_commands(), **commands}
        self._patterns = [(header_pattern(pattern), handler) for pattern, handler in table.items()]
        self._found: dict[str, tuple[Handler, tuple[int | None, ...]]] = {}

    def execute(self, message: str) -> str:
        """Carry out a program message and return its response message, empty when nothing was asked.

        A unit that is refused goes to the error queue and gives no answer; the units after it are carried out.
        """
        self.received.append(message)
        self.heard(message)
        if self.is_deaf():
            return ""
        if not (message.isascii() and message.replace("\t", " ").isprintable()):
            self.status.report(-102)
            return ""
        answers, path = [], ""
        units = [unit for part in message.split(";") if (unit := part.strip())]
        if len(units) > self.most_units:
            self.status.report(-223)
            return ""
        for unit in units:
            header, *rest = unit.split(maxsplit=1)
            header, path = _resolve(header.upper(), path)
            answer = self._execute_unit(header, _parameters("".join(rest)))
            if answer is not None:
                answers.append(answer)
        return ";".join(answers)

    def _execute_unit(self, header: str, parameters: tuple[str, ...]) -> str | None:
        try:
            handler, suffixes = self._find(header)
            return handler(Call(suffixes, parameters))
        except ScpiError as error:
            self.status.report(error.code, error.detail or header.replace('"', ""))
            return None

    def _find(self, header: str) -> tuple[Handler, tuple[int | None, ...]]:
        found = self._found.get(header)
        if found is None:
            found = self._found[header] = self._search(header)
        return found

    def _search(self, header: str) -> tuple[Handler, tuple[int | None, ...]]:
        for pattern, handler in self._patterns:
            if match := pattern.fullmatch(header):
                return handler, tuple(int(digits) if digits else None for digits in match.groups())
        raise ScpiError(-113)

    def _common_commands(self) -> dict[str, Handler]:
        status = self.status
        return {
            "*IDN?": lambda _: self.identity,
            "*RST": lambda _: self._on_reset(),
            "*CLS": lambda _: status.clear(),
            "*ESR?": lambda _: str(status.take_event()),
            "*ESE": self._set_event_enable,
            "*ESE?": lambda _: str(status.event_enable),
            "*SRE": self._set_service_enable,
            "*SRE?": lambda _: str(status.service_enable),
            "*STB?": lambda _: str(status.byte),
            "*OPC": lambda _: status.complete_operation(),
            "*OPC?": lambda _: "1",
            "*TST?": lambda _: "0",
            "*WAI": lambda _: None,
            "SYSTem:ERRor[:NEXT]?": lambda _: status.take_error(),
            "STATus:QUEStionable[:EVENt]?": lambda _: str(status.questionable.take_event()),
            "STATus:QUEStionable:CONDition?": lambda _: str(status.questionable.condition),
            "STATus:QUEStionable:ENABle": self._set_questionable_enable,
            "STATus:QUEStionable:ENABle?": lambda _: str(status.questionable.enable),
        }

    def _set_event_enable(self, call: Call) -> None:
        self.status.event_enable = int(call.number(0, 255))

    def _set_service_enable(self, call: Call) -> None:
        self.status.service_enable = int(call.number(0, 255)) & ~64

    def _set_questionable_enable(self, call: Call) -> None:
        self.status.questionable.enable = int(call.number(0, 32767))


def header_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a header as printed in a manual to one that matches its short and its long form in upper case."""
    spelled = _MNEMONIC.sub(lambda m: m[1] + (f"(?:{m[2].upper()})?" if m[2] else ""), _escape(pattern))
    return re.compile(spelled)


def _escape(pattern: str) -> str:
    return "".join(_MARKS.get(character, character) for character in pattern)


def _parameters(text: str) -> tuple[str, ...]:
    """Split at commas; a channel list `(@1,3:4)` is one parameter."""
    if not text or text.startswith("(@"):
        return (text,) if text else ()
    return tuple(part.strip() for part in text.split(","))


def _limit(word: str, lowest: float, highest: float) -> float | None:
    return {"MIN": lowest, "MINIMUM": lowest, "MAX": highest, "MAXIMUM": highest}.get(word)


def _resolve(header: str, path: str) -> tuple[str, str]:
    """Apply the path of the unit before (SCPI-99 6.2.4): a leading colon is the root, common commands keep the path."""
    if header.startswith("*"):
        return header, path
    full = header[1:] if header.startswith(":") else path + header
    return full, full[: full.rfind(":") + 1]
