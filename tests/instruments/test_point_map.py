"""Point maps as data: what is refused and how it is told, the shipped maps, the scaffold, and both codecs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.drivers.point_map_device import PointMapDevice
from instruments.emulators.modbus_server import ModbusRefusal
from instruments.emulators.point_bank import Binding, PointBank
from instruments.errors import ConfigError, InstrumentError, SafetyTrip
from instruments.point_map import PointMap, load_point_map, parse_point_map
from instruments.point_map_scaffold import scaffold_point_map
from tests.instruments.control_bench import conversation
from tests.instruments.sunspec_bench import serving

MAPS = Path(__file__).parents[2] / "fixtures" / "point_maps"


def points(**entries) -> PointMap:
    return parse_point_map({"point_map": "sample", "points": entries}, "sample")


def told(**entries) -> str:
    with pytest.raises(ConfigError) as error:
        points(**entries)
    return str(error.value)


SHIPPED = [path for path in sorted(MAPS.glob("*.yaml")) if "dnp3" not in path.stem]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_maps_are_sound(path):
    point_map = load_point_map(path)
    assert point_map.point_map == path.stem
    assert len(point_map.points) > 12


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"address": 1, "type": "u8"}, "points.a.type"),
        ({"address": -1, "type": "u16"}, "points.a.address"),
        ({"address": 65536, "type": "u16"}, "points.a.address"),
        ({"address": 65535, "type": "u32"}, "beyond the last address"),
        ({"address": 1, "type": "u16", "scale": 0}, "points.a.scale"),
        ({"address": 1, "type": "u16", "adress": 1}, "did you mean 'address'"),
        ({"address": 1, "type": "u16", "access": "rw"}, "needs `limits`"),
        ({"address": 1, "type": "u16", "limits": [0, 1]}, "numbers that are written"),
        ({"address": 1, "type": "u16", "access": "rw", "limits": [2, 1]}, "the lower first"),
        ({"address": 1, "type": "u16", "access": "rw", "limits": [-1, 1]}, "do not fit into u16"),
        ({"address": 1, "type": "s16", "access": "rw", "scale": 0.1, "limits": [0, 3277]}, "do not fit into s16"),
        ({"address": 1, "type": "enum"}, "needs it"),
        ({"address": 1, "type": "enum", "labels": {"on_": 1, "off_": 1}}, "the same value"),
        ({"address": 1, "type": "u16", "labels": {"low": 1}}, "for the type enum"),
        ({"address": 1, "type": "bool", "scale": 2.0}, "has no scale"),
        ({"address": 1, "type": "string"}, "`registers` is for the type string"),
        ({"address": 1, "type": "string", "registers": 2, "access": "rw"}, "only read"),
        ({"address": 1, "type": "u16", "registers": 2}, "`registers` is for the type string"),
    ],
)
def test_a_point_that_cannot_be_is_refused(entry, message):
    assert message in told(a=entry)


def test_all_errors_come_at_once():
    text = told(
        a={"address": 1, "type": "string", "registers": 4},
        b={"address": 2, "type": "u16"},
        c={"address": 4, "type": "u16"},
        d={"address": 9, "type": "u17"},
        e={"address": 10, "type": "u16", "access": "w"},
    )
    for part in ("4 error", "b: overlaps a at register 2", "c: overlaps a at register 4", "points.d", "points.e"):
        assert part in text, text


def test_neighbours_do_not_overlap():
    assert len(points(a={"address": 1, "type": "u32"}, b={"address": 3, "type": "u16"}).points) == 2


@pytest.mark.parametrize("document", [None, [], "x", {}, {"point_map": "x", "points": 3}])
def test_what_is_no_point_map_is_told(document):
    with pytest.raises(ConfigError, match=r"point map some\.yaml has"):
        parse_point_map(document, "some.yaml")


def test_a_point_that_stands_twice_is_an_error_and_not_lost(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text("point_map: twice\npoints:\n  a: {address: 1, type: u16}\n  a: {address: 2, type: u16}\n")
    with pytest.raises(ConfigError, match="twice the same key: a"):
        load_point_map(path)


def test_a_file_that_is_not_there_or_not_yaml(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the point map"):
        load_point_map(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(ConfigError, match=r"bad\.yaml"):
        load_point_map(tmp_path / "bad.yaml")


def test_scaffold_starts_a_map_and_says_what_is_to_be_added(tmp_path):
    path = tmp_path / "Maker X1.csv"
    path.write_text(
        "name,address,type,access,scale,unit\nBus Voltage,40,u16,,0.1,V\nMode (A/M),41,enum,rw,,\n2nd,42,u16,rw,,s\n"
    )
    assert scaffold_point_map(path) == (
        "point_map: maker_x1\n"
        "word_order: high_first  # to check in the maker's manual\n"
        "points:\n"
        "  bus_voltage: {address: 40, type: u16, scale: 0.1, unit: V}\n"
        "  mode_a_m: {address: 41, type: enum, access: rw}  # to add: labels\n"
        "  point_2nd: {address: 42, type: u16, access: rw, unit: s}  # to add: limits\n"
    )


def test_a_scaffold_without_anything_to_add_is_a_point_map(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text("name,address,type\nvoltage,1,f32\nalarm,3,bool\n")
    (tmp_path / "plain.yaml").write_text(scaffold_point_map(path))
    assert list(load_point_map(tmp_path / "plain.yaml").points) == ["voltage", "alarm"]


@pytest.mark.parametrize("text", ["", "name,address\na,1\n"])
def test_a_register_list_without_its_columns_is_refused(tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(ConfigError, match="no column"):
        scaffold_point_map(path)
    with pytest.raises(ConfigError, match="cannot read"):
        scaffold_point_map(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("entry", "words", "value"),
    [
        ({"type": "u16"}, "ffff", 65535.0),
        ({"type": "s16", "scale": 0.1}, "fff6", -1.0),
        ({"type": "u32"}, "0001 0002", 65538.0),
        ({"type": "u32", "word_order": "low_first"}, "0002 0001", 65538.0),
        ({"type": "s32"}, "ffff fffe", -2.0),
        ({"type": "f32"}, "c060 0000", -3.5),
        ({"type": "f32", "word_order": "low_first"}, "0000 437a", 250.0),
    ],
)
def test_numbers_as_the_driver_reads_them(entry, words, value):
    size = len(words.split())
    turn = (f"0000 0006 01 03 0028 {size:04x}", f"0000 {3 + 2 * size:04x} 01 03 {2 * size:02x} {words}")
    with conversation(turn) as link:
        device = PointMapDevice(link, points(a={"address": 40, **entry}))
        assert device.read("a").number("a") == pytest.approx(value)


def test_text_flag_and_label_as_the_driver_reads_them():
    point_map = points(
        name={"address": 10, "type": "string", "registers": 3},
        alarm={"address": 13, "type": "bool"},
        mode={"address": 14, "type": "enum", "labels": {"manual": 0, "automatic": 7}},
    )
    with conversation(("0000 0006 01 03 000a 0005", "0000 000d 01 03 0a 4142 4320 0000 0001 0007")) as link:
        readings = PointMapDevice(link, point_map).read("mode", "name", "alarm")
    assert (readings.text("name"), readings.flag("alarm"), readings.label("mode")) == ("ABC", True, "automatic")


def test_what_a_device_may_not_send_is_an_error_and_not_a_guess():
    point_map = points(
        alarm={"address": 13, "type": "bool"}, mode={"address": 14, "type": "enum", "labels": {"manual": 0}}
    )
    with conversation(("0000 0006 01 03 000d 0002", "0000 0007 01 03 04 0002 0003")) as link:
        readings = PointMapDevice(link, point_map).read("alarm", "mode")
    with pytest.raises(InstrumentError, match="neither 0 nor 1"):
        readings.flag("alarm")
    with pytest.raises(InstrumentError, match="no label"):
        readings.label("mode")


def test_registers_that_the_map_does_not_have_are_never_asked():
    point_map = points(**{f"p{n}": {"address": n, "type": "u16"} for n in (1, 2, 3, 5)})
    turns = (
        ("0000 0006 01 03 0001 0003", "0000 0009 01 03 06 0001 0002 0003"),
        ("0000 0006 01 03 0005 0001", "0000 0005 01 03 02 0005"),
    )
    with conversation(*turns) as link:
        readings = PointMapDevice(link, point_map).read("p5", "p1", "p3")
    assert [readings.number(name) for name in ("p1", "p3", "p5")] == [1.0, 3.0, 5.0]


WRITABLE = points(
    level={"address": 1, "type": "u16", "access": "rw", "scale": 0.1, "limits": [100, 135]},
    offset={"address": 2, "type": "s16", "access": "w", "limits": [-10, 10]},
    seen={"address": 3, "type": "u16"},
    mode={"address": 4, "type": "enum", "access": "w", "labels": {"manual": 0}},
)


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("level", 99.9, SafetyTrip, "99.9 .* lies outside 100 .. 135"),
        ("level", float("nan"), SafetyTrip, "outside"),
        ("seen", 1.0, ConfigError, "only read"),
        ("mode", "auto", ConfigError, "known: manual"),
        ("lvel", 1.0, ConfigError, "did you mean 'level'"),
    ],
)
def test_what_may_not_be_written_is_not_sent(name, value, error, message):
    with conversation() as link, pytest.raises(error, match=message):
        PointMapDevice(link, WRITABLE).write(name, value)


def test_a_write_is_read_back():
    write = ("0000 0006 01 06 0001 04b4", "0000 0006 01 06 0001 04b4")
    read = "0000 0006 01 03 0001 0001"
    with conversation(write, (read, "0000 0005 01 03 02 04b4")) as link:
        PointMapDevice(link, WRITABLE).write("level", 120.4)
    with (
        conversation(write, (read, "0000 0005 01 03 02 04b3")) as link,
        pytest.raises(InstrumentError, match="reads back"),
    ):
        PointMapDevice(link, WRITABLE).write("level", 120.4)


def test_a_negative_number_goes_out_in_two_s_complement_and_a_command_is_not_read_back():
    with conversation(("0000 0006 01 06 0002 fff6", "0000 0006 01 06 0002 fff6")) as link:
        PointMapDevice(link, WRITABLE).write("offset", -10)


NUMBERS = st.sampled_from(["u16", "s16", "u32", "s32", "u64", "s64", "f32"])
ORDERS = st.sampled_from(["high_first", "low_first"])
OFFSETS = st.sampled_from([0, -40, 7])


@given(st.lists(st.tuples(NUMBERS, ORDERS, ORDERS, OFFSETS, st.integers(0, 30000)), min_size=1))
def test_the_two_codecs_agree_on_every_type_and_word_order(entries):
    """Driver and emulator share only the map; the golden frames above hold each to what is right."""
    point_map = points(
        **{
            f"p{n}": {
                **{"address": 4 * n, "type": kind, "word_order": words, "byte_order": characters, "offset": offset},
                **{"access": "rw", "limits": [max(offset, 0), 30000]},
            }
            for n, (kind, words, characters, offset, _) in enumerate(entries)
        }
    )
    kept: dict[str, float] = {}
    bank = PointBank(
        point_map,
        {
            name: Binding(lambda name=name: kept[name], lambda value, name=name: kept.update({name: value}))
            for name in point_map.points
        },
    )
    device = PointMapDevice(_Direct(bank), point_map)
    values = {f"p{n}": float(max(offset, value)) for n, (_, _, _, offset, value) in enumerate(entries)}
    for name, value in values.items():
        device.write(name, value)
    assert kept == values
    assert [device.read(name).number(name) for name in kept] == list(kept.values())


class _Direct:
    """A link without a wire."""

    name = "direct"

    def __init__(self, bank: PointBank) -> None:
        self._bank = bank

    def read(self, address: int, count: int) -> tuple[int, ...]:
        return tuple(self._bank.read(address, count))

    def write(self, address: int, values: list[int]) -> None:
        self._bank.write(address, list(values))


def test_the_bank_refuses_points_that_the_emulator_does_not_have():
    with pytest.raises(ConfigError, match="no point 'level'"):
        PointBank(WRITABLE, {})
    with pytest.raises(ConfigError, match="'level' cannot have access 'rw'"):
        PointBank(WRITABLE, {name: Binding(lambda: 1.0) for name in WRITABLE.points})


@pytest.mark.parametrize("entry", [{"bits": [0, 3]}, {"table": "input"}])
def test_the_bank_of_controls_says_what_it_cannot_show(entry):
    with pytest.raises(ConfigError, match="'a': the emulator has whole holding registers"):
        PointBank(points(a={"address": 1, "type": "u16", **entry}), {"a": Binding(lambda: 1.0)})


@pytest.mark.parametrize(
    ("address", "values", "code"),
    [
        (1, [999], 3),
        (1, [1351], 3),
        (3, [1], 2),
        (4, [1], 3),
        (1, [1000, 0], 2),
        (9, [0], 2),
    ],
)
def test_what_the_bank_refuses(address, values, code):
    bank = PointBank(WRITABLE, {name: Binding(lambda: 120.0, lambda _: None) for name in WRITABLE.points})
    with pytest.raises(ModbusRefusal) as refusal:
        bank.write(address, values)
    assert refusal.value.code == code


def test_the_driver_says_all_that_a_map_lacks():
    with serving() as wire, pytest.raises(ConfigError, match="lacks mode with the label automatic, voltage"):
        PointMapDevice(wire.link(), WRITABLE).require({"mode": ("manual", "automatic"), "voltage": (), "level": ()})
