"""Whether anything is left behind: many runs in one process, one after the other."""

import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bench.commands.figures import Figure
from bench.commands.footprint import Footprint
from bench.commands.run import RunRequest, run
from bench.fault_cases import BENCH
from instruments.errors import BenchError

RUNS, SETTLED = 200, 20
"""How many runs, and after how many everything that is made once has been made."""
STORY = "then with demand response"
TRIAL = "A blocked tap changer stays"
STORY_EVERY = 10
"""Every so many runs the whole of scenario 1 is played, else a trial of a few seconds on the same bench."""


def runs_figures(name: str) -> Iterator[Figure]:
    """Yield the mean time of a run, s, and what the process holds at the end with what it held once settled (`raw`).

    Every run goes the way of `bench run` on the quick bench: emulators served, drivers connected, a run directory
    written. Raises BenchError when one does not end in PASS.
    """
    begun_s = time.perf_counter()
    settled, last = footprints(RUNS, SETTLED)
    yield Figure(name, (time.perf_counter() - begun_s) / RUNS, "s", note=f"mean of {RUNS} runs in one process")
    since = f"raw: after {SETTLED} runs"
    yield Figure(f"{name}_threads", last.threads, "threads", settled.threads, since)
    yield Figure(f"{name}_descriptors", last.descriptors, "files and sockets", settled.descriptors, since)
    yield Figure(f"{name}_contexts", last.contexts, "engine contexts", settled.contexts, since)
    yield Figure(f"{name}_memory", last.memory_mb, "MB", settled.memory_mb, since)


def footprints(runs: int, settled: int) -> tuple[Footprint, Footprint]:
    """Play so many runs, and return what the process holds after the first few of them and after all."""
    taken: list[Footprint] = []
    with TemporaryDirectory() as folder:
        for number in range(1, runs + 1):
            _run(Path(folder), STORY if number % STORY_EVERY == 0 else TRIAL)
            if number in (settled, runs):
                taken.append(Footprint.now())
    return taken[0], taken[-1]


def _run(folder: Path, scenario: str) -> None:
    """Play a scenario into a place below a folder, and take that away again."""
    with TemporaryDirectory(dir=folder) as place:
        request = RunRequest((), BENCH, Path(place) / "run", scenario=scenario, compare=False, render=False)
        code = run(request, Console(file=StringIO()))
    if code != 0:
        raise BenchError(f"a run of {scenario!r} ended with exit code {code}, not with PASS: what is left says nothing")
