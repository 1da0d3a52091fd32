"""Runs on equipment in another process, ended in every way there is: what the equipment was left in, and who says so.

The storage site is real for the run: no `emulate`, wall time, a lease, a guardian. It is looked at by clients that
nobody here wrote, and by the record of what arrived at it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from bench_files import EMULATED, SITE, small_bench, written
from relay import Relay

from bench.cli import DEFAULT_BENCH
from tests.cli.test_cli_emulate import COMMAND, PATIENCE_S, scanned, visa

pytestmark = pytest.mark.long

SAFE_WITHIN_S = 2.0
START_S = 90.0
RATINGS = ("rating_kva", "capacity_kwh", "dc_source")
"""What a bench has to know of equipment that is real."""
SCENARIO = "then with demand response"
ES_WRITE = bytes.fromhex("06 9d57")
"""Writing one register, ES of model 703 of the emulated inverter."""


@dataclass
class Equipment:
    """The storage site in a process of its own."""

    endpoints: dict[str, dict[str, Any]]
    record: Path

    def make_hot(self) -> None:
        """Command inverter and battery without an end, once the run has switched the source on."""
        awaited(lambda: self.source_is_on, START_S)
        for name in ("utility_inverter", "utility_battery"):
            with scanned(self.endpoints[name]) as client:
                if 703 in client.models:
                    write(client.models[703][0], ES=1)
                write(client.models[704][0], WSetMod=1, WSet=10)
                write(client.models[704][0], WSetEna=1)
        assert len(self.hazards()) == 4, "the site has to be hot for a test to mean anything"

    @property
    def source_is_on(self) -> bool:
        with visa(self.endpoints["grid_simulator"]) as source:
            return source.query("OUTP?") == "1"

    def hazards(self) -> list[str]:
        """What is alive or commanded."""
        with visa(self.endpoints["grid_simulator"]) as source:
            alive = max(float(volts) for volts in source.query("MEAS:VOLT?").split(",")) > 10.0
        with (
            scanned(self.endpoints["utility_inverter"]) as inverter,
            scanned(self.endpoints["utility_battery"]) as battery,
        ):
            found = {
                "the source is on": alive or self.source_is_on,
                "the inverter may be in service": inverter.models[703][0].ES.value != 0,
                "the inverter holds a set-point": inverter.models[704][0].WSetEna.value != 0,
                "the battery holds a set-point": battery.models[704][0].WSetEna.value != 0,
            }
        return [hazard for hazard, there in found.items() if there]

    def received(self, since_s: float, operation: str) -> list[dict[str, Any]]:
        """What arrived since a moment of the system's monotonic clock."""
        lines = map(json.loads, self.record.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line["time_s"] >= since_s and line["operation"] == operation]


def write(model: Any, **values: int) -> None:
    for name, value in values.items():
        model.points[name].value = value
    model.write()
    model.read()


def awaited(seen: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    end_s = time.monotonic() + patience_s
    while not seen():
        assert time.monotonic() < end_s, "what was awaited did not happen"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def equipment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Equipment]:
    folder = tmp_path_factory.mktemp("equipment")
    record = folder / "received.jsonl"
    command = [COMMAND, "emulate", "--bench", written(small_bench(), folder), "--record", record]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = []
        while (line := json.loads(process.stdout.readline())) != {"ready": True}:
            told.append(line)
        equipment = Equipment({endpoint["name"]: endpoint for endpoint in told}, record)
        with scanned(equipment.endpoints["utility_inverter"]) as client:
            write(client.models[703][0], ESDlyTms=0, ESRmpTms=1)  # a scenario waits until it is in service
        yield equipment
    finally:
        process.terminate()
        process.communicate()


