"""What is not to be believed of an outstation: trouble, restarts that stay, echoes of other commands, any octets."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.dnp3_points import Kind, Ref
from instruments.drivers.tap_changer_control import PointMapTapChangerControl
from instruments.emulators.host import EmulatorHost
from instruments.errors import Doubtful, InstrumentError, TransportError
from instruments.transports.dnp3 import Dnp3Connections, Dnp3Link
from instruments.wire import WireExchange
from tests.instruments.dnp3_bench import LTC, OUTSTATION, answered, asked, conversation

AI_0, AI_1, BO_2 = Ref(Kind.ANALOG_INPUT, 0), Ref(Kind.ANALOG_INPUT, 1), Ref(Kind.BINARY_OUTPUT, 2)
READ_AI_0 = asked("c0 c0 01 1e 00 00 00 00")
CLOSE = "0c 01 17 01 02 41 01 00000000 00000000 00"
DIRECT = asked(f"c0 c0 05 {CLOSE}")
CLEAR = "50 01 00 07 07 00"


def test_values_of_an_outstation_in_trouble_are_no_readings():
    turn = (READ_AI_0, answered("c0 c0 81 40 00 1e 01 00 00 00 01 05000000"))
    with conversation(turn) as link, pytest.raises(Doubtful, match=r"says that it is in trouble"):
        link.read([AI_0])


def test_an_outstation_in_trouble_can_be_commanded():
    """How else should it be made safe?"""
    with conversation((DIRECT, answered(f"c0 c0 81 40 00 {CLOSE}"))) as link:
        link.operate(BO_2, "close")


@pytest.mark.parametrize("acknowledged", ["80 00", "00 01"], ids=["indicated still", "function not supported"])
def test_a_restart_that_cannot_be_acknowledged_is_told_each_time(acknowledged):
    turns = [
        (READ_AI_0, answered("c0 c0 81 80 00 1e 01 00 00 00 01 05000000")),
        (asked(f"c1 c1 02 {CLEAR}"), answered(f"c1 c1 81 {acknowledged}")),
        (asked("c2 c2 01 1e 00 00 00 00"), answered("c2 c2 81 80 00 1e 01 00 00 00 01 05000000")),
        (asked(f"c3 c3 02 {CLEAR}"), answered(f"c3 c3 81 {acknowledged}")),
    ]
    with conversation(*turns) as link:
        for _ in range(2):
            with pytest.raises(Doubtful, match="does not take that its restart is acknowledged"):
                link.read([AI_0])


def test_a_point_that_comes_twice_has_to_be_the_same_twice():
    same, other = ("1e 01 00 00 00 01 05000000 " * 2), "1e 01 00 00 00 01 05000000 1e 01 00 00 00 01 06000000"
    with conversation((READ_AI_0, answered(f"c0 c0 81 00 00 {same}"))) as link:
        assert link.read([AI_0])[AI_0].value == 5
    with (
        conversation((READ_AI_0, answered(f"c0 c0 81 00 00 {other}"))) as link,
        pytest.raises(Doubtful, match="sent two different values of ai 0"),
    ):
        link.read([AI_0])


def test_an_answer_that_ends_inside_an_object_is_the_outstation_s_doing():
    """Its frame has a sound CRC: no line has cut it."""
    turn = (READ_AI_0, answered("c0 c0 81 00 00 1e 01 00 00 00 01 0500"))
    with conversation(turn) as link, pytest.raises(Doubtful, match=r"sent what cannot be read: .* ends inside"):
        link.read([AI_0])


def test_device_attributes_that_end_in_the_middle_are_nobody_s():
    asks = asked("c0 c0 01 00 fc 00 00 00 00 fa 00 00 00 00 f2 00 00 00 00 f8 00 00 00")
    turn = (asks, answered("c0 c0 81 00 00 00 fc 00 00 00 01 04 4163"))
    with conversation(turn) as link, pytest.raises(Doubtful, match="attributes that end in the middle"):
        PointMapTapChangerControl(link, LTC).identify()


def test_a_float_that_is_no_number_is_written_down_as_a_word():
    """NaN as a float of 32 bits: no log has it as a number."""
    with conversation((READ_AI_0, answered("c0 c0 81 00 00 1e 05 00 00 00 01 0000c07f"))) as link:
        seen: list[WireExchange] = []
        link._observer = seen.append
        link.read([AI_0])
    assert seen[0].values == ("nan",)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (f"00 04 {CLOSE}", InstrumentError, "refused to operate bo 2 to close: parameter error"),
        (f"00 04 {CLOSE[:-2]}04", InstrumentError, "not supported, parameter error"),
        ("00 01", InstrumentError, "function not supported"),
        ("00 00", Doubtful, "does not answer the command"),
        ("00 00 0c 01 17 01 03 41 01 00000000 00000000 00", Doubtful, "answered to another command"),
        ("00 00 0c 01 17 01 02 81 01 00000000 00000000 00", Doubtful, "answered to another command"),
        ("00 00 0c 01 17 01 02 41 02 00000000 00000000 00", Doubtful, "answered to another command"),
        ("00 00 0c 01 17 01 02 81 01 00000000 00000000 04", Doubtful, "answered to another command"),
        (f"00 00 {CLOSE} {CLOSE}", Doubtful, "answered to another command"),
        (f"00 00 {CLOSE[:-3]}", Doubtful, "answered to another command"),
    ],
)
def test_only_its_own_echo_alone_and_with_success_says_that_a_command_was_taken(answer, error, words):
    turn = (DIRECT, answered(f"c0 c0 81 {answer}"))
    with conversation(turn) as link, pytest.raises(error, match=words) as told:
        link.operate(BO_2, "close")
    assert type(told.value) is error, "a refusal is one, and a doubt is none"


def test_an_error_in_any_fragment_of_an_answer_is_one():
    first = answered("c0 a0 81 00 04 1e 01 00 00 00 01 05000000")
    last = answered("c1 41 81 00 00 1e 01 00 01 01 01 05000000")
    turns = [(asked("c0 c0 01 1e 00 00 00 01"), first), (asked("c1 c0 00"), last)]
    with conversation(*turns) as link, pytest.raises(InstrumentError, match="parameter error"):
        link.read([AI_0, AI_1])


def test_a_control_in_doubt_is_made_safe_as_far_as_it_can_be():
    """The first read-back is in doubt, and the second order is given all the same."""
    free, automatic = "0c 01 17 01 01 04 01 00000000 00000000 00", "0c 01 17 01 00 03 01 00000000 00000000 00"
    turns = [
        (asked(f"c0 c0 05 {free}"), answered(f"c0 c0 81 00 00 {free}")),
        (asked("c1 c1 01 01 00 00 01 01"), answered("c1 c1 81 00 00 01 02 00 01 01 05")),
        (asked(f"c2 c2 05 {automatic}"), answered(f"c2 c2 81 00 00 {automatic}")),
        (asked("c3 c3 01 01 00 00 00 00"), answered("c3 c3 81 00 00 01 02 00 00 00 81")),
    ]
    with conversation(*turns) as link, pytest.raises(Doubtful, match=r"blocked .* communication lost"):
        PointMapTapChangerControl(link, LTC).make_safe()


class _Once(asyncio.Protocol):
    """Answers anything with the same octets, and hangs up."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        del data
        self._transport.write(self._octets)
        self._transport.close()


