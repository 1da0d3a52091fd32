"""Jobs spread over processes that stay for more than one; one that hangs or dies is told and replaced."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from bench.commands.one_core import one_core

J = TypeVar("J")
R = TypeVar("R")
_SPAWN = get_context("spawn")
"""Children start from nothing: an engine and its threads are not for inheriting."""


@dataclass(frozen=True)
class Lost:
    """What became of a job that gave no result."""

    why: str


def spread(
    work: Callable[[J], R], jobs: Iterable[J], processes: int, limit_s: float
) -> Iterator[tuple[J, R | Lost, float]]:
    """Do all jobs, and yield each with its result and the seconds it took, as they are done.

    `work` has to be a function of a module, jobs and results have to be picklable. A job over `limit_s` is ended.
    """
    waiting = deque(jobs)
    workers = [_Worker(work, number) for number in range(min(processes, len(waiting)))]
    try:
        while waiting or any(worker.busy for worker in workers):
            for worker in workers:
                if waiting and not worker.busy:
                    worker.begin(waiting.popleft())
            busy = [worker for worker in workers if worker.busy]
            ready = wait([worker.connection for worker in busy], timeout=_patience_s(busy, limit_s))
            for worker in busy:
                if worker.connection in ready:
                    yield worker.result()
                elif worker.taken_s > limit_s:
                    yield worker.give_up(f"it took more than {limit_s:g} s")
    finally:
        for worker in workers:
            worker.end()


def _patience_s(busy: "list[_Worker[J, R]]", limit_s: float) -> float:
    return max(0.0, limit_s - max(worker.taken_s for worker in busy)) + 0.1


class _Worker(Generic[J, R]):
    """A process and the job that it is on; each has a core of its own as far as they go."""

    def __init__(self, work: Callable[[J], R], number: int) -> None:
        self._work, self._number, self._job = work, number, deque[J]()
        self._start()

    @property
    def busy(self) -> bool:
        """Whether a job is on."""
        return bool(self._job)

    @property
    def taken_s(self) -> float:
        """For how long the job has been on."""
        return time.perf_counter() - self._begun_s

    def begin(self, job: J) -> None:
        """Hand a job over."""
        self._job.append(job)
        self._begun_s = time.perf_counter()
        with suppress(OSError):  # a process that has died is found when its result is fetched
            self.connection.send(job)

    def result(self) -> tuple[J, R | Lost, float]:
        """Fetch what came of the job."""
        try:
            found: R | Lost = self.connection.recv()
        except (EOFError, OSError):
            self._process.join()
            return self.give_up(f"its process ended with {self._process.exitcode}")
        return self._job.popleft(), found, self.taken_s

    def give_up(self, why: str) -> tuple[J, R | Lost, float]:
        """End the process with the job that is on, and start another."""
        taken_s = self.taken_s
        self.end()
        self._start()
        return self._job.popleft(), Lost(why), taken_s

    def end(self) -> None:
        """End the process, whatever it does."""
        self.connection.close()
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        self._begun_s = time.perf_counter()
        self.connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, self._work, self._number), daemon=True)
        self._process.start()
        theirs.close()


def _serve(connection: "Connection[object, object]", work: Callable[[object], object], number: int) -> None:
    """Do jobs until nobody sends any more."""
    with suppress(EOFError, KeyboardInterrupt), one_core(number):
        while True:
            job = connection.recv()
            try:
                result = work(job)
            except Exception as error:  # whatever a job raises is its result: the next job may go well
                result = Lost(f"{type(error).__name__}: {error}")
            connection.send(result)
