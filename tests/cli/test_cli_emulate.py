"""`bench emulate` as a process of its own, used by clients that nobody here wrote."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pyvisa
from bench_files import small_bench, written
from click.testing import CliRunner
from pymodbus.client import ModbusSerialClient
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from bench.cli import main

COMMAND = Path(sys.executable).with_name("bench")
PATIENCE_S = 20.0
"""Guards against a hang only."""


@contextmanager
def emulating(
    bench: str, *faults: str, record: Path | None = None
) -> Iterator[tuple[subprocess.Popen[str], dict[str, dict[str, Any]]]]:
    defects = [argument for fault in faults for argument in ("--fault", fault)]
    recording = ["--record", record] if record else []
    command = [COMMAND, "emulate", "--bench", bench, *defects, *recording]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        told = []
        for line in process.stdout:
            told.append(json.loads(line))
            if told[-1] == {"ready": True}:
                break
        assert told, "bench emulate ended without a word on stdout; its stderr says why"
        yield process, {endpoint["name"]: endpoint for endpoint in told[:-1]}
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[dict[str, dict[str, Any]]]:
    """The endpoints of a bench that is being emulated."""
    with emulating(written(small_bench(), tmp_path_factory.mktemp("served"))) as (_, endpoints):
        yield endpoints


@contextmanager
def scanned(endpoint: dict[str, Any]) -> Iterator[SunSpecModbusClientDeviceTCP]:
    host, _, port = endpoint["address"].partition(":")
    client = SunSpecModbusClientDeviceTCP(slave_id=endpoint["unit"], ipaddr=host, ipport=int(port), timeout=2)
    try:
        client.scan()
        yield client
    finally:
        client.close()


@contextmanager
def visa(endpoint: dict[str, Any]) -> Iterator[Any]:
    host, _, port = endpoint["address"].partition(":")
    manager = pyvisa.ResourceManager("@py")
    name = f"TCPIP0::{host}::{port}::SOCKET"
    session = manager.open_resource(name, read_termination="\n", write_termination="\n", timeout=2000)
    try:
        yield session
    finally:
        session.close()


def awaited(read: Callable[[], float], wanted: Callable[[float], bool]) -> float:
    """Read until a value is as wanted, and return it; the last value when it never is."""
    end_s = time.monotonic() + PATIENCE_S
    while not wanted(value := read()) and time.monotonic() < end_s:
        pass
    return value


def test_every_endpoint_is_told_with_name_role_protocol_address_and_unit(served):
    assert set(served) == set(small_bench()["devices"])
    assert all(list(e) == ["name", "role", "protocol", "address", "unit"] for e in served.values())
    told = {name: (e["role"], e["protocol"], e["unit"]) for name, e in served.items()}
    assert told["utility_pv"] == ("inverter", "modbus", 1)
    assert told["grid_simulator"] == ("grid_simulator", "scpi", None)
    assert all(e["address"].startswith("127.0.0.1:") for e in served.values()), "emulators bind to loopback"


def test_pysunspec2_scans_an_inverter_that_the_feeder_holds_up(served):
    with scanned(served["utility_pv"]) as client:
        assert {1, 701, 702, 704, 705} <= {key for key in client.models if isinstance(key, int)}
        assert client.models[1][0].SN.value == "utility_pv"
        ac, rating_w = client.models[701][0], client.models[702][0].WMaxRtg.cvalue

        def power_w() -> float:
            ac.read()
            return float(ac.W.cvalue)

        power = awaited(power_w, lambda watts: watts > 0.9 * rating_w)
        assert power > 0.9 * rating_w, "an early afternoon in June, clear sky"
        assert ac.LLV.cvalue == pytest.approx(12470.0, rel=0.06)


def test_plain_pyvisa_switches_the_source_and_the_inverter_behind_it_sees_that_alone(served):
    with visa(served["grid_simulator"]) as source, scanned(served["utility_inverter"]) as client:
        ac = client.models[701][0]

        def line_v() -> float:
            ac.read()
            return float(ac.LLV.cvalue)

        assert source.query("*IDN?").startswith("derbench,")
        assert line_v() == 0.0, "nothing is on before somebody switches it on"
        source.write("SOUR:VOLT1 121;VOLT2 121;VOLT3 121;FREQ 60;:OUTP ON")
        assert source.query("OUTP?") == "1"
        assert awaited(line_v, lambda volts: volts > 0.0) == pytest.approx(121.0 * 3**0.5, abs=0.1)
        source.write("OUTP OFF")
        assert source.query("OUTP?") == "0"
        assert awaited(line_v, lambda volts: volts == 0.0) == 0.0
        assert source.query("SYST:ERR?").startswith(("0,", "+0,"))


def test_an_analyzer_measures_what_the_source_puts_in_front_of_it(served):
    with visa(served["grid_simulator"]) as source, visa(served["power_analyzer"]) as analyzer:
        assert "power analyzer" in analyzer.query("*IDN?")
        assert analyzer.query("NUM:NORM:ITEM1?").startswith("U,1"), "the first number is the first phase's voltage"
        source.write("SOUR:VOLT1 119;VOLT2 119;VOLT3 119;FREQ 60;:OUTP ON")
        try:
            volts = awaited(lambda: float(analyzer.query("NUM:NORM:VAL?").split(",")[0]), lambda value: value > 100.0)
        finally:
            source.write("OUTP OFF")
        assert volts == pytest.approx(119.0, rel=0.003)


@pytest.mark.long
def test_a_device_on_a_serial_line_is_reached_by_other_clients_and_by_a_bench_of_its_own(tmp_path):
    """Its address is the port's name: that of a link to a pseudo-terminal, which goes when the emulators end."""
    port = tmp_path / "ttyUSB0"
    at = {"resource": f"modbus+rtu://{port}?baud=9600&parity=N/3"}
    real = small_bench(utility_battery={**at, "rating_kva": 25, "capacity_kwh": 50, "emulate": None})
    real["clock"] = {"mode": "wall"}
    (tmp_path / "real").mkdir()
    with emulating(written(small_bench(utility_battery=at), tmp_path)) as (process, endpoints):
        told = endpoints["utility_battery"]
        assert (told["protocol"], told["address"], told["unit"]) == ("modbus+rtu", str(port), 3)
        client = ModbusSerialClient(str(port), baudrate=9600, timeout=5)
        assert client.connect()
        assert client.read_holding_registers(40000, count=2, device_id=3).registers == [0x5375, 0x6E53]
        client.close()
        found = CliRunner().invoke(main, ["doctor", "--bench", written(real, tmp_path / "real")])
        assert f"ok     utility_battery: modbus+rtu://{port}?baud=9600&parity=N&stop=1/3 derbench" in found.output
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert not port.is_symlink()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_when_asked_to(tmp_path, number):
    with emulating(written(small_bench(), tmp_path)) as (process, _):
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
