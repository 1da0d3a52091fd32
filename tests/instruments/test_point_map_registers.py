"""What a vendor's registers can be like, frame by frame: tables, orders, bits, offsets, functions, no value."""

import math

import pytest

from instruments.drivers.point_map_device import PointMapDevice
from instruments.errors import ConfigError, InstrumentError
from instruments.point_map import PointMap, parse_point_map
from tests.instruments.control_bench import conversation

COMMAND = {"address": 5, "type": "enum", "access": "w"}
TURNED = {"byte_order": "low_first", "word_order": "low_first"}


def made(points: dict, **common) -> PointMap:
    return parse_point_map({"point_map": "sample", "points": points, **common}, "sample")


@pytest.mark.parametrize(
    ("entry", "words", "value"),
    [
        pytest.param({"type": "u16", "offset": 40, "scale": 0.001}, "4e20", 60.0, id="offset"),
        pytest.param({"type": "s16", "offset": -100, "scale": 0.5}, "fff6", -105.0, id="offset below zero"),
        pytest.param({"type": "u16", "byte_order": "low_first"}, "0201", 258.0, id="bytes exchanged"),
        pytest.param({"type": "s32", "byte_order": "low_first"}, "ffff feff", -2.0, id="bytes exchanged, s32"),
        pytest.param({"type": "u32", **TURNED}, "0200 0100", 65538.0, id="words and bytes exchanged"),
        pytest.param({"type": "f32", **TURNED}, "0000 40c0", -3.0, id="a float with both exchanged"),
        pytest.param({"type": "u64"}, "0000 0001 0000 0002", 2.0**32 + 2, id="u64"),
        pytest.param({"type": "s64", "word_order": "low_first"}, "fffe ffff ffff ffff", -2.0, id="s64"),
        pytest.param({"type": "u16", "bits": [4, 6]}, "0f5f", 5.0, id="bits"),
        pytest.param({"type": "u16", "bits": [8, 15], "scale": 2, "offset": 1}, "03ff", 7.0, id="the high byte"),
        pytest.param({"type": "s16", "no_value": 0x8000}, "8000", math.nan, id="no value"),
        pytest.param({"type": "s32", "no_value": 1 << 31, "word_order": "low_first"}, "0000 8000", math.nan, id="none"),
    ],
)  # fmt: skip
def test_numbers_as_the_driver_reads_them(entry, words, value):
    size = len(words.split())
    turn = (f"0000 0006 01 03 0028 {size:04x}", f"0000 {3 + 2 * size:04x} 01 03 {2 * size:02x} {words}")
    with conversation(turn) as link:
        readings = PointMapDevice(link, made({"a": {"address": 40, **entry}})).read("a")
    assert readings.optional("a") == pytest.approx(value, nan_ok=True)
    if math.isnan(value):
        with pytest.raises(InstrumentError, match="a reads nan"):
            readings.number("a")


def test_input_registers_are_asked_with_function_4_and_apart_from_holding_ones():
    point_map = made(
        {
            "a": {"address": 1, "type": "u16"},
            "b": {"address": 2, "type": "u16"},
            "c": {"address": 1, "type": "u16", "access": "rw", "limits": [0, 9]},
        },
        table="input",
    )
    turns = (
        ("0000 0006 01 03 0001 0001", "0000 0005 01 03 02 0007"),
        ("0000 0006 01 04 0001 0002", "0000 0007 01 04 04 0001 0002"),
    )
    with conversation(*turns) as link:
        readings = PointMapDevice(link, point_map).read("a", "b", "c")
    assert [readings.number(name) for name in "abc"] == [1.0, 2.0, 7.0]


def test_function_16_alone_and_function_6():
    one = {"address": 1, "type": "u16", "access": "w", "limits": [0, 9]}
    with conversation(("0000 0009 01 10 0001 0001 02 0003", "0000 0006 01 10 0001 0001")) as link:
        PointMapDevice(link, made({"a": one}, write_function=16)).write("a", 3)
    with conversation(("0000 0006 01 06 0001 0003", "0000 0006 01 06 0001 0003")) as link:
        PointMapDevice(link, made({"a": {**one, "write_function": 6}}, write_function=16)).write("a", 3)


def test_a_bit_field_is_written_with_the_other_bits_as_they_are_and_read_back():
    point_map = made(
        {
            "mode": {"address": 5, "type": "enum", "access": "rw", "bits": [0, 1], "labels": {"own": 0, "told": 2}},
            "on": {"address": 5, "type": "bool", "access": "rw", "bits": [8, 8]},
        }
    )  # fmt: skip
    ask, said = "0000 0006 01 03 0005 0001", "0000 0005 01 03 02 {}"
    turns = ((ask, said.format("a501")), ("0000 0006 01 06 0005 a502",) * 2, (ask, said.format("a502")))
    with conversation(*turns) as link:
        PointMapDevice(link, point_map).write("mode", "told")
    turns = ((ask, said.format("a502")), ("0000 0006 01 06 0005 a402",) * 2, (ask, said.format("a502")))
    with conversation(*turns) as link, pytest.raises(InstrumentError, match="reads back"):
        PointMapDevice(link, point_map).write("on", False)


