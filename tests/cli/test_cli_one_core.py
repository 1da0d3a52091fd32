"""A run on emulators keeps to one core, and gives the others back."""

import os
import threading

import pytest

from bench.commands.one_core import one_core

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="here no thread can be kept on a core")


def cores() -> set[int]:
    return set(os.sched_getaffinity(0))


def test_a_thread_and_those_that_it_starts_keep_to_one_core_and_get_all_back() -> None:
    before, seen = cores(), list[set[int]]()
    with one_core():
        helper = threading.Thread(target=lambda: seen.append(cores()))
        helper.start()
        helper.join()
        assert len(cores()) == 1, cores()
        assert seen == [cores()], "a thread started inside works on another core"
    assert cores() == before


def test_neighbouring_workers_take_different_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    if len(cores()) == 1:
        pytest.skip("this machine has one core")
    taken = []
    for worker in ("gw0", "gw1"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        with one_core():
            taken.append(cores())
    assert taken[0].isdisjoint(taken[1]), taken


def test_one_core_inside_another_stays_where_it_is() -> None:
    with one_core(0):
        outer = cores()
        with one_core(1):
            assert cores() == outer, "there is no other core to go to"
