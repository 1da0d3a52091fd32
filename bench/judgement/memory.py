"""Answers the judge of a recorded run with what it was told when the run was on, and with nothing else."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import getattr_static
from typing import Any

from bench.clock import Clock
from bench.evidence import CitedExchange, RowRecord
from bench.judgement.answers import RAISED, from_json, question_text
from bench.measurement import Measurement
from bench.use_case.asking import CannotTellError
from bench.use_case.model import Row
from instruments.wire import WireExchange
from reports.errors import ReportError
from reports.run_directory import JudgementLine, WireLine

_MEASURED = '["ledger.measurement",'
Change = Callable[[Measurement], Measurement]


class JudgeBrokeError(Exception):
    """The question broke the judge when the run was on, and does so again."""


class RecordedClock(Clock):
    """Stands at the moment that is being judged again."""

    def __init__(self) -> None:
        super().__init__()
        self.at_s = 0.0

    @property
    def now_s(self) -> float:
        """Seconds since the scenario began."""
        return self.at_s


class Memory:
    """What was asked and told at one moment after the other."""

    def __init__(self, clock: RecordedClock, change: Change = lambda measurement: measurement) -> None:
        """Take the clock that it sets, and what other limits do to a measurement."""
        self.clock, self._change = clock, change
        self._questions: list[str] = []
        self._answers: list[Any] = []
        self._last: dict[str, list[int]] = {}
        self._told: dict[str, list[Any]] = {}
        self.measured: set[int] = set()
        """Numbers of the measurements that were recorded for rows at the moment."""

    def take(self, line: JudgementLine) -> None:
        """Go on to a moment; raises ReportError for a line that is none."""
        self.clock.at_s = line.time_s
        try:
            self._questions += line.questions or ()
            self._answers += map(json.loads, line.answers or ())
            asked = self._last[line.moment] = line.asked if line.asked is not None else self._last.get(line.moment, [])
            self._told, self.measured = {}, set()
            for question, answer in zip(asked[::2], asked[1::2], strict=True):
                self._told.setdefault(self._questions[question], []).append(self._answers[answer])
                if self._questions[question].startswith(_MEASURED):
                    self.measured.add(self._answers[answer])
        except (IndexError, TypeError, ValueError) as error:
            raise ReportError(f"judgement.jsonl line {line.seq} is no moment: {error}") from error

    def ask(self, name: str, *arguments: Any) -> Any:
        """Return what was answered; raises CannotTellError for what was not asked at this moment."""
        told = self._told.get(question_text(name, arguments, self.clock.now_s))
        if not told:
            raise CannotTellError(f"{name} was not recorded at {self.clock.now_s:.1f} s")
        answer = told.pop(0) if len(told) > 1 else told[0]
        if isinstance(answer, dict) and RAISED in answer:
            raise JudgeBrokeError(answer[RAISED])
        try:
            found = from_json(answer)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ReportError(f"judgement.jsonl: no answer to {name} at {self.clock.now_s:.1f} s: {error}") from error
        return self._change(found) if isinstance(found, Measurement) else found


class Recalled:
    """Stands in the place of one whom the judge asks."""

    def __init__(self, name: str, kind: type[Any], memory: Memory) -> None:
        """Take the name under which its questions were kept, and what it is: its properties are not called."""
        self._name, self._kind, self._memory = name, kind, memory

    def __getattr__(self, name: str) -> Any:
        question = f"{self._name}.{name}"
        if isinstance(getattr_static(self._kind, name), property):
            return self._memory.ask(question)
        return lambda *arguments, **named: self._memory.ask(question, *arguments, *named.values())


class RecalledHindrances:
    """What links did to messages, as it was told; where it was not asked then, nothing is said of them."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def of(self, row: Row, name: str) -> str:
        """Say what a link has done to the message of an instance."""
        return self._told("of", row, name)

    def of_any(self, rows: Iterable[Row]) -> str:
        """Say what links have done to messages of any instance of these rows."""
        return self._told("of_any", list(rows))

    def unreached(self, text: str) -> str:
        """Say which of the devices that a text names was lately out of reach."""
        return self._told("unreached", text)

    def passage(self, seq: int) -> str:
        """Say what its link has done to a message that arrived."""
        return self._told("passage", seq)

    def _told(self, question: str, *about: Any) -> str:
        try:
            return str(self._memory.ask(f"links.{question}", *about))
        except CannotTellError:
            return ""


class RecalledLedger:
    """The evidence of a recorded run: citations are looked up in its wire log, decisions on rows are collected."""

    def __init__(self, memory: Memory, wire: Mapping[int, WireLine], cut_at: float) -> None:
        """Take the wire log of the scenario by number, and the number from which on a kill has cut it off."""
        self._memory, self._wire, self._cut_at = memory, wire, cut_at
        self.decided: list[tuple[float, RowRecord]] = []
        self.measured: dict[int, Measurement] = {}
        """What was measured for rows, by the number under which it was recorded."""

    def row(self, record: RowRecord) -> int:
        """Collect a row state, and return how many there are."""
        self.decided.append((self._memory.clock.now_s, record))
        return len(self.decided)

    def measurement(self, measurement: Measurement) -> int:
        """Return the number under which it was recorded; 0 where it was not, for other limits decide elsewhen."""
        try:
            found = self._memory.ask("ledger.measurement", measurement.quantity, measurement.source, measurement.time_s)
        except CannotTellError:
            return 0
        self.measured[int(found)] = measurement
        return int(found)

    def endpoint_of(self, citation: str) -> str | None:
        """Return the device that a citation was exchanged with; None if there is none."""
        line = self._line(citation)
        return None if line is None else line.endpoint

    def was_written(self, citation: str) -> bool:
        """Whether a citation is of a write that was not refused."""
        line = self._line(citation)
        return line is not None and line.operation == "write" and not line.error

    def last_exchanges(self, endpoint: str, count: int = 3) -> list[CitedExchange]:
        """Return the last exchanges with a device at the moment, oldest first; none where that was not recorded."""
        try:
            numbers = self._memory.ask("ledger.last_exchanges", endpoint, count)
        except CannotTellError:
            return []
        return list(self._cited(numbers))

    def _cited(self, numbers: tuple[int, ...]) -> Iterator[CitedExchange]:
        for line in (self._wire[number] for number in numbers if number in self._wire):
            exchange = WireExchange(line.protocol, line.operation, line.address, tuple(line.values or ()), line.error)
            yield CitedExchange(line.seq, line.time_s, line.endpoint, exchange)

    def _line(self, citation: str) -> WireLine | None:
        kind, _, number = citation.partition(":")
        if kind != "wire" or not number.isdigit():
            return None
        if int(number) >= self._cut_at:
            raise ReportError(f"{citation} is cited, and the record of the wire stops before it")
        return self._wire.get(int(number))
