"""An inverter certified with a battery simulator behind it: what that has to be able to do, and what can be wired."""

from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench.assembly.simulated_battery import COMMANDED_S, SimulatedBattery, StoreBehind
from bench.certification.not_passed import NotPassed
from bench.config import BenchFile, StoreSection, load_bench
from instruments.errors import ConfigError
from instruments.readings import BatterySimulatorCapabilities, Nameplate
from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.certification.bench_changed import Change, bench_changed
from tests.certification.test_certify import ROOT, certify

PATH = ROOT / "fixtures" / "benches" / "certify_battery_simulator.yaml"


changed = partial(bench_changed, PATH)


def played(folder: Path, bench: Path, scenario: str, *more: str, exit_code: int = 0) -> Any:
    done = certify(folder / "run", "ieee1547.1", "--scenario", scenario, *more, bench=bench)
    assert done.exit_code == exit_code, done.output
    (test,) = RunDirectory.open(folder / "run").run.scenarios
    return test


@pytest.mark.long
@pytest.mark.parametrize("driver", ["scpi_nhr_9200", "scpi_keysight_rp7900"])
def test_power_flows_both_ways_through_the_simulator(driver: str, tmp_path: Path) -> None:
    bench = changed(tmp_path, lambda devices: devices["battery_simulator"].update(driver=driver))
    test = played(tmp_path, bench, "Constant reactive power, half injecting")
    assert test.verdict is Verdict.PASS, test.reason
    assert any("absorbing active power" in finding.what for finding in test.findings)
    run = RunDirectory.open(tmp_path / "run").run
    assert run.devices["battery_simulator"]["role"] == "battery_simulator"
    wire = (tmp_path / "run" / "wire.jsonl").read_text(encoding="utf-8")
    assert wire.count('"endpoint": "battery_simulator"') > 5


def stands_for(able: BatterySimulatorCapabilities, store: StoreSection, **ratings: float) -> SimulatedBattery:
    simulator = SimpleNamespace(read_capabilities=lambda: able)
    nameplate = Nameplate(25e3, 25e3, 11e3, 11e3, 25e3, 208.0, "B", "III")
    return SimulatedBattery("sim", cast(Any, simulator), store, None, replace(nameplate, **ratings))


ABLE = BatterySimulatorCapabilities((0.0, 400.0), 70.0, 70.0)
STORE = StoreSection(voltage_v=400.0, discharge_a=70.0, charge_a=70.0)
WEAK = [
    (replace(ABLE, discharge_a=69.0), STORE, "to give 70 A: it may or can give 69 A"),
    (replace(ABLE, charge_a=69.0), STORE, "to take 70 A: it may or can take 69 A"),
    (replace(ABLE, voltage_v=(0.0, 399.0)), STORE, "400 V: it has 0 to 399 V"),
    (replace(ABLE, voltage_v=(401.0, 500.0)), STORE, "400 V: it has 401 to 500 V"),
    (ABLE, STORE.model_copy(update={"discharge_a": 62.0}), "can give 24800 W, and the inverter is rated for 25000 W"),
    (ABLE, STORE.model_copy(update={"charge_a": 62.0}), "can take 24800 W, and the inverter is rated for 25000 W"),
    (replace(ABLE, separate=False), STORE.model_copy(update={"charge_a": 65.0}), "it limits both alike"),
]


@pytest.mark.parametrize(("able", "store", "why"), WEAK, ids=[why for *_, why in WEAK])
def test_what_a_simulator_lacks_is_told(able: BatterySimulatorCapabilities, store: StoreSection, why: str) -> None:
    with pytest.raises(NotPassed, match=why) as told:
        stands_for(able, store)
    assert told.value.verdict is Verdict.NOT_RUN


def test_one_that_can_just_stand_for_the_battery_is_taken() -> None:
    just = STORE.model_copy(update={"discharge_a": 62.5, "charge_a": 62.5})
    assert stands_for(replace(ABLE, discharge_a=62.5, charge_a=62.5, separate=False), just)
    assert stands_for(ABLE, STORE.model_copy(update={"charge_a": 50.0}), charge_max_w=20e3)


