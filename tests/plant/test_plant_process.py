"""The run as a process of its own, in wall time: what a person sees who stops it, and what is on the bench then."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from plant_bench import ROOT, variant, write_bench

COMMAND = [sys.executable, "-c", "from bench.cli import main; main()"]
ABORTED = 4
DEAD = (0.0, 0.0, 0.0)
STARTED_WITHIN = 300
"""Turns of a tenth of a second that a run gets to switch its source on."""


@pytest.fixture
def stopped(tmp_path: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A run on the wall clock that is told to stop as soon as its plant steps behind a source that is on."""
    changes = {"clock.mode": "wall", "scenarios": {}}  # those of the bench file take long steps, in virtual time
    bench = write_bench(tmp_path / "wall.yaml", variant(changes))
    out = tmp_path / "run"
    process = subprocess.Popen(
        [*COMMAND, "run", "--bench", str(bench), "--out", str(out)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until_stepping(process, out / "wire.jsonl")
        process.terminate()
        told, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    return subprocess.CompletedProcess(process.args, process.returncode, told), out


def wait_until_stepping(process: subprocess.Popen[str], wire: Path) -> None:
    """Return when the plant has begun to step behind a source that is on."""
    for _ in range(STARTED_WITHIN):
        text = wire.read_text(encoding="ascii") if wire.exists() else ""
        if ":NUM:NORM:VAL?" in text:
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            pytest.fail(f"the run ended by itself: {process.communicate()[0]}")
    pytest.fail("the run does not get under way")


def test_a_run_that_is_stopped_says_so_and_leaves_its_source_off(
    stopped: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, out = stopped
    assert done.returncode == ABORTED, done.stdout
    assert "Traceback" not in done.stdout
    run = json.loads((out / "run.json").read_text(encoding="ascii"))
    assert (run["complete"], run["verdict"]) == (True, "ABORTED")
    assert "SIGTERM" in run["scenarios"][0]["reason"]
    wire = [json.loads(line) for line in (out / "wire.jsonl").read_text(encoding="ascii").splitlines()]
    last = [line for line in wire if line["endpoint"] == "grid_simulator"][-1]
    assert last["address"].startswith(":OUTP OFF;")
    assert last["values"] == [1, 0, *DEAD], "completed, switch read back as off, no voltage measured"
