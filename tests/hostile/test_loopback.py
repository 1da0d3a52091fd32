"""Emulators know no users: none listens where other machines reach it unless the bench file says so."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.cli import DEFAULT_BENCH, main
from bench.config import load_bench
from instruments.errors import ConfigError
from tests.cli.bench_files import EMULATED, SITE, small_bench, written

COMMAND = Path(sys.executable).with_name("bench")
EVERYWHERE = "0.0.0.0"  # noqa: S104  what has to be refused
LISTENING = "0A"
LOOPBACK = "0100007F"
ROLES = {device["role"]: name for name, device in EMULATED["devices"].items() if "emulate" in device}


def moved(resource: str, host: str) -> str:
    return resource.replace("127.0.0.1", host)


def faults_of(bench: dict[str, Any], folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_bench(Path(written(bench, folder)))
    return str(caught.value)


@pytest.mark.parametrize("name", [*SITE, "utility_pv"])
@pytest.mark.parametrize("host", [EVERYWHERE, "192.0.2.7", "bench.plant", "0", "127.1", "localhost.plant"])
def test_an_emulator_elsewhere_than_on_loopback_is_refused(tmp_path: Path, name: str, host: str) -> None:
    bench = small_bench()
    bench["devices"][name]["resource"] = moved(bench["devices"][name]["resource"], host)
    message = faults_of(bench, tmp_path)
    assert f"devices.{name}.emulate: it would listen at {host}" in message
    assert "expose: true" in message


@pytest.mark.parametrize("role", sorted(ROLES))
def test_so_it_is_for_every_role(tmp_path: Path, role: str) -> None:
    name = ROLES[role]
    section = load_bench(DEFAULT_BENCH).devices[name].model_dump(mode="json", exclude_unset=True)
    bench = small_bench()
    bench["devices"][name] = section | {"resource": moved(section["resource"], EVERYWHERE)}
    assert f"devices.{name}.emulate: it would listen at {EVERYWHERE}" in faults_of(bench, tmp_path)


def test_an_emulator_behind_a_gateway_is_judged_by_where_it_listens(tmp_path: Path) -> None:
    bench = small_bench(utility_pv={"resource": "modbus+tcp://192.0.2.7:502/1"})
    bench["devices"]["utility_pv"]["emulate"]["listen"] = "127.0.0.1:5602"
    load_bench(Path(written(bench, tmp_path)))
    bench["devices"]["utility_pv"]["emulate"]["listen"] = f"{EVERYWHERE}:5602"
    assert f"it would listen at {EVERYWHERE}" in faults_of(bench, tmp_path)


def test_who_says_so_is_warned_and_served(tmp_path: Path) -> None:
    bench = small_bench(utility_pv={"resource": f"modbus+tcp://{EVERYWHERE}:0/1"})
    bench["devices"]["utility_pv"]["emulate"]["expose"] = True
    file = written(bench, tmp_path)
    assert load_bench(Path(file)).exposed == {"utility_pv": f"{EVERYWHERE}:0"}
    told = CliRunner().invoke(main, ["doctor", "--bench", file]).output
    assert f"the emulated utility_pv listens at {EVERYWHERE}:0: every machine that reaches it may command it" in told
    served, warned = emulated(file)
    assert f"warning: the emulated utility_pv listens at {EVERYWHERE}:0" in warned
    assert sorted(address == LOOPBACK for address in served).count(False) == 1


def test_bench_emulate_binds_every_endpoint_and_every_fleet_to_loopback() -> None:
    served, warned = emulated(str(DEFAULT_BENCH))
    assert len(served) > len(load_bench(DEFAULT_BENCH).devices) - 2, "each device has a port of its own"
    assert set(served) == {LOOPBACK}
    assert warned == ""


def emulated(bench: str) -> tuple[list[str], str]:
    """Start `bench emulate`; return the addresses on which its process listens, as the kernel has them, and stderr."""
    command = [COMMAND, "emulate", "--bench", bench]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        ready = any('"ready"' in line for line in process.stdout)
        served = listening(process.pid)
    finally:
        process.terminate()
        _, warned = process.communicate(timeout=30.0)
    assert ready, warned
    return served, warned


def listening(pid: int) -> list[str]:
    links = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            links.append(str(entry.readlink()))
    inodes = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    found = []
    for table in ("tcp", "tcp6"):
        lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        fields = [line.split() for line in lines]
        found += [f[1].partition(":")[0] for f in fields if f[3] == LISTENING and f[9] in inodes]
    return found
