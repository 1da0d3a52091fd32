"""Register layout and coding against figures of the published models, worked out by hand."""

import math

import pytest

from instruments.emulators.modbus_server import ModbusRefusal
from instruments.emulators.sunspec_image import SunSpecImage
from instruments.sunspec.layout import from_words, layout, scale_exponent, to_words

FOUR_BY_THREE = (("NPt", 4), ("NCrv", 3))


@pytest.mark.parametrize(
    ("model_id", "counts", "length"),
    [
        (1, (), 66),
        (701, (), 153),
        (702, (), 50),
        (703, (), 17),
        (704, (), 65),
        (705, FOUR_BY_THREE, 67),
        (713, (), 7),
        (715, (), 7),
        (201, (), 105),
        (202, (), 105),
    ],
)
def test_model_lengths(model_id, counts, length):
    assert layout(model_id, counts).length - 2 == length


@pytest.mark.parametrize(
    ("model_id", "name", "offset"),
    [
        (1, "Md", 18),
        (1, "SN", 50),
        (701, "W", 10),
        (701, "Hz", 17),
        (701, "W_SF", 116),
        (702, "WMax", 26),
        (703, "ES", 2),
        (704, "WSetEna", 22),
        (704, "WSet", 24),
        (704, "WMaxLimPct", 15),
        (713, "SoC", 4),
        (715, "OpCtl", 8),
        (202, "W", 18),
        (202, "TotWhImp", 46),
    ],
)
def test_points_lie_where_the_specification_puts_them(model_id, name, offset):
    assert layout(model_id).points[name].offset == offset


def test_curve_points_follow_the_header_and_the_curve_before():
    points = layout(705, FOUR_BY_THREE).points
    assert points["Crv[1].ActPt"].offset == 15
    assert points["Crv[1].Pt[1].V"].offset == 25
    assert points["Crv[2].ActPt"].offset == 15 + 10 + 2 * 4


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [("W", -2, [0xFFFE]), ("Hz", 60_000, [0x0000, 0xEA60]), ("TotWhInj", 2**33, [0, 2, 0, 0]), ("St", 1, [1])],
)
def test_values_are_coded_high_word_first(name, raw, words):
    point = layout(701).points[name]
    assert to_words(point, raw) == words
    assert from_words(point, words) == raw


@pytest.mark.parametrize(
    ("model_id", "name", "pattern"),
    [(701, "W", [0x8000]), (701, "LNV", [0xFFFF]), (701, "Hz", [0xFFFF] * 2), (704, "WSet", [0x8000, 0])],
)
def test_what_a_device_does_not_have_reads_not_implemented(model_id, name, pattern):
    point = layout(model_id).points[name]
    assert to_words(point, point.not_implemented) == pattern
    assert from_words(point, pattern) is None


@pytest.mark.parametrize(("largest", "limit", "exponent"), [(1.2e6, 32_000, 2), (6000, 32_000, 0), (2400, 32_000, -1)])
def test_scale_exponent_keeps_the_best_resolution_that_fits(largest, limit, exponent):
    assert scale_exponent(largest, limit) == exponent
    assert largest / 10.0**exponent <= limit < largest / 10.0 ** (exponent - 1)


@pytest.fixture
def image():
    image = SunSpecImage(((1, ()), (701, ()), (704, ())))
    image.model(701).set({"W_SF": 2, "W": 123_456})
    image.model(704).set({"WSet_SF": 0, "WSet": 0, "WSetEna": 0, "WSetMod": 1})
    return image


def test_the_map_is_marker_chain_and_end(image):
    assert image.read(40000, 4) == [0x5375, 0x6E53, 1, 66]
    assert image.read(40070, 2) == [701, 153]
    assert image.read(40225, 2) == [704, 65]
    assert image.read(40292, 2) == [0xFFFF, 0]


def test_a_value_is_rounded_to_its_scale_factor(image):
    assert image.read(40080, 1) == [1235]


@pytest.mark.parametrize("value", [math.nan, math.inf, 4e6, -4e6])
def test_a_value_that_cannot_be_shown_reads_not_implemented_and_not_something_else(image, value):
    image.model(701).set({"W": value})
    assert image.read(40080, 1) == [0x8000]
    assert math.isnan(image.model(701).get("W"))


W_SET, W_SET_ENA = 40225 + 24, 40225 + 22


@pytest.mark.parametrize(
    ("address", "values", "code"),
    [
        pytest.param(40080, [1], 2, id="read-only point"),
        pytest.param(W_SET, [1], 2, id="half of a 32-bit point"),
        pytest.param(W_SET + 1, [1], 2, id="second half"),
        pytest.param(W_SET, [0, 1, 0, 1], 2, id="runs into a point the device does not have"),
        pytest.param(40294, [0], 2, id="past the end"),
        pytest.param(39999, [0], 2, id="before the start"),
        pytest.param(W_SET_ENA, [7], 3, id="no such enum symbol"),
        pytest.param(W_SET, [0x8000, 0], 3, id="the not-implemented pattern"),
    ],
)
def test_a_bad_write_is_refused_and_changes_nothing(image, address, values, code):
    before = image.read(40000, 125) + image.read(40125, 125) + image.read(40250, 44)
    with pytest.raises(ModbusRefusal) as refusal:
        image.write(address, values)
    assert refusal.value.code == code
    assert image.read(40000, 125) + image.read(40125, 125) + image.read(40250, 44) == before


def test_a_write_that_the_device_refuses_is_undone(image):
    def refuse(names: frozenset[str]) -> None:
        assert names == {"WSetEna", "WSetMod"}
        raise ModbusRefusal(3)

    image.model(704).on_write = refuse
    with pytest.raises(ModbusRefusal):
        image.write(W_SET_ENA, [1, 0])
    assert image.read(W_SET_ENA, 2) == [0, 1]
