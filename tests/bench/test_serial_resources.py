"""Devices on serial lines as a bench has them: addresses, ports that are shared, leases, the guardian, the doctor."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench.assembly.admission import real_resources
from bench.assembly.guardian_process import Record, Ward, act
from bench.assembly.resources import parse_resource
from bench.cli import main
from bench.config import BenchFile, Device, load_bench
from bench.config.addresses import wrong_addresses, wrong_lines
from bench.lease import take_lease
from instruments import ModbusConnections, SunSpecBattery, SunSpecInverter
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_rtu import RtuLine
from instruments.emulators.modbus_server import ModbusServer
from instruments.errors import ConfigError
from instruments.transports.serial_line import SerialLine
from tests.cli.bench_files import small_bench, written

BENCH = load_bench(Path(__file__).parents[2] / "fixtures" / "benches" / "emulated.yaml")
PTY = "modbus+rtu://pty:line?baud=115200/{}"


@pytest.mark.parametrize(
    ("text", "line", "unit"),
    [
        ("modbus+rtu:///dev/ttyUSB0?baud=9600/1", SerialLine("/dev/ttyUSB0", 9600, "E", 1), 1),
        ("modbus+rtu:///dev/ttyS1?baud=19200&parity=N&stop=2/247", SerialLine("/dev/ttyS1", 19200, "N", 2), 247),
        ("modbus+rtu:///dev/serial/by-id/usb-FTDI_A1-if00?stop=1&baud=1200&parity=O/3",
         SerialLine("/dev/serial/by-id/usb-FTDI_A1-if00", 1200, "O", 1), 3),
        ("modbus+rtu://pty:line_a?baud=9600/2", SerialLine("pty:line_a", 9600), 2),
    ],
)  # fmt: skip
def test_a_serial_resource_is_read_and_written_as_it_is(text: str, line: SerialLine, unit: int) -> None:
    resource = parse_resource(text)
    assert (resource.line, resource.unit, resource.protocol, resource.place) == (line, unit, "modbus+rtu", line.path)
    assert parse_resource(str(resource)) == resource
    assert resource.on_loopback, "nobody on a network reaches it"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("modbus+rtu:///dev/ttyUSB0/1", "is at modbus+rtu:///dev/PORT?baud=9600/UNIT"),
        ("modbus+rtu:///dev/ttyUSB0?baud=9600", "is at modbus+rtu:///dev/PORT?baud=9600/UNIT"),
        ("modbus+rtu://ttyUSB0?baud=9600/1", "is at modbus+rtu:///dev/PORT?baud=9600/UNIT"),
        ("modbus+rtu:///dev/ttyUSB0?parity=N/1", "does not say its baud rate"),
        ("modbus+rtu:///dev/ttyUSB0?baud=9601/1", "460800, 921600, not '9601'"),
        ("modbus+rtu:///dev/ttyUSB0?baud=9600&parity=X/1", "parity is one of N, E, O, not 'X'"),
        ("modbus+rtu:///dev/ttyUSB0?baud=9600&stop=3/1", "stop is one of 1, 2"),
        ("modbus+rtu:///dev/ttyUSB0?baud=9600&partiy=N/1", "did you mean 'parity'"),
        ("modbus+rtu:///dev/ttyUSB0?baud=9600&baud=9600/1", "says baud twice"),
        ("modbus+rtu:///dev/ttyUSB0?baud=9600/0", "a unit outside 1 to 247"),
        ("modbus+rtu:///dev/ttyUSB0?baud=9600/248", "a unit outside 1 to 247"),
    ],
)
def test_a_resource_that_is_none_is_told_with_what_it_should_be(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        parse_resource(text)


def device(resource: str, **more: Any) -> Device:
    return Device.model_validate({"role": "battery", "driver": "sunspec", "resource": resource, **more})


def test_devices_on_one_port_agree_on_how_it_is_set() -> None:
    at = "modbus+rtu:///dev/ttyUSB0?baud={}/{}"
    devices = {"a": device(at.format(9600, 1)), "b": device(at.format(19200, 2)), "c": device(at.format(9600, 1))}
    assert list(wrong_lines(devices)) == ["devices.b: /dev/ttyUSB0 is 19200 8E1 here, and 9600 8E1 for a"]
    emulated = {name: found.model_copy(update={"emulate": BENCH.devices["utility_battery"].emulate})
                for name, found in devices.items()}  # fmt: skip
    assert "devices.c: a has unit 1 on /dev/ttyUSB0 already" in list(wrong_lines(emulated))
    mixed = devices | {"b": emulated["c"].model_copy(update={"resource": at.format(9600, 5)})}
    assert list(wrong_lines(mixed)) == [
        "devices.b: /dev/ttyUSB0 has an emulated device and a real one, a, on it",
    ]


def test_two_names_of_one_port_are_one_port(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").write_text("")
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyUSB0")
    devices = {n: device(f"modbus+rtu://{tmp_path}/{n}?baud={b}/1") for n, b in (("ttyUSB0", 9600), ("by-id", 19200))}
    assert list(wrong_lines(devices)) == [
        f"devices.by-id: {tmp_path}/by-id is 19200 8E1 here, and 9600 8E1 for ttyUSB0"
    ]


def test_a_pseudo_terminal_is_no_place_for_a_real_device_and_a_serial_one_listens_nowhere_else() -> None:
    assert "a real one is at a port" in next(iter(wrong_addresses({"a": device("modbus+rtu://pty?baud=9600/1")})))
    elsewhere = device("modbus+rtu://pty?baud=9600/1", emulate={"listen": "127.0.0.1:0"})
    assert "emulate.listen" in next(iter(wrong_addresses({"a": elsewhere})))


def with_real(**resources: str) -> BenchFile:
    real = {name: {"emulate": None, "resource": resource} for name, resource in resources.items()}
    devices = {name: found.model_copy(update=real.get(name, {})) for name, found in BENCH.devices.items()}
    return BENCH.model_copy(update={"devices": devices})


def test_a_port_is_leased_whole_and_under_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").write_text("")
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyUSB0")
    port, name = f"modbus+rtu://{tmp_path}/ttyUSB0?baud=9600", f"modbus+rtu://{tmp_path}/by-id?baud=9600"
    wanted = real_resources(with_real(utility_battery=f"{port}/1", utility_inverter=f"{name}/2"))
    assert wanted == {f"modbus+rtu://{tmp_path}/ttyUSB0"}
    folder = {"DERBENCH_LEASES": str(tmp_path / "leases")}
    with take_lease(wanted, "first", environment=folder), pytest.raises(ConfigError, match="first"):
        take_lease(real_resources(with_real(utility_dg=f"{name}/7")), "second", environment=folder)


def test_the_guardian_makes_safe_all_on_one_line_one_after_the_other(tmp_path: Path) -> None:
    battery, inverter = BatteryEmulator("store", 25.0, 50.0), InverterEmulator("pv", 25.0)
    inverter.node.apply((277.0,) * 3)
    with EmulatorHost() as host:
        line = host.serve_terminal(lambda terminal: RtuLine(terminal, 115200))
        for unit, registers in ((1, battery.registers), (2, inverter.registers)):
            line.add(ModbusServer(host, {unit: registers}))
        with ModbusConnections() as connections:
            at = SerialLine(line.path, 115200)
            SunSpecBattery(connections.serial_link(at, 1)).set_power_w(5000.0, 3600.0)
            SunSpecInverter(connections.serial_link(at, 2)).enter_service()
        wards = [
            Ward(name, device(text, role=role, timeout_s=0.5), text)
            for unit, (name, role) in enumerate({"store": "battery", "pv": "inverter", "gone": "battery"}.items(), 1)
            for text in [f"modbus+rtu://{line.path}?baud=115200/{unit}"]
        ]
        outcomes = {found.device: found for found in act(wards, Record(str(tmp_path / "record")), "a test", 3.0)}
    assert [outcomes[name].safe for name in ("store", "pv", "gone")] == [True, True, False], outcomes
    assert "gave no answer" in outcomes["gone"].error
    assert battery.registers.model(704).get("WSetEna") == 0
    assert inverter.registers.model(703).get("ES") == 0


def on_lines(**resources: str) -> dict[str, Any]:
    """The small bench with devices on serial lines, as the doctor takes it."""
    return small_bench(**{name: {"resource": resource} for name, resource in resources.items()})


def test_the_doctor_identifies_two_units_on_one_emulated_line(tmp_path: Path) -> None:
    bench = on_lines(utility_battery=PTY.format(1), utility_inverter=PTY.format(2))
    told = CliRunner().invoke(main, ["doctor", "--bench", written(bench, tmp_path)])
    assert told.exit_code == 0, told.output
    lines = {line.split()[1]: line.split()[2] for line in told.output.splitlines() if "modbus+rtu" in line}
    ports = {text.partition("?")[0] for text in lines.values()}
    assert set(lines) == {"utility_battery:", "utility_inverter:"}
    assert len(ports) == 1, "both are on one pseudo-terminal"
    assert next(iter(ports)).startswith("modbus+rtu:///dev/pts/")


def test_a_port_that_does_not_exist_is_a_fault_in_words(tmp_path: Path) -> None:
    bench = on_lines(utility_battery=f"modbus+rtu://{tmp_path}/ttyUSB7?baud=9600/1")
    bench["clock"] = {"mode": "wall"}
    del bench["devices"]["utility_battery"]["emulate"]
    bench["devices"]["utility_battery"] |= {"rating_kva": 25, "capacity_kwh": 50}
    told = CliRunner().invoke(main, ["doctor", "--bench", written(bench, tmp_path)])
    assert "Traceback" not in told.output
    assert f"fault  utility_battery: cannot open utility_battery at {tmp_path}/ttyUSB7: there is no" in told.output, (
        told.output
    )
