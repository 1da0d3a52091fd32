"""Which addresses a run needs the lease of."""

from pathlib import Path

from bench.assembly.admission import real_resources
from bench.config import BenchFile, load_bench

BENCH = load_bench(Path(__file__).parents[2] / "fixtures" / "benches" / "emulated.yaml")


def with_real(**resources: str) -> BenchFile:
    real = {name: {"emulate": None, "resource": resource} for name, resource in resources.items()}
    devices = {name: device.model_copy(update=real.get(name, {})) for name, device in BENCH.devices.items()}
    return BENCH.model_copy(update={"devices": devices})


def test_an_emulated_bench_needs_no_lease() -> None:
    assert real_resources(BENCH) == set()


def test_two_names_of_one_device_are_one_address() -> None:
    by_name = with_real(utility_battery="modbus+tcp://localhost:502/1", grid_simulator="TCPIP::LOCALHOST::5025::SOCKET")
    by_number = with_real(
        utility_battery="modbus+tcp://127.0.0.1:502/1", grid_simulator="TCPIP0::127.0.0.1::5025::SOCKET"
    )
    assert real_resources(by_name) == real_resources(by_number)
    assert len(real_resources(by_name)) == 2


def test_units_behind_one_gateway_are_devices_of_their_own() -> None:
    bench = with_real(utility_battery="modbus+tcp://10.1.1.1:502/1", utility_inverter="modbus+tcp://10.1.1.1:502/2")
    assert len(real_resources(bench)) == 2


def test_the_customers_interface_and_what_only_one_scenario_has_count_too() -> None:
    bench = with_real(customer_inverter_1="modbus+tcp://10.1.1.1:502/1")
    device = bench.devices["customer_inverter_1"].model_copy(
        update={"customer_resource": "modbus+tcp://10.1.1.1:502/2"}
    )
    changes = {"devices": {"customer_dg": {"emulate": None, "resource": "modbus+tcp://10.1.1.2:502/1"}}}
    bench = bench.model_copy(
        update={"devices": {**bench.devices, "customer_inverter_1": device}, "scenarios": {"2": changes}}
    )
    assert real_resources(bench) == {
        "modbus+tcp://10.1.1.1:502/1",
        "modbus+tcp://10.1.1.1:502/2",
        "modbus+tcp://10.1.1.2:502/1",
    }
