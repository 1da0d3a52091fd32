"""Jobs in other processes: what comes back, and what is told of those that raise, die or hang."""

import os
import threading

from bench.commands.workers import Lost, spread

LONG_S = 120.0


def work(job: str) -> str:
    if job == "raise":
        raise ValueError("no good")
    if job == "die":
        os._exit(7)
    if job == "hang":
        threading.Event().wait()
    return job.upper()


def done(jobs: list[str], processes: int = 2, limit_s: float = LONG_S) -> dict[str, str | Lost]:
    return {job: found for job, found, _ in spread(work, jobs, processes, limit_s)}


def test_every_job_is_done_once_and_comes_back_with_its_result() -> None:
    jobs = [f"job {number}" for number in range(7)]
    found = list(spread(work, jobs, 2, LONG_S))
    assert sorted(job for job, _, _ in found) == jobs
    assert all(result == job.upper() for job, result, _ in found)
    assert all(taken_s >= 0.0 for _, _, taken_s in found)


def test_nothing_to_do_is_nothing_done() -> None:
    assert done([]) == {}


def test_a_job_that_raises_or_takes_its_process_along_is_told_and_the_others_are_done() -> None:
    found = done(["raise", "one", "die", "two", "three"])
    assert found["raise"] == Lost("ValueError: no good")
    assert found["die"] == Lost("its process ended with 7")
    assert [found[name] for name in ("one", "two", "three")] == ["ONE", "TWO", "THREE"]


def test_a_job_that_hangs_is_ended_and_the_next_is_done() -> None:
    found = done(["hang", "one"], processes=1, limit_s=5.0)
    assert found["hang"] == Lost("it took more than 5 s")
    assert found["one"] == "ONE"
