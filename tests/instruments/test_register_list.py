"""Register lists as makers publish them, what is made of them, and what of them cannot be understood."""

from pathlib import Path

import pytest
import yaml

from instruments.errors import ConfigError
from instruments.point_map import load_point_map
from instruments.point_map_roles import ROLE_FUNCTIONS, require_role
from instruments.point_map_scaffold import scaffold_point_map
from instruments.register_list import read_register_list

HELIOS = """\
Register;Parameter;Data Type;R/W;Gain;Unit;Length;Min;Max
30001-30008;Manufacturer;STRING;RO;1;;8;;
30009;Serial number;STR16;RO;;;;;
30031;Rated power;U32;RO;1000;KW;2;;
30101;Operating state;UINT16;RO;1;;1;;
30102;Active power;INT32;RO;1000;kW;2;;
30106;Phase A voltage;U16;RO;10;V;1;;
40001;Start/Stop;ENUM16;RW;1;;1;0;1
40002;Active power setpoint;S16;RW;10;%;1;-100;100
40003;Control mode;U16;R/W;1;;1;;
40005;Fallback time;U32;RW;1;s;2;0;86400
40010;Fan speed;FLOAT32;RW;1;;2;;
"""


def listed(folder: Path, text: str, name: str = "Helios 30") -> Path:
    path = folder / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_numbers_of_two_tables_gains_and_types_of_a_published_list(tmp_path: Path) -> None:
    rows = {row.name: row for row in read_register_list(listed(tmp_path, HELIOS))}
    maker, power, told = rows["Manufacturer"], rows["Active power"], rows["Active power setpoint"]
    assert (maker.address, maker.table, maker.type, maker.registers) == (0, "input", "string", 8)
    assert (power.address, power.table, power.type, power.scale, power.unit) == (101, "input", "s32", 0.001, "kW")
    assert (told.address, told.table, told.access, told.scale, told.limits) == (
        1,
        "holding",
        "rw",
        0.1,
        (-100.0, 100.0),
    )
    assert rows["Rated power"].unit == "kW", "KW is no other unit"
    assert rows["Serial number"].registers == 8, "16 characters"


def test_a_scaffold_for_a_role_is_a_map_of_it_once_it_is_filled_in(tmp_path: Path) -> None:
    text = scaffold_point_map(listed(tmp_path, HELIOS), "inverter")
    (tmp_path / "map.yaml").write_text(text)
    with pytest.raises(
        ConfigError, match=r"operating_state: `labels`(.|\n)*service: `labels`(.|\n)*fan_speed: a number"
    ):
        load_point_map(tmp_path / "map.yaml")
    filled = text.replace("operating_state: {", "operating_state: {labels: {running: 3}, ")
    filled = filled.replace("service: {", "service: {labels: {enter: 1, cease: 0}, ")
    filled = filled.replace("control_mode: {", "control_mode: {labels: {commanded: 2, autonomous: 0}, ")
    filled = filled.replace("fan_speed: {", "fan_speed: {limits: [0, 100], ")
    (tmp_path / "map.yaml").write_text(filled)
    point_map = load_point_map(tmp_path / "map.yaml")
    require_role(point_map, "inverter")
    assert point_map.point_map == "helios_30"
    assert point_map.points["power_set_point"].scale == 0.1
    assert point_map.points["power"].table == "input"


def test_what_the_list_does_not_show_is_listed_by_what_it_is_needed_for(tmp_path: Path) -> None:
    text = scaffold_point_map(listed(tmp_path, HELIOS.replace("Active power;", "Leistung;")), "inverter")
    assert "  # to fill in for read_ac, which the role needs:\n  #   power: {address: , unit: W|kW|MW}\n" in text
    assert "  # to fill in for set_volt_var, without which it is not offered:\n" in text
    assert "#   panel_switch: {address: , type: enum, labels: {remote: }}" in text
    assert "# positive: delivered  # to decide" in text
    assert 'power_set_point: {address: 1, type: s16, access: rw, scale: 0.1, unit: "%", limits: [-100, 100]}' in text
    assert "  leistung: {address: 101," in text


