"""Listens to what matcher and judge are told, and keeps it with every question that they ask of the world.

A line of `judgement.jsonl` is a moment at which they looked: a message that they heard, a look at the time, the end.
Questions and answers are written out where they come for the first time in a scenario and then called by their number,
for most moments ask the same and are told the same.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TypeVar, cast

from bench.bus import Delivery
from bench.clock import Clock
from bench.evidence import CitedExchange
from bench.judgement.answers import RAISED, as_json, question_text
from bench.measurement import Measurement
from bench.use_case.asking import Ledger
from bench.use_case.conformance import Conformance
from reports.verdict import RowState

Moment = Literal["hear", "tick", "occurrence", "finish"]
Append = Callable[[Mapping[str, Any]], int]
T = TypeVar("T")


class JudgementLog:
    """Writes the moments of one scenario; what is asked between them decides nothing and is not kept."""

    def __init__(self, append: Append, clock: Clock) -> None:
        """Take what appends a line to the run's judgement log, and the scenario's clock."""
        self._append, self._clock = append, clock
        self._questions: dict[str, int] = {}
        self._answers: dict[str, int] = {}
        self._new: tuple[list[str], list[str]] = ([], [])
        self._asked: list[int] | None = None
        self._last: dict[Moment, list[int]] = {}

    def begin(self, rules: Mapping[str, Any]) -> None:
        """Write what the scenario is judged by, before anything happens."""
        self._append({"time_s": self._clock.now_s, "moment": "begin", "rules": rules})

    def end(self, ground: Mapping[str, Any]) -> None:
        """Write what a verdict rests on besides rows and measurements, when a scenario is over."""
        self._append({"time_s": self._clock.now_s, "moment": "end", "ground": ground})

    @contextmanager
    def moment(self, moment: Moment, delivery: Delivery | None = None) -> Iterator[None]:
        """Keep what is asked inside the block, and write it at its end, whichever end that is."""
        if self._asked is not None:
            yield
            return
        self._asked = []
        try:
            yield
        finally:
            self._write(moment, self._asked, delivery)
            self._asked = None

    def ask(self, name: str, arguments: tuple[Any, ...], answer: Callable[..., T]) -> T:
        """Pass a question on and keep what it was answered with; so an error that came instead."""
        if self._asked is None:
            return answer(*arguments)
        try:
            told = answer(*arguments)
        except Exception as error:
            self._note(name, arguments, {RAISED: f"{type(error).__name__}: {error}"})
            raise
        self._note(name, arguments, as_json(told))
        return told

    def _note(self, name: str, arguments: tuple[Any, ...], told: Any) -> None:
        if self._asked is not None:
            asked = _number(self._questions, self._new[0], question_text(name, arguments, self._clock.now_s))
            self._asked += [asked, _number(self._answers, self._new[1], json.dumps(told))]

    def _write(self, moment: Moment, asked: list[int], delivery: Delivery | None) -> None:
        line: dict[str, Any] = {"time_s": self._clock.now_s, "moment": moment}
        if delivery is not None:
            line |= {"trace": delivery.seq, "sent_s": delivery.sent_s}
        if asked != self._last.get(moment):
            line["asked"] = self._last[moment] = asked
        for column, new in zip(("questions", "answers"), self._new, strict=True):
            if new:
                line[column] = list(new)
                new.clear()
        self._append(line)


def _number(known: dict[str, int], new: list[str], text: str) -> int:
    """Return the number of a text; one that is new gets the next, and is written out."""
    if text not in known:
        known[text] = len(known)
        new.append(text)
    return known[text]


class _Overheard:
    """Stands in the place of one whom the judge asks, and passes everything on."""

    def __init__(self, name: str, asked: Any, log: JudgementLog) -> None:
        self._name, self._subject, self._log = name, asked, log

    def __getattr__(self, name: str) -> Any:
        found, question = getattr(self._subject, name), f"{self._name}.{name}"
        if not callable(found):
            return self._log.ask(question, (), lambda: found)

        def ask(*arguments: Any, **named: Any) -> Any:
            return self._log.ask(question, (*arguments, *named.values()), lambda *_: found(*arguments, **named))

        self.__dict__[name] = ask
        return ask


def overheard(name: str, asked: T, log: JudgementLog) -> T:
    """Return what answers as `asked` does, while the log keeps it; `name` tells the questions of several apart."""
    return cast("T", _Overheard(name, asked, log))


class OverheardLedger:
    """The evidence as the matcher and the judge use it, with the numbers that it gave kept for citation."""

    def __init__(self, ledger: Ledger, log: JudgementLog) -> None:
        self._ledger, self._log = ledger, log
        self.endpoint_of, self.was_written, self.row = ledger.endpoint_of, ledger.was_written, ledger.row

    def measurement(self, measurement: Measurement) -> int:
        """Record a measurement and return its number."""
        about = (measurement.quantity, measurement.source, measurement.time_s)
        return self._log.ask("ledger.measurement", about, lambda *_: self._ledger.measurement(measurement))

    def last_exchanges(self, endpoint: str, count: int = 3) -> list[CitedExchange]:
        """Return the last exchanges with a device, oldest first."""
        found = self._ledger.last_exchanges(endpoint, count)
        self._log.ask("ledger.last_exchanges", (endpoint, count), lambda *_: [cited.seq for cited in found])
        return found


class RecordedConformance(Conformance):
    """A matcher of whose every look at the world the log has a line."""

    def __init__(self, log: JudgementLog, **what: Any) -> None:
        """Take the log, and what any matcher takes, by name."""
        super().__init__(**what)
        self._log, self._witness = log, what["judge"].witness
        self._followed: set[int] = set()

    def hear(self, delivery: Delivery) -> None:
        """Let the judge see one delivered message, and match it."""
        with self._log.moment("hear", delivery):
            if delivery.hindrance:
                self._log.ask("links.passage", (delivery.seq,), lambda *_: delivery.hindrance)
            self._witness(delivery)
            super().hear(delivery)

    def begin_occurrence(self) -> None:
        """Take what follows a further stimulus for the next row that begins with one."""
        with self._log.moment("occurrence"):
            super().begin_occurrence()

    def tick(self) -> None:
        """Take what time brings, and go on measuring what is decided already until its limit."""
        with self._log.moment("tick"):
            super().tick()
            self._follow()

    def _follow(self) -> None:
        """Ask for effects that have been met until their limit has passed: by other limits they may not be yet.

        Not for customers', which are measured by reading meters: that would be traffic of its own.
        """
        for watch in (w for w in self.all_watches if w.row.kind == "effect" and w.row.per != "customer"):
            for name, instance in watch.instances.items():
                if instance.state is RowState.MET and instance.due_s is not None and id(instance) not in self._followed:
                    since_s = instance.due_s - (watch.row.limit_s or 0.0)
                    self._judge.effect(watch.row, name, since_s, watch.occurrence)
                    if self._clock.now_s > instance.due_s:
                        self._followed.add(id(instance))

    def finish(self) -> None:
        """End the scenario."""
        with self._log.moment("finish"):
            super().finish()