@pytest.mark.parametrize(("shown", "told"), [("0002", ""), ("0001", "state reads cease after enter")])
def test_a_command_that_cannot_be_read_is_held_against_the_point_that_shows_it(shown, told):
    point_map = made(
        {
            "service": {**COMMAND, "read_back": "state", "labels": {"enter": 7, "cease": 9}},
            "state": {"address": 6, "type": "enum", "labels": {"cease": 1, "enter": 2}},
        }
    )  # fmt: skip
    turns = (("0000 0006 01 06 0005 0007",) * 2, ("0000 0006 01 03 0006 0001", f"0000 0005 01 03 02 {shown}"))
    with conversation(*turns) as link:
        device = PointMapDevice(link, point_map)
        if told:
            with pytest.raises(InstrumentError, match=told):
                device.write("service", "enter")
        else:
            device.write("service", "enter")


def test_a_text_with_its_bytes_exchanged():
    with conversation(("0000 0006 01 03 0001 0003", "0000 0009 01 03 06 6341 656d 0000")) as link:
        point_map = made({"maker": {"address": 1, "type": "string", "registers": 3}}, byte_order="low_first")
        assert PointMapDevice(link, point_map).read("maker").text("maker") == "Acme"


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ({"a": {"address": 1, "type": "u32", "bits": [0, 1]}}, "`bits` are the first and the last bit"),
        ({"a": {"address": 1, "type": "u16", "bits": [3, 2]}}, "`bits` are the first and the last bit"),
        ({"a": {"address": 1, "type": "u16", "bits": [0, 16]}}, "points.a.bits"),
        ({"a": {"address": 1, "type": "enum", "bits": [0, 1], "labels": {"x": 4}}}, "label does not fit"),
        ({"a": {"address": 1, "type": "bool", "access": "w", "bits": [0, 0]}}, "has to be readable"),
        ({"a": {"address": 1, "type": "u16", "access": "rw", "bits": [0, 1], "limits": [0, 4]}}, "do not fit"),
        ({"a": {"address": 1, "type": "u16", "access": "rw", "limits": [0, 9], "table": "input"}}, "is only read"),
        ({"a": {"address": 1, "type": "u32", "access": "w", "limits": [0, 9], "write_function": 6}}, "function 6"),
        ({"a": {"address": 1, "type": "u16", "write_function": 5}}, "points.a.write_function"),
        ({"a": {"address": 1, "type": "u16", "no_value": 65536}}, "`no_value` is a raw value"),
        ({"a": {"address": 1, "type": "u16", "access": "rw", "limits": [-1, 9], "offset": 0}}, "do not fit"),
        ({"a": {"address": 1, "type": "bool", "offset": 1}}, "has no scale"),
        ({"a": {"address": 1, "type": "bool", "access": "w", "read_back": "b"}}, "read_back names 'b'"),
        ({"a": {"address": 1, "type": "bool", "access": "rw", "read_back": "a"}}, "for a point of access w"),
        ({"a": {"address": 1, "type": "u16", "bits": [0, 4]}, "b": {"address": 1, "type": "bool", "bits": [4, 4]}},
         "points.b: overlaps a at register 1"),
        ({"a": {"address": 1, "type": "u16", "positive": "up"}}, "points.a.positive"),
    ],
)  # fmt: skip
def test_registers_that_cannot_be_are_told(points, told):
    with pytest.raises(ConfigError, match=told.replace("(", r"\(")):
        made(points)


def test_bits_of_one_register_and_the_same_address_in_the_other_table_are_no_overlap():
    point_map = made(
        {
            "a": {"address": 1, "type": "u16", "bits": [0, 3]},
            "b": {"address": 1, "type": "bool", "bits": [4, 4]},
            "c": {"address": 1, "type": "u16", "table": "input"},
        }
    )
    assert len(point_map.points) == 3


def test_a_limit_with_an_offset_is_one_of_the_value():
    entry = {"address": 1, "type": "u16", "access": "w", "offset": -40, "limits": [-40, 60]}
    with conversation(("0000 0006 01 06 0001 0000",) * 2) as link:
        PointMapDevice(link, made({"a": entry})).write("a", -40.0)


def test_a_register_that_is_only_written_is_not_read_between_others():
    point_map = made(
        {
            "a": {"address": 1, "type": "u16"},
            "told": {"address": 2, "type": "u16", "access": "w", "limits": [0, 1]},
            "b": {"address": 3, "type": "u16"},
        }
    )
    turns = (
        ("0000 0006 01 03 0001 0001", "0000 0005 01 03 02 0001"),
        ("0000 0006 01 03 0003 0001", "0000 0005 01 03 02 0002"),
    )
    with conversation(*turns) as link:
        readings = PointMapDevice(link, point_map).read("a", "b")
    assert [readings.number(name) for name in "ab"] == [1.0, 2.0]
