"""A vendor starts a point map from a register list."""

from pathlib import Path

import yaml
from click.testing import CliRunner

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
