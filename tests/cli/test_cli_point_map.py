"""A vendor starts a point map from a register list, and asks what it offers."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from bench.cli import main


def test_a_register_list_becomes_the_beginning_of_a_map(tmp_path: Path) -> None:
    registers = tmp_path / "acme_ltc.csv"
    registers.write_text("name,address,type,unit\nTap Position,104,s16,tap\nVoltage,106,u16,V\n")
    printed = CliRunner().invoke(main, ["point-map", "scaffold", str(registers)])
    assert printed.exit_code == 0, printed.output
    points = yaml.safe_load(printed.output)["points"]
    assert points["tap_position"] == {"address": 104, "type": "s16", "unit": "tap"}


def test_a_list_without_its_columns_is_refused_in_words(tmp_path: Path) -> None:
    registers = tmp_path / "list.csv"
    registers.write_text("register,kind\n1,u16\n")
    refused = CliRunner().invoke(main, ["point-map", "scaffold", str(registers)])
    assert refused.exit_code == 2
    assert "no column" in refused.output


MAPS = Path(__file__).parents[2] / "fixtures" / "point_maps"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["point-map", *arguments])


def test_a_scaffold_for_a_role_names_points_as_its_driver_wants_them(tmp_path: Path) -> None:
    registers = tmp_path / "acme.csv"
    registers.write_text("Register;Signal;Format;R/W\n40001;Active power;S16;R\n")
    printed = run("scaffold", str(registers), "--role", "battery")
    assert printed.exit_code == 0, printed.output
    assert yaml.safe_load(printed.output)["points"] == {"power": {"address": 0, "type": "s16"}}
    assert "# to fill in for read_storage, which the role needs:" in printed.output


def test_a_check_tells_what_a_map_offers_to_the_roles_that_it_fits() -> None:
    told = run("check", str(MAPS / "acme_inverter.yaml"))
    assert told.exit_code == 0, told.output
    assert told.output.splitlines()[:2] == ["inverter:", "  offers  identify"]
    assert "  offers  set_volt_var" in told.output
    assert "  offers  for type tests: over-voltage trip" in told.output
    assert "  lacks" not in told.output
    assert "battery:" not in told.output


def test_a_check_tells_what_a_map_lacks(tmp_path: Path) -> None:
    text = (MAPS / "acme_inverter.yaml").read_text().replace("  volt_var_enable:", "  vv:")
    (tmp_path / "map.yaml").write_text(text.replace("positive: absorbed", ""))
    told = run("check", str(tmp_path / "map.yaml"), "--role", "inverter")
    assert told.exit_code == 0, told.output
    assert "  lacks   set_volt_var: volt_var_enable" in told.output
    assert "  lacks   for type tests: volt-var: volt_var_enable" in told.output
    assert "the map does not say `positive`; delivered is taken for it in power, reactive_power" in told.output


def test_a_map_of_another_role_is_refused_with_what_it_lacks() -> None:
    refused = run("check", str(MAPS / "acme_meter.yaml"), "--role", "battery")
    assert refused.exit_code == 2
    assert "does not fit the role battery: read_nameplate needs rated_power; " in refused.output


@pytest.mark.parametrize(
    ("good", "typo", "code"), [("reactive_power", "reactve_power", 0), ("operating_state", "operating_stat", 2)]
)
def test_a_misspelled_point_is_told_with_the_name_that_was_meant(
    tmp_path: Path, good: str, typo: str, code: int
) -> None:
    text = (MAPS / "acme_inverter.yaml").read_text()
    (tmp_path / "map.yaml").write_text(text.replace(f"  {good}:", f"  {typo}:"))
    told = run("check", str(tmp_path / "map.yaml"), "--role", "inverter")
    assert told.exit_code == code, told.output
    assert f"points.{typo} is none that the role inverter knows (did you mean {good!r}?)" in told.output


@pytest.mark.parametrize("name", ["acme_inverter", "acme_battery", "acme_meter", "ltc_generic", "capacitor_generic"])
def test_points_that_only_one_maker_has_are_no_misspellings(name: str) -> None:
    told = run("check", str(MAPS / f"{name}.yaml"))
    assert told.exit_code == 0, told.output
    assert "did you mean" not in told.output
