"""The way into a safe state: registered before the first output is enabled, taken on every way out."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from types import FrameType
from typing import Any, Protocol

from instruments.errors import BenchError, ConfigError

ACTION_TIMEOUT_S = 5.0
"""How long one device may take to be made safe before the others go on without it."""


class Interrupted(Exception):  # noqa: N818  a person's wish, not a defect
    """The run was asked to stop, by a person or by the system."""


class CanBeMadeSafe(Protocol):
    """A device that can cease to energize, open its output, release its command; it reads back what it did."""

    def make_safe(self) -> None:
        """Bring the device into its safe state; raises when it cannot be proven."""
        ...


@dataclass
class SafetyChain:
    """Devices in the order in which they were put to use; they are made safe in the opposite order."""

    _entries: list[tuple[str, CanBeMadeSafe]] = field(default_factory=list)

    def register(self, name: str, device: CanBeMadeSafe) -> None:
        """Add a device before anything of it is enabled."""
        self._entries.append((name, device))

    def make_safe(self) -> dict[str, str]:
        """Make every device safe, each within its own time, whatever becomes of the others; return the failures."""
        failures: dict[str, str] = {}
        while self._entries:
            name, device = self._entries.pop()
            if problem := _attempt(device):
                failures[name] = problem
        return failures


def _attempt(device: CanBeMadeSafe) -> str | None:
    """Run one action in a thread of its own: one that hangs delays neither the others nor the process's end."""
    outcome: SimpleQueue[str | None] = SimpleQueue()
    Thread(target=lambda: outcome.put(_problem(device)), name="make-safe", daemon=True).start()
    try:
        return outcome.get(timeout=ACTION_TIMEOUT_S)
    except Empty:
        return f"did not finish within {ACTION_TIMEOUT_S:g} s"


def _problem(device: CanBeMadeSafe) -> str | None:
    """Make one device safe; a fault in its driver is reported like any other, so that the next device has its turn."""
    try:
        device.make_safe()
    except BenchError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGTERM and Ctrl-C into one exception, so that every way out is the same.

    Only the first one is: a second must not interrupt what makes the equipment safe.
    """
    stopping = False

    def stop(number: int, _frame: FrameType | None) -> Any:
        nonlocal stopping
        if not stopping:
            stopping = True
            raise Interrupted(f"stopped by {signal.Signals(number).name}")

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def refuse_real_equipment(real: list[str]) -> None:
    """Refuse devices without `emulate`: their safe state after a killed bench is not proven yet.

    Raises ConfigError naming them.
    """
    if real:
        raise ConfigError(
            f"real equipment is not admitted yet: {', '.join(sorted(real))}. What makes it safe after the bench "
            "process is killed is not built and proven; give the device an `emulate` section"
        )
