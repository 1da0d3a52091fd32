"""A storage site without SunSpec on a bench: the story ends as with SunSpec, and a map that is wrong is found out."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from playing import Record, play

from bench.certification.not_passed import NotPassed
from bench.certification.ratings import require_usable
from bench.certification.refusals import UnderTest
from bench.cli import main
from bench.config import load_bench
from instruments import ModbusConnections, PointMapBattery
from instruments.errors import ConfigError
from instruments.point_map import load_point_map
from instruments.readings import Nameplate
from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.cli.bench_files import small_bench, written

ROOT = Path(__file__).parents[2]
BENCHES, MAPS = ROOT / "fixtures" / "benches", ROOT / "fixtures" / "point_maps"
VENDOR = BENCHES / "vendor_inverter.yaml"
COMMANDED = "1.3.4"
"""The row in which the battery's power is measured after its command."""


def quick_vendor(folder: Path, **changed: tuple[str, str]) -> Path:
    """Write the vendor's bench in a hurry; `changed`: in the map of a device, one text in place of another."""
    document: dict[str, Any] = yaml.safe_load(VENDOR.read_text(encoding="utf-8"))
    document["like"] = str(BENCHES / "quick.yaml")
    for name, section in document["devices"].items():
        source = (VENDOR.parent / section["point_map"]).resolve()
        text = source.read_text(encoding="utf-8")
        before, after = changed.get(name, ("point_map:", "point_map:"))
        assert before in text, f"{source} does not have {before!r} any more"
        section["point_map"] = str(folder / source.name)
        (folder / source.name).write_text(text.replace(before, after), encoding="utf-8")
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def played(folder: Path, stop_after: str | None = None, **changed: tuple[str, str]) -> Record:
    return play(folder / "run", load_bench(quick_vendor(folder, **changed)), stop_after=stop_after)


@pytest.mark.long
def test_the_story_ends_with_a_vendors_storage_on_a_serial_line_as_with_sunspec(tmp_path: Path) -> None:
    record = played(tmp_path)
    assert (record.verdict, record.failure) == (Verdict.PASS, "")
    wire = [line for line in record.directory().wire if line.endpoint == "utility_battery"]
    assert {line.address for line in wire if line.operation == "write"} >= {"701+2", "703+1", "704+1", "700+1"}
    assert not [line for line in wire if line.error], "the wire log of a serial line has errors"


@pytest.mark.long
@pytest.mark.parametrize(
    ("changed", "blamed"),
    [
        pytest.param({"utility_battery": ("positive: absorbed", "positive: delivered")}, "utility_battery", id="sign"),
        pytest.param(
            {"utility_battery": ("type: f32, access: rw, unit: kW", "type: f32, access: rw, unit: kW, scale: 2")},
            "utility_battery",
            id="scale of the set-point",
        ),
        pytest.param(
            {"utility_inverter": ("101, type: s32, scale: 0.01", "101, type: s32, scale: 0.02")},
            "utility_inverter",
            id="scale of a reading",
        ),
    ],
)  # fmt: skip
def test_a_map_that_is_wrong_is_a_failure_with_the_name_of_its_device(
    tmp_path: Path, changed: dict[str, tuple[str, str]], blamed: str
) -> None:
    record = played(tmp_path, COMMANDED, **changed)
    assert record.verdict is Verdict.FAIL
    told = [f"{line.quantity} {line.source}" for line in record.failed_measurements]
    told += [item.reason for item in record.not_met]
    assert any(blamed in text for text in told), f"nothing that failed names {blamed}: {told}"


def certified(folder: Path, scenario: str) -> tuple[Verdict, str]:
    """Carry out a clause of the suite storage on a battery with a point map; return its verdict, and why."""
    battery = {"driver": "point_map", "point_map": str(MAPS / "acme_battery.yaml"), "emulate": {"registers": "acme"}}
    document = {"like": str(BENCHES / "certify_battery.yaml"), "bench": "acme", "devices": {"battery": battery}}
    (folder / "bench.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    out = folder / "run"
    asked = ["--bench", str(folder / "bench.yaml"), "--device", "battery", "--suite", "storage", "--out", str(out)]
    CliRunner().invoke(main, ["certify", *asked, "--scenario", scenario])
    (test,) = RunDirectory.open(out).run.scenarios
    return test.verdict, test.reason


@pytest.mark.long
def test_a_battery_with_a_point_map_takes_the_clauses_that_its_map_has_points_for(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    assert certified(tmp_path / "taken", "Charging and discharging are alike") == (Verdict.PASS, "")
    verdict, why = certified(tmp_path, "A reserve is kept")
    assert (verdict, "no reserve that can be set" in why) == (Verdict.NOT_RUN, True)


def test_what_a_map_lacks_is_no_fault_of_the_device_under_test() -> None:
    battery = PointMapBattery(ModbusConnections().link("127.0.0.1", 1, 1), load_point_map(MAPS / "acme_battery.yaml"))
    with pytest.raises(NotPassed, match="its driver has no set_reserve_pct") as ended:
        UnderTest(battery).set_reserve_pct(20.0)
    assert ended.value.verdict is Verdict.NOT_RUN
    section = load_bench(VENDOR).devices["utility_battery"]
    plate = Nameplate(25e3, 25e3, 0.0, 0.0, 25e3, 0.0, "", "")
    with pytest.raises(NotPassed, match="neither the point map of b has a rated_voltage") as ended:
        require_usable("b", section, plate)
    assert ended.value.verdict is Verdict.NOT_RUN


def with_map(folder: Path, before: str, after: str) -> str:
    """Write a small bench whose inverter before a battery is Acme's, with one text of its map in another's place."""
    text = (MAPS / "acme_inverter.yaml").read_text(encoding="utf-8")
    assert before in text
    (folder / "map.yaml").write_text(text.replace(before, after), encoding="utf-8")
    emulated = small_bench()["devices"]["utility_inverter"]["emulate"] | {"registers": "acme"}
    mapped = {"driver": "point_map", "point_map": str(folder / "map.yaml"), "identity": {}, "emulate": emulated}
    return written(small_bench(utility_inverter=mapped), folder)


def test_the_doctor_says_what_a_map_cannot_do(tmp_path: Path) -> None:
    """The panel switch of an inverter is left out of its map: it is told, and no fault."""
    told = CliRunner().invoke(main, ["doctor", "--bench", with_map(tmp_path, "  panel_switch:", "  some_switch:")])
    line = next(line for line in told.output.splitlines() if line.startswith("ok     utility_inverter"))
    assert line.endswith("(emulated); no read_modes, for which its map lacks panel_switch"), told.output
    assert "Acme, AI 30, 1, utility_inverter" in line


def test_an_inverter_in_front_of_a_battery_needs_a_command_in_its_map(tmp_path: Path) -> None:
    path = with_map(tmp_path, "  power_set_point:", "  some_point:")
    told = CliRunner().invoke(main, ["doctor", "--bench", path])
    assert told.exit_code == 2
    assert "utility_battery passes within its command, for which its map lacks power_set_point" in told.output


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"driver": "point_map", "point_map": str(MAPS / "acme_inverter.yaml")}, "`registers` says whose registers"),
        (
            {"emulate": {"model": "opender", "rating_kva": 25, "nominal_v": 480, "registers": "acme"}},
            "does not read them",
        ),
        ({"emulate": {"registers": "acne"}}, "devices.utility_pv.emulate.registers"),
    ],
)
def test_registers_and_driver_have_to_fit(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_bench(Path(written(small_bench(utility_pv=changes), tmp_path)))
