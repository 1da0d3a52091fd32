"""VisaLink on the wire: what it sends, what it makes of every kind of answer, and what the observer sees."""

import socket

import pytest
from scpi_script import CLEAR, scripted

from instruments.dialects.language import Habits
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.transports.scpi_values import parse_values, split_command
from instruments.transports.visa import ANSWER_LIMIT, VisaLink
from instruments.wire import WireExchange

TIMEOUT_S = 0.15


def test_a_setting_is_one_message_with_its_acknowledgement() -> None:
    seen: list[WireExchange] = []
    with scripted(CLEAR, ("VOLT 1;FREQ 2;*ESR?;*OPC?", "0;1")) as name, VisaLink(name, seen.append) as link:
        link.command("VOLT 1;FREQ 2")
    assert seen == [
        WireExchange("scpi", "write", "*CLS", ()),
        WireExchange("scpi", "write", "VOLT;FREQ", (1, 2)),
    ]


def test_a_query_gives_the_answer_and_shows_its_values() -> None:
    seen: list[WireExchange] = []
    with scripted(CLEAR, ("A?;B?", '1,2.5;"x",NAN')) as name, VisaLink(name, seen.append) as link:
        assert link.query("A?;B?") == '1,2.5;"x",NAN'
    assert seen[-1] == WireExchange("scpi", "query", "A?;B?", (1, 2.5, "x", "NAN"))


def test_a_checked_query_keeps_the_event_status_to_itself() -> None:
    with scripted(CLEAR, ("A?;B?;*ESR?", "1,2;3;0")) as name, VisaLink(name) as link:
        assert link.query_checked("A?;B?") == "1,2;3"


def test_an_error_event_drains_the_queue_and_names_all_entries() -> None:
    seen: list[WireExchange] = []
    turns = (
        CLEAR,
        ("VOLT 9;*ESR?;*OPC?", "48;1"),
        (":SYST:ERR?", '-113,"Undefined header"'),
        (":SYST:ERR?", '-222,"Data out of range"'),
        (":SYST:ERR?", '0,"No error"'),
    )
    with (
        scripted(*turns) as name,
        VisaLink(name, seen.append) as link,
        pytest.raises(InstrumentError, match=r"-113.*Undefined header.*; -222.*Data out of range"),
    ):
        link.command("VOLT 9")
    assert seen[1] == WireExchange("scpi", "write", "VOLT", (9,), "event status 48")


def test_an_error_event_with_an_empty_queue_is_still_an_error() -> None:
    turns = (CLEAR, ("A?;*ESR?", "1;16"), (":SYST:ERR?", '+0,"No error"'))
    with scripted(*turns) as name, VisaLink(name) as link, pytest.raises(InstrumentError, match="event status 16"):
        link.query_checked("A?")


@pytest.mark.parametrize("event", ["1", "64", "2"])
def test_events_that_are_no_errors_pass(event: str) -> None:
    with scripted(CLEAR, ("A?;*ESR?", f"7;{event}")) as name, VisaLink(name) as link:
        assert link.query_checked("A?") == "7"


def test_a_restarted_instrument_is_noticed() -> None:
    with (
        scripted(CLEAR, ("VOLT 1;*ESR?;*OPC?", "128;1")) as name,
        VisaLink(name) as link,
        pytest.raises(InstrumentError, match="restarted"),
    ):
        link.command("VOLT 1")


def test_an_empty_queue_is_no_error() -> None:
    with scripted(CLEAR, (":SYST:ERR?", "0")) as name, VisaLink(name) as link:
        link.check_errors()


def test_a_queue_without_an_end_is_given_up() -> None:
    turns = [(":SYST:ERR?", '-100,"again"')] * 64
    with scripted(CLEAR, *turns) as name, VisaLink(name) as link, pytest.raises(InstrumentError, match="again"):
        link.check_errors()


@pytest.mark.parametrize("answer", ["0;0", "1", "0;", "x;1", "0;1;1;1"])
def test_a_wrong_acknowledgement_is_a_broken_link(answer: str) -> None:
    with (
        scripted(CLEAR, ("VOLT 1;*ESR?;*OPC?", answer)) as name,
        VisaLink(name) as link,
        pytest.raises(TransportError, match="VOLT"),
    ):
        link.command("VOLT 1")


def test_silence_names_resource_time_and_question() -> None:
    seen: list[WireExchange] = []
    with (
        scripted(CLEAR, ("A?", None)) as name,
        VisaLink(name, seen.append, timeout_s=TIMEOUT_S) as link,
        pytest.raises(TransportError, match=r"TCPIP0::127\.0\.0\.1.*no answer within 0.15 s.*'A\?'"),
    ):
        link.query("A?")
    assert seen[-1] == WireExchange("scpi", "query", "A?", (), "no answer within 0.15 s")


def test_after_a_time_out_a_late_answer_is_not_taken_for_the_next() -> None:
    turns = (CLEAR, ("A?", b"late, without its en"), ("B?", "2"))
    with scripted(*turns) as name, VisaLink(name, timeout_s=TIMEOUT_S) as link:
        with pytest.raises(TransportError, match="no answer"):
            link.query("A?")
        assert link.query("B?") == "2", "the connection is a new one"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(b"\xff\xfe\n", "not ASCII"), (b"9" * (ANSWER_LIMIT + 1), "without an end")],
    ids=["garbage", "oversized"],
)
def test_a_garbled_answer_is_a_broken_link(answer: bytes, reason: str) -> None:
    with (
        scripted(CLEAR, ("A?", answer)) as name,
        VisaLink(name, timeout_s=TIMEOUT_S) as link,
        pytest.raises(TransportError, match=reason),
    ):
        link.query("A?")


