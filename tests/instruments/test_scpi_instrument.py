"""The language of the emulated instruments, without a socket: headers, paths, parameters, status, error queue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.emulators.scpi_instrument import Call, ScpiInstrument, header_pattern
from instruments.emulators.scpi_status import QUEUE_LENGTH, ScpiError

NO_ERROR = '0,"No error"'


class Lamp:
    """A small instrument: one level between 0 and 10, one switch, channels 1 and 2."""

    def __init__(self) -> None:
        self.level = 0.0
        self.on = False
        self.channel: int | None = None
        self.resets = 0
        table = {
            "[SOURce:]LEVel#[:IMMediate]": self._set_level,
            "[SOURce:]LEVel#[:IMMediate]?": lambda call: call.level(self.level, 0.0, 10.0),
            "[SOURce:]LEVel:LIMit?": lambda _: "10",
            "OUTPut[:STATe]": self._switch,
            "OUTPut[:STATe]?": lambda _: str(int(self.on)),
        }
        self.scpi = ScpiInstrument("Maker,Lamp,77,2.1", table, self._reset)

    def _set_level(self, call: Call) -> None:
        self.level = call.number(0.0, 10.0)
        self.channel = call.suffixes[0]

    def _switch(self, call: Call) -> None:
        self.on = call.switch()

    def _reset(self) -> None:
        self.resets += 1


@pytest.fixture
def lamp() -> Lamp:
    lamp = Lamp()
    lamp.scpi.execute("*CLS")
    return lamp


@pytest.mark.parametrize(
    "message",
    [
        "LEV 2.5",
        "LEVEL 2.5",
        "SOUR:LEV 2.5",
        ":source:level:immediate 2.5",
        "Sour:Lev:Imm 25E-1",
        "LEV\t+2.50",
        "LEV1 2.5",
    ],
)
def test_short_and_long_form_in_any_case_set_the_same(lamp: Lamp, message: str) -> None:
    lamp.scpi.execute(message)
    assert (lamp.level, lamp.scpi.execute("SYST:ERR?")) == (2.5, NO_ERROR)


@pytest.mark.parametrize("header", ["LEVE", "LE", "SOURC:LEV", "LEV:", "LEV:IMM:MORE", "LEV2.", "LEV?X", "OUTP#"])
def test_neither_short_nor_long_form_is_undefined(lamp: Lamp, header: str) -> None:
    assert lamp.scpi.execute(f"{header} 1") == ""
    assert lamp.scpi.execute("SYST:ERR?").startswith("-113,"), header


@pytest.mark.parametrize(("message", "suffix"), [("LEV 1", None), ("LEV2 1", 2), ("LEV02 1", 2)])
def test_suffix_reaches_the_handler(lamp: Lamp, message: str, suffix: int | None) -> None:
    lamp.scpi.execute(message)
    assert lamp.channel == suffix


def test_units_after_a_semicolon_start_in_the_path_of_the_unit_before(lamp: Lamp) -> None:
    assert lamp.scpi.execute("SOUR:LEV 3;LEV?;LEV:LIM?") == "3.000000E+00;10"
    assert lamp.scpi.execute("SOUR:LEV:LIM?;LIM?") == "10;10"
    assert lamp.scpi.execute("SOUR:LEV 4;*OPC?;LEV?") == "1;4.000000E+00", "a common command keeps the path"
    assert lamp.scpi.execute("SOUR:LEV 5;:OUTP ON;:OUTP?") == "1", "a leading colon goes to the root"
    assert lamp.scpi.execute("SYST:ERR?") == NO_ERROR
    assert lamp.scpi.execute("SOUR:LEV?;OUTP?") == "5.000000E+00", "OUTP is not below SOUR"
    assert lamp.scpi.execute("SYST:ERR?") == '-113,"Undefined header;SOUR:OUTP?"'


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("LEV", -109),
        ("LEV 11", -222),
        ("LEV -0.1", -222),
        ("LEV 1E999", -222),
        ("LEV nan", -104),
        ("LEV inf", -104),
        ("LEV 1_0", -104),
        ("LEV 5V", -104),
        ("LEV ,5", -104),
        ("LEV? BIG", -224),
        ("OUTP MAYBE", -224),
        ("OUTP", -109),
        ("FOO", -113),
        ("*FOO?", -113),
        ("LEV 1\x00", -102),
        ("LEV é", -102),
        ("*ESE 256", -222),
    ],
)
def test_what_is_wrong_is_queued_and_changes_nothing(lamp: Lamp, message: str, error: int) -> None:
    lamp.scpi.execute("LEV 7;*ESE 8")
    assert lamp.scpi.execute(message) == ""
    assert lamp.scpi.execute("SYST:ERR?").split(",")[0] == str(error), message
    assert (lamp.level, lamp.on, lamp.scpi.execute("*ESE?")) == (7.0, False, "8")


def test_units_after_a_refused_one_are_carried_out(lamp: Lamp) -> None:
    assert lamp.scpi.execute("LEV 99;:OUTP ON;*OPC?") == "1"
    assert lamp.on
    assert lamp.scpi.execute("SYST:ERR?").startswith("-222,")


@pytest.mark.parametrize(("asked", "answer"), [("LEV? MIN", "0.000000E+00"), ("LEV? MAXIMUM", "1.000000E+01")])
def test_limits_are_asked_for_by_name(lamp: Lamp, asked: str, answer: str) -> None:
    assert lamp.scpi.execute(asked) == answer


def test_min_and_max_set_the_limits(lamp: Lamp) -> None:
    assert lamp.scpi.execute("LEV MAX;LEV?;LEV MIN;LEV?") == "1.000000E+01;0.000000E+00"


def test_identity_and_reset(lamp: Lamp) -> None:
    assert lamp.scpi.execute("*IDN?") == "Maker,Lamp,77,2.1"
    lamp.scpi.execute("*RST")
    assert lamp.resets == 1


def test_a_full_error_queue_ends_with_overflow_and_drains_to_no_error(lamp: Lamp) -> None:
    for _ in range(QUEUE_LENGTH + 5):
        lamp.scpi.execute("LEV 99")
    answers = [lamp.scpi.execute("SYST:ERR?") for _ in range(QUEUE_LENGTH + 1)]
    codes = [int(answer.split(",")[0]) for answer in answers]
    assert codes == [-222] * (QUEUE_LENGTH - 1) + [-350, 0]


@pytest.mark.parametrize(("message", "event"), [("FOO", 32), ("LEV 99", 16), ("*OPC", 1), ("LEV 1", 0)])
def test_standard_event_register_is_set_and_cleared_by_reading(lamp: Lamp, message: str, event: int) -> None:
    lamp.scpi.execute(message)
    assert lamp.scpi.execute("*ESR?;*ESR?") == f"{event};0"


def test_power_on_event_shows_once() -> None:
    assert Lamp().scpi.execute("*ESR?;*ESR?") == "128;0"


def test_status_byte_sums_up_queue_events_and_questionable_conditions(lamp: Lamp) -> None:
    assert lamp.scpi.execute("*STB?") == "0"
    lamp.scpi.execute("LEV 99")
    assert lamp.scpi.execute("*STB?") == "4", "error queue"
    assert lamp.scpi.execute("*ESE 16;*STB?") == "36", "with an enabled event"
    assert lamp.scpi.execute("*SRE 32;*STB?") == "100", "with the master summary"
    lamp.scpi.execute("*CLS;STAT:QUES:ENAB 2")
    lamp.scpi.status.questionable.set(2)
    assert lamp.scpi.execute("*STB?") == "8"


def test_questionable_event_is_latched_and_condition_is_live(lamp: Lamp) -> None:
    lamp.scpi.status.questionable.set(2)
    lamp.scpi.status.questionable.set(0)
    assert lamp.scpi.execute("STAT:QUES:COND?;EVEN?;EVEN?") == "0;2;0"


def test_service_enable_has_no_bit_for_the_summary_itself(lamp: Lamp) -> None:
    assert lamp.scpi.execute("*SRE 255;*SRE?") == "191"


@given(st.sampled_from(["VOLTage", "MEASure:POWer", "[SOURce:]CURRent#[:LEVel]", "*IDN?"]), st.text())
def test_a_pattern_matches_nothing_but_its_forms(pattern: str, text: str) -> None:
    forms = {
        "VOLTage": {"VOLT", "VOLTAGE"},
        "MEASure:POWer": {"MEAS:POW", "MEASURE:POW", "MEAS:POWER", "MEASURE:POWER"},
        "*IDN?": {"*IDN?"},
    }.get(pattern)
    matched = header_pattern(pattern).fullmatch(text) is not None
    assert matched == (text in forms) if forms else not matched or "CURR" in text


@given(st.text(max_size=60))
def test_no_message_raises(text: str) -> None:
    lamp = Lamp()
    lamp.scpi.execute(text)
    assert lamp.scpi.execute("*IDN?") == "Maker,Lamp,77,2.1"


def test_scpi_error_carries_its_code() -> None:
    with pytest.raises(ScpiError) as caught:
        Call((), ()).number(0.0, 1.0)
    assert caught.value.code == -109