@dataclass
class Run:
    """A run that is going on, and what it left."""

    process: subprocess.Popen[str]
    out: Path
    bench: Path

    def end(self, *numbers: signal.Signals) -> int:
        """Send signals, one when the one before has been taken, and wait; return the exit code."""
        for number in numbers:
            self.process.send_signal(number)
        return self.process.wait(START_S)

    @property
    def reason(self) -> str:
        scenarios = json.loads((self.out / "run.json").read_text(encoding="utf-8"))["scenarios"]
        return str(scenarios[0]["reason"])

    @property
    def guardian_pid(self) -> int:
        """The only child in a session of its own."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        (pid,) = [int(word) for word in children.split() if os.getsid(int(word)) == int(word)]
        return pid

    def guardian_record(self) -> list[dict[str, Any]]:
        path = self.out / "guardian.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def start(equipment: Equipment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Run]]:
    """Start runs on the real site; `relays` stand before some devices, `changes` are of the source's section."""
    monkeypatch.setenv("DERBENCH_LEASES", str(tmp_path / "leases"))
    runs: list[Run] = []
    used: list[Relay] = []

    def begin(relays: dict[str, Relay] | None = None, **changes: Any) -> Run:
        used.extend((relays or {}).values())
        path = real_bench(tmp_path, equipment, relays or {}, changes)
        out = tmp_path / f"run{len(runs)}"
        command = [COMMAND, "run", "--bench", path, "--scenario", SCENARIO, "--out", out]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        runs.append(Run(process, out, path))
        return runs[-1]

    yield begin
    for run in runs:
        run.process.kill()
        run.process.communicate()
    for relay in used:
        relay.cut()


def real_bench(folder: Path, equipment: Equipment, relays: dict[str, Relay], changes: dict[str, Any]) -> Path:
    """The emulated bench in wall time, its storage site at the equipment's addresses, or at relays before them."""
    bench = yaml.safe_load(yaml.safe_dump(EMULATED))
    beside = DEFAULT_BENCH.parent
    bench["feeder"] = {key: str((beside / path).resolve()) for key, path in bench["feeder"].items()}
    for device in bench["devices"].values():
        if "point_map" in device:
            device["point_map"] = str((beside / device["point_map"]).resolve())
    bench.pop("scenarios")
    bench["clock"] = {"mode": "wall", "step_s": 1.0, "slip_tolerance_s": 30.0}
    for name in SITE:
        port = relays[name].port if name in relays else int(equipment.endpoints[name]["address"].split(":")[1])
        modbus = equipment.endpoints[name]["protocol"] == "modbus"
        emulated = bench["devices"][name].pop("emulate")
        bench["devices"][name] |= {key: emulated[key] for key in RATINGS if key in emulated}
        bench["devices"][name]["resource"] = (
            f"modbus+tcp://127.0.0.1:{port}/1" if modbus else f"TCPIP0::127.0.0.1::{port}::SOCKET"
        )
    bench["devices"]["grid_simulator"] |= changes
    return Path(written(bench, folder))


def test_sigkill_leaves_everything_safe_within_two_seconds(equipment: Equipment, start: Callable[..., Run]) -> None:
    run = start()
    equipment.make_hot()
    killed_s = time.monotonic()
    run.process.kill()
    awaited(lambda: len(run.guardian_record()) == 5)
    assert equipment.hazards() == []
    assert run.guardian_record()[-1]["unsafe"] == []
    offs = [m for m in equipment.received(killed_s, "message") if "OUTP OFF" in m["values"][0]]
    writes = equipment.received(killed_s, "write")
    assert {line["endpoint"] for line in writes} == {"utility_inverter", "utility_battery"}
    late_s = max(line["time_s"] for line in (*offs, *writes)) - killed_s
    assert offs
    assert late_s < SAFE_WITHIN_S, f"the last of it arrived {late_s:.2f} s after the kill"
    verified = subprocess.run([COMMAND, "verify", run.out], capture_output=True, text=True, check=False)
    assert verified.returncode == 5, verified.stdout + verified.stderr


@pytest.mark.parametrize("numbers", [(signal.SIGINT,), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM,)])
def test_a_signal_aborts_and_leaves_everything_safe(
    equipment: Equipment, start: Callable[..., Run], numbers: tuple[signal.Signals, ...]
) -> None:
    run = start()
    equipment.make_hot()
    assert run.end(*numbers) == 4
    assert equipment.hazards() == []
    assert f"stopped by {numbers[0].name}" in run.reason
    assert run.guardian_record() == [], "the bench did it itself"


