"""What this process holds at a moment: threads, open files and sockets, contexts of the engine, memory."""

import gc
import resource
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from bench.feeder.context import contexts_made

_SELF = Path("/proc/self")
_DESCRIPTORS = Path("/dev/fd")


@dataclass(frozen=True)
class Footprint:
    """Counts, and resident memory in MB (where the system does not tell it, the largest so far)."""

    threads: int
    descriptors: int
    contexts: int
    memory_mb: float

    @classmethod
    def now(cls) -> "Footprint":
        """Take it, after what nobody holds any more has been collected."""
        gc.collect()
        return cls(_threads(), _descriptors(), contexts_made(), _memory_mb())


def _threads() -> int:
    """Count the threads of the process, those of libraries included where the system tells them."""
    tasks = _SELF / "task"
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()


def _descriptors() -> int:
    """Count open files, sockets and pipes; the listing's own one is not counted."""
    return len(list(_DESCRIPTORS.iterdir())) - 1


def _memory_mb() -> float:
    status = _SELF / "status"
    if not status.is_file():
        return _largest_memory_mb()
    resident = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS:"))
    return int(resident.split()[1]) / 1024.0


def _largest_memory_mb() -> float:
    """Return the largest resident memory of this process so far, MB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kibibytes here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
