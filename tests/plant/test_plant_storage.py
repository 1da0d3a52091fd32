"""The utility's storage chain: both commands are needed, both end by themselves, and the charge adds up.

Power is what the analyzer measures, on the feeder's side; energy and charge are worked out by hand.
"""

from collections.abc import Iterator

import pytest
from plant_bench import POWER_SCALE, RunningBench, battery_of, running

ANALYZER_CLASS = 0.002
CAPACITY_KWH = 50.0 * POWER_SCALE
"""The bench file's 50 kWh unit on the feeder's side."""
STORED_SHARE = 0.9
"""Of the charged energy (OpenDER's NP_EFFICIENCY); discharge takes from the charge what it delivers."""
INVERTER, BATTERY = "utility_inverter", "utility_battery"
SETTLED_S = 5


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBench]:
    with running(tmp_path_factory.mktemp("storage") / "run") as bench:
        yield bench


@pytest.fixture
def bench(opened: RunningBench) -> RunningBench:
    """The storage site at rest, without any command."""
    for device in (INVERTER, BATTERY):
        opened.assembly.drivers[device].release()
    opened.run_for(SETTLED_S)
    assert opened.analyzer_kw == pytest.approx(0.0, abs=0.1)
    return opened


@pytest.mark.parametrize("alone", [INVERTER, BATTERY])
@pytest.mark.parametrize("power_kw", [600.0, -400.0])
def test_a_command_to_only_one_of_the_chain_moves_nothing(bench: RunningBench, alone: str, power_kw: float) -> None:
    bench.command_kw(alone, power_kw=power_kw)
    bench.run_for(3 * SETTLED_S)
    assert bench.analyzer_kw == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("power_kw", [1000.0, 600.0, -400.0, 0.0])
def test_a_command_to_both_is_what_the_analyzer_measures(bench: RunningBench, power_kw: float) -> None:
    bench.command_kw(INVERTER, BATTERY, power_kw=power_kw)
    bench.run_for(SETTLED_S)
    assert bench.analyzer_kw == pytest.approx(power_kw, rel=ANALYZER_CLASS, abs=0.1)


def test_the_smaller_of_two_commands_holds(bench: RunningBench) -> None:
    bench.command_kw(INVERTER, power_kw=300.0)
    bench.command_kw(BATTERY, power_kw=600.0)
    bench.run_for(SETTLED_S)
    assert bench.analyzer_kw == pytest.approx(300.0, rel=ANALYZER_CLASS)


@pytest.mark.parametrize(("inverter_s", "battery_s"), [(30.0, 3600.0), (3600.0, 30.0), (30.0, 30.0)])
def test_when_a_reversion_timer_runs_out_the_power_ends(
    bench: RunningBench, inverter_s: float, battery_s: float
) -> None:
    bench.command_kw(INVERTER, power_kw=600.0, reversion_s=inverter_s)
    bench.command_kw(BATTERY, power_kw=600.0, reversion_s=battery_s)
    bench.run_for(30 - 2)
    assert bench.analyzer_kw == pytest.approx(600.0, rel=ANALYZER_CLASS), "before the timer has run out"
    bench.run_for(2 + SETTLED_S)
    assert bench.analyzer_kw == pytest.approx(0.0, abs=0.1)


def test_a_command_repeated_in_time_keeps_the_power_up(bench: RunningBench) -> None:
    for _ in range(3):
        bench.command_kw(INVERTER, BATTERY, power_kw=600.0, reversion_s=30.0)
        bench.run_for(20)
    assert bench.analyzer_kw == pytest.approx(600.0, rel=ANALYZER_CLASS)


@pytest.mark.parametrize(("power_kw", "share_of_energy"), [(600.0, 1.0), (-600.0, STORED_SHARE)])
def test_ten_minutes_of_power_are_in_the_state_of_charge(
    bench: RunningBench, power_kw: float, share_of_energy: float
) -> None:
    """600 kW for 10 min are 100 kWh: 5 % of 2000 kWh discharged, or 4.5 % of them charged."""
    energy_kwh = 0.0

    def integrate(_: object) -> None:
        nonlocal energy_kwh
        energy_kwh += bench.analyzer_kw / 3600.0

    bench.assembly.plant.listeners.append(integrate)
    battery, meter = battery_of(bench.assembly.emulated), bench.assembly.drivers[BATTERY]
    before = battery.soc_pu
    bench.command_kw(INVERTER, BATTERY, power_kw=power_kw)
    bench.run_for(600)
    change = battery.soc_pu - before
    assert energy_kwh == pytest.approx(power_kw / 6.0, rel=0.01), "ten minutes at the set-point"
    one_step = abs(power_kw) / 3600.0 / CAPACITY_KWH
    assert change == pytest.approx(-energy_kwh * share_of_energy / CAPACITY_KWH, rel=ANALYZER_CLASS, abs=2 * one_step)
    assert change == pytest.approx(-0.05 if power_kw > 0 else 0.045, rel=0.01)
    bench.assembly.plant.listeners.remove(integrate)
    assert meter.read_storage().soc_pct == pytest.approx(battery.soc_pu * 100.0, abs=0.0051)
