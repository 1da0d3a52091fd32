"""The four resources above 100 kW: each follows its own wire, and its credit meter counts what reaches the feeder.

Played at night: what flows is what was commanded.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from plant_bench import POWER_SCALE, TITLE, RunningBench, running, variant

SETTLED_S = 60
COMMANDS_KW = {"utility_battery": 600.0, "customer_battery_1": 100.0, "utility_dg": 400.0, "customer_dg": 250.0}
INVERTERS = {"utility_battery": "utility_inverter", "customer_battery_1": "customer_inverter_1"}
CLASS = 0.002
"""Of the bench file's credit meters, and of its analyzer."""
PHASE_V = {"utility_battery": 7199.6, "customer_battery_1": 277.1, "utility_dg": 277.1, "customer_dg": 277.1}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBench]:
    with running(tmp_path_factory.mktemp("der") / "run", variant({"environment.start_hour": 1.0})) as bench:
        yield bench


@pytest.fixture
def bench(opened: RunningBench) -> RunningBench:
    """All four at rest."""
    for der in COMMANDS_KW:
        for device in filter(None, (der, INVERTERS.get(der))):
            opened.assembly.drivers[device].release()
    opened.run_for(SETTLED_S)
    return opened


def command(bench: RunningBench, der: str, power_kw: float, reversion_s: float = 3600.0) -> None:
    scale = POWER_SCALE if der == "utility_battery" else 1.0
    for device in filter(None, (INVERTERS.get(der), der)):
        bench.assembly.drivers[device].set_power_w(power_kw * 1000.0 / scale, reversion_s)


def delivered_kw(bench: RunningBench, der: str) -> float:
    """What the feeder got at the place where a resource delivers."""
    site = "customer_inverter_1" if der == "customer_battery_1" else der
    names = [site.name for site in bench.assembly.places.sites]
    return float(bench.state.site_p_kw[names.index(site)])


def test_without_a_command_none_of_them_delivers(bench: RunningBench) -> None:
    assert {der: delivered_kw(bench, der) for der in COMMANDS_KW} == pytest.approx(dict.fromkeys(COMMANDS_KW, 0), abs=1)


@pytest.mark.parametrize("der", COMMANDS_KW)
def test_each_follows_its_own_command_within_a_minute_and_no_other_moves(bench: RunningBench, der: str) -> None:
    command(bench, der, COMMANDS_KW[der])
    bench.run_for(SETTLED_S)
    expected = dict.fromkeys(COMMANDS_KW, 0.0) | {der: COMMANDS_KW[der]}
    assert {name: delivered_kw(bench, name) for name in COMMANDS_KW} == pytest.approx(expected, rel=CLASS, abs=1.0)


def test_customer_storage_needs_both_of_its_chain_charges_too_and_ends_by_itself(bench: RunningBench) -> None:
    drivers = bench.assembly.drivers
    drivers["customer_battery_1"].set_power_w(100e3, 3600.0)
    bench.run_for(SETTLED_S)
    assert delivered_kw(bench, "customer_battery_1") == pytest.approx(0.0, abs=0.1)
    drivers["customer_inverter_1"].set_power_w(60e3, 3600.0)
    bench.run_for(SETTLED_S)
    assert delivered_kw(bench, "customer_battery_1") == pytest.approx(60.0, abs=0.1)
    command(bench, "customer_battery_1", -80.0, reversion_s=90.0)
    bench.run_for(SETTLED_S)
    assert delivered_kw(bench, "customer_battery_1") == pytest.approx(-80.0, abs=0.1)
    bench.run_for(SETTLED_S)
    assert delivered_kw(bench, "customer_battery_1") == pytest.approx(0.0, abs=0.1)


def test_every_der_has_its_credit_meter(bench: RunningBench) -> None:
    found = bench.assembly.places.der_credit_meters()
    assert found == {der: f"credit_meter_{der}" for der in COMMANDS_KW}


def test_the_credit_meters_of_all_four_count_what_reaches_the_feeder(bench: RunningBench) -> None:
    """Ten minutes at the set-points; energy is exported into the feeder, and power towards it is negative."""
    drivers, meters = bench.assembly.drivers, bench.assembly.places.der_credit_meters()
    for der, power_kw in COMMANDS_KW.items():
        command(bench, der, power_kw)
    bench.run_for(SETTLED_S)
    before = {der: drivers[meter].read_meter() for der, meter in meters.items()}
    bench.run_for(600)
    for der, meter in meters.items():
        after, power_w = drivers[meter].read_meter(), COMMANDS_KW[der] * 1000.0
        assert -after.p_w == pytest.approx(power_w, rel=2 * CLASS), meter
        assert after.export_wh - before[der].export_wh == pytest.approx(power_w / 6.0, rel=2 * CLASS), meter
        assert after.import_wh == before[der].import_wh, meter


def test_the_credit_meters_show_the_voltage_of_their_terminals_on_the_120_v_base(bench: RunningBench) -> None:
    buses = {site.name: site.bus for site in bench.assembly.places.sites}
    for der, meter in bench.assembly.places.der_credit_meters().items():
        truth = [abs(v) / PHASE_V[der] * 120.0 for v in bench.phase_voltages_v(buses[der], bench.state)[:2]]
        shown = bench.assembly.drivers[meter].read_voltage_v()
        assert shown == pytest.approx(truth, rel=CLASS + 1e-4, abs=0.01), meter
        assert all(math.isfinite(volts) for volts in shown)


def test_a_generator_that_ignores_its_set_point_shows_in_the_credit_meter_and_not_in_its_registers(
    bench: RunningBench,
) -> None:
    bench.assembly.emulated.inject("customer_dg", "ignores-set-point", None, 0.0, None)
    command(bench, "customer_dg", 250.0)
    bench.run_for(SETTLED_S)
    meter = bench.assembly.drivers["credit_meter_customer_dg"].read_meter()
    assert meter.p_w == pytest.approx(0.0, abs=10.0)


def test_a_scenario_is_played_on_its_own_part_of_the_bench_file(tmp_path: Path) -> None:
    bench = variant({"scenarios": {TITLE.scenario: {"environment": {"start_hour": 22.0}, "horizon_s": 60.0}}})
    with running(tmp_path / "run", bench) as running_bench:
        assert running_bench.assembly.config.environment.start_hour == 22.0
        assert running_bench.state.irradiance_pu == 0.0, "the sun is up at ten in the evening"
