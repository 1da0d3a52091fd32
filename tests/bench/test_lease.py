"""The lease: one run drives real equipment, the next is told who, and a holder that is gone is no obstacle."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import lease as lease_module
from bench.lease import FOLDER_VARIABLE, take_lease
from instruments.errors import ConfigError

SOURCE, BATTERY, METER = "TCPIP0::10.0.0.5::5025::SOCKET", "modbus+tcp://10.0.0.6:502/1", "modbus+tcp://10.0.0.7:502/1"
OTHER_RUN = """
import sys
from bench.lease import take_lease
from instruments.errors import ConfigError
try:
    held = take_lease(sys.argv[1:], "the other bench")
except ConfigError as error:
    print(error, flush=True)
else:
    print("taken", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "leases"))
    return tmp_path / "leases"


@contextmanager
def other_run(*resources: str) -> Iterator[subprocess.Popen[str]]:
    """A process that takes a lease, says so, and holds it until it is told to end."""
    command = [sys.executable, "-c", OTHER_RUN, *resources]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_no_real_equipment_needs_no_lease(folder: Path) -> None:
    with take_lease([], "emulated") as lease:
        assert lease.files == []
    assert not folder.exists()


def test_benches_that_share_one_device_collide_and_the_holder_is_named() -> None:
    with other_run(SOURCE, BATTERY) as process:
        assert answer(process) == "taken"
        with pytest.raises(ConfigError) as refused:
            take_lease([METER, SOURCE], "mine")
    told = str(refused.value)
    assert told.startswith(f"{SOURCE} is driven by process {process.pid} of ")
    assert "bench 'the other bench', since 20" in told
    assert told.endswith("nothing was started")


def test_a_run_that_is_refused_keeps_nothing() -> None:
    with other_run(SOURCE) as process:
        assert answer(process) == "taken"
        with pytest.raises(ConfigError):
            take_lease([METER, BATTERY, SOURCE], "mine")
        with other_run(METER, BATTERY) as third:
            assert answer(third) == "taken"


def test_a_lease_that_was_given_back_is_taken_without_a_remark() -> None:
    for _ in range(2):
        with take_lease([SOURCE, BATTERY], "mine") as lease:
            assert (len(lease.files), lease.remarks) == (2, [])


def test_a_lease_whose_holder_was_killed_is_taken_over_with_a_remark() -> None:
    with other_run(SOURCE) as process:
        assert answer(process) == "taken"
        process.kill()
        process.wait()
        with take_lease([SOURCE], "mine") as lease:
            (remark,) = lease.remarks
    assert f"took over the lease of {SOURCE} from process {process.pid}" in remark


def test_while_the_lock_of_a_dead_holder_is_kept_by_its_guardian_the_next_run_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Here this process is the guardian: it has inherited the file. It ends in the third look."""
    mine = take_lease([SOURCE], "mine", environment=os.environ)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    record = json.loads(os.pread(mine.files[0], 4096, 0)) | {"pid": dead.pid}
    os.ftruncate(mine.files[0], 0)
    os.pwrite(mine.files[0], json.dumps(record).encode(), 0)
    looks, told = [], list[str]()

    def look(_wait_s: float) -> None:
        looks.append(1)
        if len(looks) == 3:
            os.close(mine.files.pop())

    monkeypatch.setattr(lease_module.time, "sleep", look)
    with take_lease([SOURCE], "next", tell=told.append) as lease:
        assert len(looks) == 3
        assert "waiting until its guardian has made it safe" in told[0]
        assert len(told) == 1
        assert f"from process {dead.pid}" in lease.remarks[0]


def test_of_runs_that_start_together_exactly_one_has_the_lease() -> None:
    command = [sys.executable, "-c", OTHER_RUN, SOURCE, BATTERY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    runs = [subprocess.Popen(command, text=True, **pipes) for _ in range(5)]
    try:
        answers = [answer(run) for run in runs]
    finally:
        for run in runs:
            run.kill()
            run.communicate()
    assert answers.count("taken") == 1, answers
    assert sum("is driven by" in text for text in answers) == 4, answers


def test_a_link_in_place_of_a_lease_is_not_followed(folder: Path, tmp_path: Path) -> None:
    take_lease([SOURCE], "mine").close()
    (lease,) = folder.iterdir()
    lease.unlink()
    precious = tmp_path / "precious"
    precious.write_text("text", encoding="utf-8")
    lease.symlink_to(precious)
    with pytest.raises(ConfigError, match="cannot open the lease"):
        take_lease([SOURCE], "mine")
    assert precious.read_text(encoding="utf-8") == "text"