class Recorded:
    """An inverter and a simulator that note what they are told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.told.append((name, *arguments))

    def read_capabilities(self) -> BatterySimulatorCapabilities:
        return ABLE


def test_delivering_is_commanded_again_after_all_is_switched_off_and_absorbing_is_not() -> None:
    inverter, simulator = Recorded(), Recorded()
    nameplate = Nameplate(25e3, 25e3, 11e3, 11e3, 25e3, 208.0, "B", "III")
    battery = SimulatedBattery("sim", cast(Any, simulator), STORE, inverter, nameplate)
    functions: Any = StoreBehind(inverter, battery)
    functions.disable_functions()
    assert inverter.told == [("disable_functions",)], "nothing was commanded yet"
    battery.supply(0.5)
    functions.disable_functions()
    given = ("set_power_w", 12_500.0, COMMANDED_S)
    assert inverter.told[1:] == [given, ("disable_functions",), given]
    battery.absorb(0.4)
    functions.disable_functions()
    assert inverter.told[4:] == [("set_power_w", -10_000.0, COMMANDED_S), ("disable_functions",)]
    assert simulator.told == [("set_battery", 400.0, 70.0, 70.0)] * 2
    battery.switch_on()
    assert simulator.told[-1] == ("output_on",)


def test_a_simulator_that_cannot_stand_for_the_battery_tests_nothing(tmp_path: Path) -> None:
    bench = changed(tmp_path, lambda devices: devices["battery_simulator"]["limits"].update(current_a=69))
    test = played(tmp_path, bench, "Watt-var characteristic 1", exit_code=5)
    assert test.verdict is Verdict.NOT_RUN
    assert "battery_simulator cannot stand for the battery behind the inverter: to give 70 A" in test.reason
    assert not test.findings


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "scenario"),
    [
        ("inverter:ignores-power-limit", "Active power stays below each limit"),
        ("inverter:no-vars-while-absorbing", "Constant power factor, least injecting"),
    ],
)
def test_a_bad_inverter_fails_behind_a_simulator_too(fault: str, scenario: str, tmp_path: Path) -> None:
    assert played(tmp_path, PATH, scenario, "--fault", fault, exit_code=1).verdict is Verdict.FAIL


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("battery_simulator:drifted=-0.1", "it is to hold 400 V, and holds 360 V"),
        ("battery_simulator:error-in-its-queue", "-310"),
    ],
)
def test_a_simulator_that_breaks_is_no_failure_of_the_inverter(fault: str, why: str, tmp_path: Path) -> None:
    test = played(tmp_path, PATH, "Watt-var characteristic 1", "--fault", fault, exit_code=3)
    assert test.verdict is Verdict.ERROR
    assert why in test.reason


def test_a_simulator_is_no_battery_under_test(tmp_path: Path) -> None:
    done = certify(tmp_path / "run", "storage", bench=PATH)
    assert done.exit_code == 2, done.output
    assert "inverter has no battery behind it" in done.output


def load(folder: Path, change: Change) -> BenchFile:
    return load_bench(changed(folder, change))


def test_the_simulator_is_neither_a_battery_nor_an_array(tmp_path: Path) -> None:
    bench = load(tmp_path, lambda devices: devices)
    assert bench.behind_inverter == {}
    assert bench.battery_simulator_of("inverter") == "battery_simulator"
    assert bench.pv_simulator_of("inverter") is None
    assert bench.battery_simulator_of("power_analyzer") is None


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: d["inverter"].pop("dc_source"), "it stands in front of one inverter, .* found: none"),
        (lambda d: d.update(second=deepcopy(d["inverter"])), "found: inverter, second"),
        (lambda d: d["battery_simulator"].pop("emulate"), "one of it and inverter is real"),
        (lambda d: d["battery_simulator"].pop("store"), "store: it is missing"),
        (lambda d: d["battery_simulator"]["store"].update(charge_a=0), "charge_a"),
        (lambda d: d["grid_simulator"].update(store=d["battery_simulator"]["store"]), "store: it is none"),
        (lambda d: d["battery_simulator"].update(limits={"frequency_hz": [1, 2]}), "is held to frequency_hz"),
    ],
)
def test_what_cannot_be_wired_is_told(change: Change, match: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=match):
        load(tmp_path, change)


def test_a_driver_that_there_is_not_is_told_with_those_there_are(tmp_path: Path) -> None:
    bench = changed(tmp_path, lambda devices: devices["battery_simulator"].update(driver="scpi_none"))
    done = certify(tmp_path / "run", "ieee1547.1", "--scenario", "Watt-var characteristic 1", bench=bench)
    assert done.exit_code == 2, done.output
    assert "no driver 'scpi_none' for the role 'battery_simulator'; known: scpi_ea_psb, " in done.output
