"""The way into a safe state: registered before the first output is enabled, taken on every way out."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread, current_thread, main_thread
from types import FrameType
from typing import Any, Protocol

from instruments.errors import BenchError

ACTION_TIMEOUT_S = 5.0
"""How long one device may take to be made safe before it counts as one that cannot be."""
TURN_S = 0.5
"""How long the next device waits for one that takes its time."""
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that ask to stop: the system's, a person's, and that of a terminal that was closed."""


class Interrupted(Exception):  # noqa: N818  a person's wish, not a defect
    """The run was asked to stop, by a person or by the system."""


class CanBeMadeSafe(Protocol):
    """A device that can cease to energize, open its output, release its command; it reads back what it did."""

    def make_safe(self) -> None:
        """Bring the device into its safe state; raises when it cannot be proven."""
        ...


@dataclass
class SafetyChain:
    """Devices in the order in which they were put to use; they are made safe in the opposite order.

    `timeout_s` is how long each may take.
    """

    timeout_s: float = ACTION_TIMEOUT_S
    _entries: list[tuple[str, CanBeMadeSafe]] = field(default_factory=list)

    def register(self, name: str, device: CanBeMadeSafe) -> None:
        """Add a device before anything of it is enabled."""
        self._entries.append((name, device))

    def make_safe(self) -> dict[str, str]:
        """Make every device safe, each within its own time, whatever becomes of the others; return the failures.

        One after the other; a device that is slow is left to itself after `TURN_S`, and the next has its turn.
        """
        actions: list[tuple[str, _Action]] = []
        while self._entries:
            name, device = self._entries.pop()
            actions.append((name, _Action(device, self.timeout_s)))
            actions[-1][1].wait(TURN_S)
        return {name: problem for name, action in actions if (problem := action.outcome())}


class _Action:
    """Makes one device safe in a thread of its own: one that hangs delays neither the others nor the process's end."""

    def __init__(self, device: CanBeMadeSafe, timeout_s: float) -> None:
        self._timeout_s, self._end_s = timeout_s, time.monotonic() + timeout_s
        self._problem = f"did not finish within {timeout_s:g} s"
        self._thread = Thread(target=self._run, args=(device,), name="make-safe", daemon=True)
        self._thread.start()

    def wait(self, turn_s: float) -> None:
        self._thread.join(min(turn_s, max(0.0, self._end_s - time.monotonic())))

    def outcome(self) -> str:
        """Return what went wrong, after the rest of the device's time; empty when it is safe."""
        self.wait(self._timeout_s)
        return self._problem

    def _run(self, device: CanBeMadeSafe) -> None:
        self._problem = _problem(device)


def _problem(device: CanBeMadeSafe) -> str:
    """Make one device safe and return what went wrong.

    A fault in its driver is reported like any other, so that the next device has its turn.
    """
    try:
        device.make_safe()
    except BenchError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGTERM, SIGHUP and Ctrl-C into one exception, so that every way out is the same.

    Only the first one is: a second must not interrupt what makes the equipment safe.
    """
    stopping = False

    def stop(number: int, _frame: FrameType | None) -> Any:
        nonlocal stopping
        if not stopping:
            stopping = True
            raise Interrupted(f"stopped by {signal.Signals(number).name}")

    with _handling(stop):
        yield


@contextmanager
def uninterrupted() -> Iterator[list[int]]:
    """Hold signals back inside the block, in the list; afterwards the first of them is handled as it was before.

    Making equipment safe is not to be interrupted, however often somebody presses Ctrl-C.
    """
    held: list[int] = []
    with _handling(lambda number, _frame: held.append(number)):
        yield held
    if held:
        signal.raise_signal(held[0])


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    """Handle what asks to stop; what is ignored (`nohup`) stays so, and threads get no signals in any case."""
    numbers = STOPPING if current_thread() is main_thread() else ()
    taken = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in taken}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