def test_a_second_run_and_a_doctor_are_refused_and_told_who_has_the_bench(
    equipment: Equipment, start: Callable[..., Run]
) -> None:
    run = start()
    awaited(lambda: equipment.source_is_on, START_S)
    for command in (["run", "--out", run.out.with_name("second")], ["doctor"]):
        refused = subprocess.run(
            [COMMAND, *command, "--bench", run.bench], capture_output=True, text=True, timeout=START_S, check=False
        )
        assert refused.returncode == 2, refused.stdout + refused.stderr
        assert f"is driven by process {run.process.pid} of" in refused.stderr
    assert not run.out.with_name("second").exists(), "nothing was started"
    assert run.end(signal.SIGINT) == 4


def test_a_run_whose_guardian_is_gone_ends_as_an_error_and_safe(
    equipment: Equipment, start: Callable[..., Run]
) -> None:
    run = start()
    equipment.make_hot()
    os.kill(run.guardian_pid, signal.SIGKILL)
    assert run.end() == 3
    assert equipment.hazards() == []
    assert "the guardian" in run.reason
    assert "is gone" in run.reason


def test_a_lost_link_to_the_analyzer_is_an_error_and_the_rest_is_safe(
    equipment: Equipment, start: Callable[..., Run]
) -> None:
    relay = Relay(equipment.endpoints["power_analyzer"]["address"])
    run = start({"power_analyzer": relay})
    equipment.make_hot()
    relay.cut()
    assert run.end() == 3
    assert equipment.hazards() == []
    assert "utility_inverter could not be proven safe" not in run.reason
    assert "utility_battery could not be proven safe" not in run.reason


def test_a_lost_link_to_the_source_is_told_by_name_and_the_others_are_safe(
    equipment: Equipment, start: Callable[..., Run]
) -> None:
    relay = Relay(equipment.endpoints["grid_simulator"]["address"])
    run = start({"grid_simulator": relay})
    equipment.make_hot()
    relay.cut()
    assert run.end() == 3
    try:
        assert equipment.hazards() == ["the source is on"]
        assert "grid_simulator could not be proven safe" in run.reason
        assert run.guardian_record()[-1]["unsafe"] == ["grid_simulator"]
    finally:
        with visa(equipment.endpoints["grid_simulator"]) as source:
            source.query("OUTP OFF;*OPC?")


def test_a_device_that_falls_silent_in_its_shutdown_is_told_and_delays_no_other(
    equipment: Equipment, start: Callable[..., Run]
) -> None:
    relay = Relay(equipment.endpoints["utility_inverter"]["address"])
    run = start({"utility_inverter": relay})
    equipment.make_hot()
    relay.fall_silent_after(ES_WRITE)
    assert run.end(signal.SIGINT) == 3, "an abort that cannot be proven safe is an error"
    assert equipment.hazards() == ["the inverter holds a set-point"], "it heard the first of two writes"
    assert "utility_inverter could not be proven safe" in run.reason
    assert "grid_simulator could not" not in run.reason
    assert "utility_battery could not" not in run.reason


def test_a_start_that_fails_half_way_sends_no_set_point_and_leaves_everything_safe(
    equipment: Equipment, start: Callable[..., Run]
) -> None:
    """The feeder has about 118 V at the site, and the envelope ends at 100 V."""
    begun_s = time.monotonic()
    run = start(limits={"voltage_v": [0, 100], "frequency_hz": [45, 65], "current_a": 100})
    assert run.end() == 3
    assert equipment.hazards() == []
    messages = [line["values"][0] for line in equipment.received(begun_s, "message")]
    assert any("OUTP OFF" in message for message in messages)
    assert not [m for m in messages if "OUTP ON" in m or "VOLT1 1" in m], messages
    assert "is outside 0 to 100" in run.reason


def test_storage_releases_its_set_point_by_itself_when_bench_and_guardian_are_gone(equipment: Equipment) -> None:
    """The last resort: the reversion time of model 704, which every command to storage carries."""
    endpoint = equipment.endpoints["utility_battery"]
    host, _, port = endpoint["address"].partition(":")
    script = (
        "import os, signal\n"
        "from instruments import ModbusConnections, SunSpecBattery\n"
        f"battery = SunSpecBattery(ModbusConnections().link({host!r}, {port}, {endpoint['unit']}))\n"
        "battery.set_power_w(10e3, 2.0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert "the battery holds a set-point" in equipment.hazards()
    awaited(lambda: equipment.hazards() == [])
