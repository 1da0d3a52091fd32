"""The guardian: what a bench leaves dangerous when it is gone is safe within 2 s, on the emulators' own state."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from guarded_site import PATIENCE_S, Site, awaited, served_site

from bench import lease as lease_module
from bench.assembly.guardian import Guardian
from bench.assembly.guardian_process import RECORD_FILE, Record, act
from bench.lease import FOLDER_VARIABLE, Lease, take_lease
from instruments.errors import BenchError, ConfigError

SAFE_WITHIN_S = 2.0
BENCH = """
import json, socket, sys
from pathlib import Path
from bench.assembly.guardian import Guardian
from bench.assembly.guardian_process import Ward
from bench.lease import take_lease

folder, wards = Path(sys.argv[1]), [Ward.of(plain) for plain in json.loads(sys.argv[2])]
clients = []
with take_lease([ward.resource for ward in wards], "a bench that is killed", folder) as lease:
    guardian = Guardian(wards, folder, lease)
    for ward in wards:
        if ward.name == "grid_simulator":
            clients.append(socket.create_connection(("127.0.0.1", int(ward.resource.split("::")[2]))))
    print(guardian.pid, flush=True)
    sys.stdin.read()
"""
"""Stands for a bench: it has lease and guardian, is the one client of the source, and does nothing."""


@pytest.fixture(autouse=True)
def leases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "leases"))


@pytest.fixture
def site() -> Iterator[Site]:
    with served_site() as site:
        yield site


@dataclass
class Bench:
    process: subprocess.Popen[str]
    guardian_pid: int

    @property
    def is_guarded(self) -> bool:
        """Whether the guardian runs: a zombie that nobody fetches, its parent being gone, does not."""
        try:
            state = Path(f"/proc/{self.guardian_pid}/stat").read_text(encoding="ascii")
        except OSError:
            return False
        return state.rpartition(")")[2].split()[0] != "Z"


@contextmanager
def bench_of(site: Site, folder: Path) -> Iterator[Bench]:
    wards = json.dumps([ward.plain() for ward in site.wards.values()])
    command = [sys.executable, "-c", BENCH, str(folder), wards]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, start_new_session=True, **pipes)
    try:
        assert process.stdout is not None
        bench = Bench(process, int(process.stdout.readline()))
        try:
            yield bench
        finally:
            if bench.is_guarded:
                os.kill(bench.guardian_pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()


def recorded(folder: Path) -> list[dict[str, Any]]:
    text = (folder / RECORD_FILE).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_after_sigkill_everything_is_safe_within_two_seconds(site: Site, tmp_path: Path) -> None:
    """Also with a source that takes one client, which the bench was, and beside a device that never answers."""
    site.add_silent()
    with bench_of(site, tmp_path) as bench:
        site.make_hot()
        bench.process.kill()
        assert awaited(lambda: not site.hazards()) < SAFE_WITHIN_S, f"{site.hazards()} were left"
        assert bench.is_guarded, "it goes on with the device that does not answer"
        awaited(lambda: len(recorded(tmp_path)) == 4)
    first, *devices = recorded(tmp_path)
    assert first["because"] == f"process {bench.process.pid} is gone"
    assert {entry["device"] for entry in devices} == {"grid_simulator", "utility_inverter", "utility_battery"}
    assert all(entry["safe"] and entry["elapsed_s"] < SAFE_WITHIN_S for entry in devices), devices
    off = next(entry for entry in devices if entry["device"] == "grid_simulator")
    assert any("OUTP OFF" in exchange["address"] for exchange in off["exchanges"])


def test_no_signal_that_stops_the_bench_takes_the_guardian_away(site: Site, tmp_path: Path) -> None:
    """This bench handles no signal; it dies of the one to its group."""
    with bench_of(site, tmp_path) as bench:
        site.make_hot()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(bench.guardian_pid, number)
        os.killpg(bench.process.pid, signal.SIGTERM)
        awaited(lambda: not site.hazards())
        awaited(lambda: not bench.is_guarded)
    assert recorded(tmp_path)[-1]["unsafe"] == []


def test_the_guardian_keeps_no_folder_and_no_connection_until_it_acts(site: Site, tmp_path: Path) -> None:
    with bench_of(site, tmp_path) as bench:
        process = Path(f"/proc/{bench.guardian_pid}")
        if not process.is_dir():
            pytest.skip("this system does not show what a process has open")
        opened = {str(link.readlink()) for link in (process / "fd").iterdir()}
        assert not [name for name in opened if name.startswith("socket:")], opened
        kept = [name for name in opened if name.startswith(str(tmp_path))]
        assert all("/leases/" in name for name in kept), kept
        assert len(kept) == len(site.wards), "it holds the lease of each device"
        assert str((process / "cwd").readlink()) == "/"


def test_the_next_run_waits_for_the_guardian_and_then_takes_the_lease_over(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.add_silent()
    resource = site.wards["utility_battery"].resource
    monkeypatch.setattr(lease_module, "GUARDIAN_S", 0.0)
    with bench_of(site, tmp_path) as bench:
        bench.process.kill()
        bench.process.wait()
        with pytest.raises(ConfigError, match=rf"{re.escape(resource)} is driven by process {bench.process.pid} of"):
            take_lease([resource], "next")
        monkeypatch.setattr(lease_module, "GUARDIAN_S", PATIENCE_S)
        os.kill(bench.guardian_pid, signal.SIGKILL)
        with take_lease([resource], "next") as lease:
            assert f"what its guardian did is in {tmp_path}/{RECORD_FILE}" in lease.remarks[0]


def test_a_guardian_that_is_released_touches_nothing_and_leaves_no_record(site: Site, tmp_path: Path) -> None:
    site.make_hot()
    guardian = Guardian(list(site.wards.values()), tmp_path, Lease())
    guardian.require_alive()
    guardian.release()
    assert len(site.hazards()) == 4
    assert not (tmp_path / RECORD_FILE).exists()
    with pytest.raises(BenchError, match=r"the guardian .* is gone, with exit code 0"):
        guardian.require_alive()


def test_a_guardian_tries_what_the_bench_could_not_prove_and_says_what_came_of_it(site: Site, tmp_path: Path) -> None:
    site.make_hot()
    guardian = Guardian(list(site.wards.values()), tmp_path, Lease())
    assert guardian.act() == dict.fromkeys(site.wards, "made it safe")
    assert site.hazards() == []


def test_a_guardian_for_a_device_without_a_driver_does_not_come_up(site: Site, tmp_path: Path) -> None:
    ward = site.wards["utility_battery"]
    section = ward.device.model_copy(update={"driver": "sunspek"})
    with pytest.raises(BenchError, match="the guardian did not come up; nothing was energised"):
        Guardian([type(ward)(ward.name, section, ward.resource)], tmp_path, Lease())


def test_a_guardian_that_is_gone_is_noticed(site: Site, tmp_path: Path) -> None:
    guardian = Guardian(list(site.wards.values()), tmp_path, Lease())
    os.kill(guardian.pid, signal.SIGKILL)
    awaited(lambda: _is_noticed(guardian))
    guardian.release()


def _is_noticed(guardian: Guardian) -> bool:
    try:
        guardian.require_alive()
    except BenchError as error:
        return "exit code -9" in str(error)
    return False


def test_what_does_not_answer_is_tried_again_and_told_by_name(site: Site, tmp_path: Path) -> None:
    site.make_hot()
    site.add_silent()
    section = site.wards["silent"].device.model_copy(update={"timeout_s": 0.05})
    wards = [ward for name, ward in site.wards.items() if name != "silent"]
    wards.append(type(wards[0])("silent", section, site.wards["silent"].resource))
    outcomes = {o.device: o for o in act(wards, Record(str(tmp_path / RECORD_FILE)), "a test", limit_s=0.5)}
    assert [name for name, outcome in outcomes.items() if not outcome.safe] == ["silent"]
    assert outcomes["silent"].attempts > 1
    assert "gave no sound answer" in outcomes["silent"].error
    assert recorded(tmp_path)[-1]["unsafe"] == ["silent"]
    assert site.hazards() == []


def test_a_record_that_cannot_be_written_stops_nothing(site: Site, tmp_path: Path) -> None:
    site.make_hot()
    wards = list(site.wards.values())
    act(wards, Record(str(tmp_path / "no such folder" / RECORD_FILE)), "a test", limit_s=5.0)
    assert site.hazards() == []
