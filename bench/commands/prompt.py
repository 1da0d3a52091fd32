"""A person at the terminal: sees what there is to do, and says when it is done."""

import os
import select
import sys
from typing import TextIO

from rich.console import Console

from bench.bus import Delivery
from bench.messages.equipment import Payload
from bench.operator import Meanwhile, Turn
from bench.safety import Interrupted
from instruments.errors import ConfigError
from reports.plain_text import visible

QUESTION = "Enter to do it, ? for detail, q to stop the run: "
BRIEF, DETAIL = 110, 2000
"""Characters of a payload that are shown."""
KEYS = {"": "do", "y": "do", "?": "detail", "q": "stop", "quit": "stop"}


class LineReader:
    """Lines from a terminal, whether they come one by one or were typed ahead."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending = b""
        self._ended = False

    def line(self, timeout_s: float | None) -> str | None:
        """Return the next line without its end; None when it does not come in time (s). Raises EOFError at the end."""
        while b"\n" not in self._pending:
            if self._ended:
                raise EOFError
            ready, _, _ = select.select([self._descriptor], [], [], timeout_s)
            if not ready:
                return None
            self._take()
        text, _, self._pending = self._pending.partition(b"\n")
        return text.decode("utf-8", "replace").strip()

    def _take(self) -> None:
        try:
            found = os.read(self._descriptor, 4096)
        except OSError:  # a terminal whose other end is gone
            found = b""
        self._ended = not found
        self._pending += found


class TerminalOperator:
    """Asks at a terminal before each row that a person does."""

    def __init__(self, console: Console, reader: LineReader) -> None:
        self._console, self._reader = console, reader

    def ask(self, turn: Turn, meanwhile: Meanwhile | None) -> bool:
        """Show the turn and wait; raises Interrupted for `q`, and when nobody is there any more."""
        self._show(turn)
        while True:
            answer = self._answer(turn, meanwhile)
            if answer in {"do", "late"}:
                return answer == "do"
            if answer == "stop":
                raise Interrupted(f"the operator stopped the run at row {turn.row.number}")
            if answer == "detail":
                self._detail(turn)
            else:
                self._say(f"{answer!r} is none of the answers")

    def _answer(self, turn: Turn, meanwhile: Meanwhile | None) -> str:
        """Return what a line means, or the line itself where it means nothing."""
        self._console.print(QUESTION, end="", style="bold", highlight=False, soft_wrap=True)
        self._console.file.flush()
        try:
            while (line := self._reader.line(0.0 if meanwhile else None)) is None:
                if meanwhile is not None and not meanwhile():
                    self._say(f"\nthe scenario ended before row {turn.row.number} was done")
                    return "late"
        except EOFError:
            raise Interrupted(f"nobody is at the terminal any more, at row {turn.row.number}") from None
        return KEYS.get(line.lower(), line)

    def _show(self, turn: Turn) -> None:
        self._say("")
        title = f"{turn.time_s:9.1f} s  {turn.title}"
        self._console.print(title, style="bold cyan", highlight=False, markup=False, soft_wrap=True)
        self._say(f"             {turn.row.activity}")
        self._say(f"             {turn.display} shows:" if turn.shown else f"             {turn.display} shows nothing")
        for delivery in turn.shown:
            self._say(f"               {_told(delivery, _brief(delivery.message.payload))}")

    def _detail(self, turn: Turn) -> None:
        row = turn.row
        self._say(f"  row {row.number}: {row.producer} -> {row.receiver}: {row.information} ({row.kind}, {row.verb})")
        if row.erratum:
            self._say(f"  erratum: {row.erratum}")
        for delivery in turn.shown:
            self._say(f"  {_told(delivery, _cut(delivery.message.payload.model_dump_json(), DETAIL))}")

    def _say(self, text: str) -> None:
        self._console.print(visible(text), highlight=False, markup=False, soft_wrap=True)


def _told(delivery: Delivery, payload: str) -> str:
    message = delivery.message
    head = f"{delivery.time_s:.1f} s {delivery.citation} {message.producer.value}: {message.information.value}"
    return f"{head} ({message.correlation}) {payload}"


def _brief(payload: Payload) -> str:
    """Word a payload's figures; of lists only how long they are."""
    return _cut(", ".join(f"{name} {_figure(value)}" for name, value in payload.model_dump(mode="json").items()), BRIEF)


def _figure(value: object) -> str:
    if isinstance(value, list | dict):
        return f"({len(value)})"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} ..."


def operator_at(console: Console, stdin: TextIO | None = None) -> TerminalOperator:
    """Return the operator at a terminal, by default this process's own; raises ConfigError where there is none."""
    stdin = stdin or sys.stdin
    if not (stdin.isatty() and console.file.isatty()):
        raise ConfigError(
            "--operator needs a terminal to show what there is to do and to read the answer from; "
            "without one, leave it away and the test plays the people"
        )
    return TerminalOperator(console, LineReader(stdin.fileno()))
