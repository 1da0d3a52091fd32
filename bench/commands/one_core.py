"""Keeps a run whose equipment is emulated on one processor core.

Emulators answer in a thread of their own while the bench waits for them, so the two never work at the same time; to
hand over between two cores costs more than the work that is handed over (measured: a fifth of a run's time).
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROCESSOR_FIELD = 36
"""Of `/proc/thread-self/stat`, counted behind the name in parentheses: the core that the thread ran on last."""


@contextmanager
def one_core(number: int | None = None) -> Iterator[None]:
    """Keep this thread, and those that it starts, on one of its cores; nothing happens where there is no such call.

    `number` chooses the core, modulo their count; without it a worker of pytest-xdist takes the one of its own number,
    and everybody else stays on the core where the kernel has put him.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {_chosen(sorted(allowed), number)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _chosen(cores: list[int], number: int | None) -> int:
    if number is None and (worker := re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", ""))):
        number = int(worker[1])
    if number is not None:
        return cores[number % len(cores)]
    current = _current_core()
    return current if current in cores else cores[0]


def _current_core() -> int:
    text = Path("/proc/thread-self/stat").read_text(encoding="ascii", errors="replace")
    return int(text.rpartition(")")[2].split()[_PROCESSOR_FIELD])