@pytest.mark.parametrize("role", ROLE_FUNCTIONS)
def test_for_every_role_all_that_it_needs_is_asked_for(tmp_path: Path, role: str) -> None:
    text = scaffold_point_map(listed(tmp_path, "name,address,type\nx,1,u16\n"), role)
    needed = {name for function in ROLE_FUNCTIONS[role] if function.needed for name in function.points}
    assert all(f"#   {name}: " in text for name in needed)
    assert yaml.safe_load(text)["points"] == {"x": {"address": 1, "type": "u16"}}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("0x10,U16,,,,", (16, "u16", 1.0)),
        ("03E8h,uint_16,,,,", (1000, "u16", 1.0)),
        ("1000,Unsigned 32,,,,", (1000, "u32", 1.0)),
        ("40001,SINT16,R,0.1,,", (40001, "s16", 0.1)),
        ("7,float,read only,1/10,,", (7, "f32", 0.1)),
        ("7,ACC32,Read/Write,x0.01,,", (7, "u32", 0.01)),
        ("7,int64,wo,10^-3,,", (7, "s64", 0.001)),
        ("7,Enum,R W,-,,", (7, "enum", 1.0)),
    ],
)
def test_cells_as_they_are_written(tmp_path: Path, cells: str, expected: tuple[int, str, float]) -> None:
    """The line in front of it keeps an address of five digits from being taken for a numbered one."""
    text = f"Name,Address,Type,Access,Scale,Min,Max\nfirst,1,u16,,,,\nit,{cells}\n"
    row = read_register_list(listed(tmp_path, text))[1]
    assert (row.address, row.type, pytest.approx(row.scale)) == expected


def test_a_list_with_semicolons_has_commas_in_its_numbers(tmp_path: Path) -> None:
    (row,) = read_register_list(listed(tmp_path, "name;address;type;scale\nU;5;u16;0,01\n"))
    assert row.scale == 0.01


@pytest.mark.parametrize(("first", "tables"), [("40001", ["holding", "input"]), ("400001", ["holding", "input"])])
def test_numbers_count_from_one_behind_their_table(tmp_path: Path, first: str, tables: list[str]) -> None:
    rows = read_register_list(listed(tmp_path, f"name,address,type\na,{first},u16\nb,{'3' + first[1:]},u16\n"))
    assert [(row.address, row.table) for row in rows] == [(0, tables[0]), (0, tables[1])]


def test_addresses_of_which_one_is_no_number_of_a_table_are_as_they_stand(tmp_path: Path) -> None:
    rows = read_register_list(listed(tmp_path, "name,address,type\na,40000,u16\nb,40002,u16\n"))
    assert [(row.address, row.table) for row in rows] == [(40000, "holding"), (40002, "holding")]


def test_every_cell_that_cannot_be_understood_is_told_with_line_and_column(tmp_path: Path) -> None:
    text = (
        "Name,Register Address,Data type,R/W,Scale,Length,Min\n"
        "a,0x10,U16,RW,0.1,1,0\n"
        "b,4zz,U16,R,0.1,1,0\n"
        "\n"
        "c,12,UINT7,R,none,0,low\n"
        ",13,U16,Q,0,,\n"
        "e,65536,U16,R,,,\n"
    )
    with pytest.raises(ConfigError) as refused:
        read_register_list(listed(tmp_path, text))
    told = str(refused.value)
    assert "has 9 error(s)" in told
    for fault in (
        "line 3, column 'Register Address': '4zz' is no register address",
        "line 5, column 'Data type': 'UINT7' is no type",
        "line 5, column 'Scale': 'none' is no factor",
        "line 5, column 'Length': '0' is no number of registers",
        "line 5, column 'Min': 'low' is no number",
        "line 6, column 'Name': there is no name",
        "line 6, column 'R/W': 'Q' is none of",
        "line 6, column 'Scale': '0' is no factor",
        "line 7, column 'Register Address': '65536' lies outside",
    ):
        assert fault in told


def test_two_rows_of_one_name_are_two_points(tmp_path: Path) -> None:
    text = scaffold_point_map(listed(tmp_path, "name,address,type\nPower,1,u16\nPower,2,u16\n"))
    assert set(yaml.safe_load(text)["points"]) == {"power", "power_2"}


def test_a_unit_that_yaml_takes_for_a_truth_value_stays_a_unit(tmp_path: Path) -> None:
    text = scaffold_point_map(listed(tmp_path, 'name,address,type,unit\nforce,1,u16,N\nlag,2,u16,"a\\"b"\n'))
    assert yaml.safe_load(text)["points"]["force"]["unit"] == "N"


def test_a_role_without_a_map_is_told_with_those_that_have_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no point map of the role 'invertor'; known: inverter, battery, meter"):
        scaffold_point_map(listed(tmp_path, HELIOS), "invertor")
