"""What no hostile input may bring about: a hang, or a file written where none belongs."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

HANG_S = 20.0
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod"}
_PROCESSES = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"}
_watching: list[list[str]] = []


@contextmanager
def within(seconds: float = HANG_S) -> Iterator[None]:
    """Fail in place of hanging; in the main thread."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"it still runs after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def nothing_written(but_below: Path) -> Iterator[None]:
    """Fail when a file is written or changed elsewhere than below a folder, or a process is started."""
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield
    finally:
        _watching.remove(seen)
    wrong = [what for what in seen if not what.partition(" ")[2].startswith((str(but_below), "/dev/null"))]
    assert not wrong, f"this was done to the machine: {wrong}"


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = flags & _WRITING if isinstance(flags, int) else any(letter in (mode or "") for letter in "wax+")
        if not writes or isinstance(path, int) or "__pycache__" in str(path):
            return
        _note("open", path)
    elif (event in _CHANGES and "__pycache__" not in str(arguments[0])) or event in _PROCESSES:
        _note(event, arguments[0])


def _note(event: str, path: Any) -> None:
    for seen in _watching:
        seen.append(f"{event} {Path(os.fsdecode(path)).absolute() if isinstance(path, str | bytes) else path}")


sys.addaudithook(_audit)