def test_something_else_at_the_address_is_noticed_at_once() -> None:
    with (
        scripted(("*CLS;*OPC?", "HTTP/1.1 400 Bad Request")) as name,
        VisaLink(name) as link,
        pytest.raises(TransportError, match="HTTP"),
    ):
        link.query("*IDN?")


def test_refused_connection_says_so() -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else gets this port meanwhile
        taken.bind(("127.0.0.1", 0))
        link = VisaLink(f"TCPIP0::127.0.0.1::{taken.getsockname()[1]}::SOCKET", timeout_s=TIMEOUT_S)
        with pytest.raises(TransportError, match="connection refused"):
            link.query("*IDN?")


@pytest.mark.parametrize("name", ["TCPIP0::no-such-host.invalid::5025::SOCKET", "ASRL/dev/no-such-port::INSTR"])
def test_an_address_that_leads_nowhere_is_named(name: str) -> None:
    seen: list[WireExchange] = []
    with pytest.raises(TransportError, match=f"{name}: cannot connect"):
        VisaLink(name, seen.append).query("*IDN?")
    assert [(exchange.operation, exchange.address) for exchange in seen] == [("open", name)]


@pytest.mark.parametrize("name", ["", "127.0.0.1:5025", "TCPIP0::127.0.0.1::x::y::z::SOCKET"])
def test_what_is_no_resource_name_is_a_configuration_error(name: str) -> None:
    with pytest.raises(ConfigError, match="not a VISA resource name"):
        VisaLink(name)


def test_closing_twice_and_before_opening_does_no_harm() -> None:
    link = VisaLink("TCPIP0::127.0.0.1::5025::SOCKET")
    link.close()
    link.close()


def test_a_link_that_was_ended_is_not_opened_again() -> None:
    with scripted(CLEAR, ("*IDN?", "maker,model,1,0")) as name:
        link = VisaLink(name)
        assert link.query("*IDN?")
        link.end()
        with pytest.raises(TransportError, match="was closed"):
            link.query("*IDN?")


def test_only_numbers_become_numbers() -> None:
    assert parse_values("1,-2.5E+1;NAN,INF, 3 ,ON,1_0,0x1") == (1, -25.0, "NAN", "INF", "3", "ON", "1_0", "0x1")
    assert parse_values("") == ()


def test_a_message_shows_as_headers_and_parameters() -> None:
    assert split_command(":SOUR:VOLT1 1.5;PHAS2 -120,3;:OUTP ON") == (
        ":SOUR:VOLT1;PHAS2;:OUTP",
        (1.5, -120, 3, "ON"),
    )


@pytest.mark.parametrize(("termination", "end"), [("LF", "\n"), ("CR", "\r"), ("CRLF", "\r\n")])
def test_lines_end_as_the_instrument_ends_them(termination: str, end: str) -> None:
    habits = Habits.model_validate({"termination": termination})
    with scripted(CLEAR, ("A?", "1,2"), end=end) as name, VisaLink(name, habits=habits, timeout_s=5.0) as link:
        assert link.query("A?") == "1,2"


def test_headers_that_are_echoed_are_taken_off() -> None:
    turns = (("*CLS;*OPC?", "*OPC 1"), ("A?;:B:C?;*ESR?", ':A 1,2;:B:C "x; Y 3";*ESR 0'))
    with scripted(*turns) as name, VisaLink(name, habits=Habits(echoes_headers=True)) as link:
        assert link.query_checked("A?;:B:C?") == '1,2;"x; Y 3"'


def test_an_instrument_may_tell_its_errors_behind_each_message() -> None:
    habits = Habits(acknowledge=("error",))
    turns = (
        CLEAR,
        ("A 1;:SYST:ERR?", '+0,"No error"'),
        ("A 2;:SYST:ERR?", '-222,"Data out of range; A"'),
        (":SYST:ERR?", "-113"),
        (":SYST:ERR?", "0"),
        ("B?;:SYST:ERR?", "7;0"),
    )
    with scripted(*turns) as name, VisaLink(name, habits=habits) as link:
        link.command("A 1")
        with pytest.raises(InstrumentError, match=r"-222,\"Data out of range; A\"; -113"):
            link.command("A 2")
        assert link.query_checked("B?") == "7", "what was told once does not stay"


@pytest.mark.parametrize("answer", ["x", "1;x", "", '"0"'])
def test_what_is_no_error_entry_is_a_broken_link(answer: str) -> None:
    habits = Habits(acknowledge=("error",))
    with (
        scripted(CLEAR, ("A?;:SYST:ERR?", answer)) as name,
        VisaLink(name, habits=habits) as link,
        pytest.raises(TransportError, match="error"),
    ):
        link.query_checked("A?")


def test_a_message_that_is_too_long_is_not_sent() -> None:
    with (
        scripted(CLEAR) as name,
        VisaLink(name, habits=Habits(longest_message=80)) as link,
        pytest.raises(ConfigError, match="80 bytes"),
    ):
        link.query("A?" * 41)