@pytest.fixture(scope="module")
def told() -> Iterator[Callable[..., Any]]:
    """A link to somebody who answers with given octets, whatever is asked."""
    with EmulatorHost() as host:

        @contextmanager
        def answering(octets: bytes) -> Iterator[Dnp3Link]:
            with Dnp3Connections() as connections:
                yield connections.link(*host.serve(lambda: _Once(octets)), OUTSTATION)

        yield answering


VALID = answered("c0 c0 81 00 00 1e 01 00 00 03 01 05000000 01 06000000 01 07000000 01 08000000")
FOUR = [Ref(Kind.ANALOG_INPUT, n) for n in range(4)]
TRUE = [5, 6, 7, 8]


@st.composite
def spoiled(draw: st.DrawFn, octets: bytes) -> bytes:
    """Octets with some replaced, lost, doubled, or put in between."""
    made = bytearray(octets)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(made) - 1)))
        match draw(st.sampled_from(("other", "lost", "doubled", "cut", "more"))):
            case "other":
                made[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "lost":
                del made[at : at + 1]
            case "doubled":
                made[at:at] = made[at : at + 3]
            case "cut":
                del made[at:]
            case "more":
                made[at:at] = draw(st.binary(min_size=1, max_size=4))
    return bytes(made)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(octets=spoiled(VALID))
def test_a_spoiled_answer_gives_an_error_of_ours_or_what_was_true(told, octets):
    with told(octets) as link:
        try:
            found = link.read(FOUR)
        except (InstrumentError, TransportError):
            return
    assert [found[ref].value for ref in FOUR] == TRUE


@settings(max_examples=40, deadline=None, derandomize=True)
@given(octets=st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(lambda more: b"\x05\x64" + more)))
def test_octets_of_anybody_never_give_a_value(told, octets):
    with told(octets) as link, pytest.raises((InstrumentError, TransportError)):
        link.read([AI_0])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(objects=spoiled(bytes.fromhex(CLOSE)))
def test_a_command_is_taken_by_its_very_echo_and_by_nothing_else(told, objects):
    """In a sound frame: what stands in it is the outstation's own word."""
    with told(answered("c0 c0 81 00 00" + objects.hex())) as link:
        if objects == bytes.fromhex(CLOSE):
            link.operate(BO_2, "close")
            return
        with pytest.raises(InstrumentError):
            link.operate(BO_2, "close")
