"""Yokogawa's framed LAN protocol, octet for octet both ways: what our link sends, what our emulator answers."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from scpi_script import raw_client

from bench.assembly.resources import parse_resource
from bench.cli import main
from instruments.dialects.analyzer import analyzer_dialect
from instruments.drivers.scpi_power_analyzer import ScpiPowerAnalyzer
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.framed_server import framed_protocol
from instruments.emulators.host import EmulatorHost
from instruments.emulators.yokogawa_analyzer import YokogawaAnalyzerEmulator
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.transports.framed_session import framed, framed_place
from instruments.transports.visa import ANSWER_LIMIT, VisaLink
from instruments.wire import WireExchange

ROOT = Path(__file__).parents[2]
ANONYMOUS = b"\x80\x00\x00\x09anonymous"
NO_PASSWORD = b"\x80\x00\x00\x00"
CLEAR = b"\x80\x00\x00\x0a*CLS;*OPC?"
ONE = b"\x80\x00\x00\x011"
IDN = b"\x80\x00\x00\x05*IDN?"
LOGIN: list[tuple[bytes, bytes]] = [
    (ANONYMOUS, b"\x80\x00\x00\x09password:"),
    (NO_PASSWORD, b"\x80\x00\x00\x02OK"),
    (CLEAR, ONE),
]
WHO = b"YOKOGAWA,760304,91,F1"
HANG_UP = b"hang up"


class Script(asyncio.Protocol):
    """Says `greeting`, then answers exactly the octets that it expects; `wrong` has what came in their place."""

    def __init__(self, greeting: bytes, turns: deque[tuple[bytes, bytes]], wrong: list[bytes]) -> None:
        self._greeting, self._turns, self._wrong, self._buffer = greeting, turns, wrong, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._greeting)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._turns and len(self._buffer) >= len(self._turns[0][0]):
            expected, answer = self._turns.popleft()
            heard, self._buffer = self._buffer[: len(expected)], self._buffer[len(expected) :]
            if heard != expected:
                self._wrong.append(heard)
            self._transport.write(answer.removesuffix(HANG_UP))
            if answer.endswith(HANG_UP):
                self._transport.close()


@contextmanager
def scripted(
    *turns: tuple[bytes, bytes], greeting: bytes = b"\x80\x00\x00\x05name:", timeout_s: float = 5.0
) -> Iterator[VisaLink]:
    """Serve a conversation to a link; everything in it must have been said, octet for octet."""
    left, wrong = deque(turns), list[bytes]()
    with EmulatorHost() as host:
        address = host.serve(lambda: Script(greeting, left, wrong))
        with VisaLink(f"yokogawa+tcp://{address[0]}:{address[1]}", timeout_s=timeout_s) as link:
            yield link
    assert not wrong, f"heard {wrong}"
    assert not left, f"never heard: {list(left)}"


def test_a_login_and_a_query_octet_for_octet() -> None:
    with scripted(*LOGIN, (IDN, b"\x80\x00\x00\x15" + WHO)) as link:
        assert link.query("*IDN?") == WHO.decode()


def test_a_setting_travels_with_its_acknowledgement() -> None:
    with scripted(*LOGIN, (b"\x80\x00\x00\x1c:NUM:NORM:NUMB 3;*ESR?;*OPC?", b"\x80\x00\x00\x030;1")) as link:
        link.command(":NUM:NORM:NUMB 3")


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\x00\x00\x08YOKOGAWA\x80\x00\x00\x0d,760304,91,F1",
        b"\x00\x00\x00\x00\x00\x00\x00\x14YOKOGAWA,760304,91,F\x80\x00\x00\x011",
        b"\x80\x00\x00\x00\x80\x00\x00\x15" + WHO,
        b"\x80\x00\x00\x16" + WHO + b"\n",
        b"\x80\x00\x00\x17" + WHO + b"\r\n",
    ],
    ids=["two frames", "an empty first frame", "an empty message before", "a line end", "both line ends"],
)
def test_a_message_may_come_in_frames_and_end_in_a_line_end(answer: bytes) -> None:
    with scripted(*LOGIN, (IDN, answer)) as link:
        assert link.query("*IDN?") == WHO.decode()


def test_what_answers_no_query_is_empty_and_not_taken_for_the_next_answer() -> None:
    with scripted(*LOGIN, (b"\x80\x00\x00\x04*RST", NO_PASSWORD), (IDN, b"\x80\x00\x00\x15" + WHO)) as link:
        link.tell("*RST")
        assert link.query("*IDN?") == WHO.decode()


def test_what_nobody_asked_for_is_not_taken_for_an_answer() -> None:
    late = b"\x80\x00\x00\x15" + WHO + b"\x80\x00\x00\x04late"
    # The second query comes on a new connection, on which what was left of the first one is gone.
    again = [(ANONYMOUS, framed(b"p")), (NO_PASSWORD, framed(b"k")), (IDN, framed(b"right"))]
    with scripted(*LOGIN, (IDN, late), *again) as link:
        assert link.query("*IDN?") == WHO.decode()
        assert link.query("*IDN?") == "right"


FAILING: dict[str, tuple[bytes, str]] = {
    "a header cut short": (b"\x80\x00" + HANG_UP, "closed the connection"),
    "a text cut short": (b"\x80\x00\x00\x15YOKO" + HANG_UP, "closed the connection"),
    "no last frame": (b"\x00\x00\x00\x15" + WHO + HANG_UP, "closed the connection"),
    "a text that does not come": (b"\x80\x00\x00\x15YOKO", "no whole answer within 0.3 s"),
    "nothing": (b"", "no whole answer within 0.3 s"),
    "too much in one frame": (b"\x80\x01\x00\x01" + b"x" * 9, f"65537 bytes, more than {ANSWER_LIMIT}"),
    "too much in several": (b"\x00\x00\xff\xff" + b"x" * 65535 + b"\x80\x00\x00\x02xx", "65537 bytes"),
    "a line where a frame belongs": (b"YOKOGAWA,760304\n", "bytes, more than"),
    "no ASCII": (b"\x80\x00\x00\x02\xff\xfe", "not ASCII"),
}


@pytest.mark.parametrize("failing", FAILING)
def test_what_is_no_answer_is_a_fault_of_the_link(failing: str) -> None:
    answer, why = FAILING[failing]
    with scripted(*LOGIN, (IDN, answer), timeout_s=0.3) as link, pytest.raises(TransportError, match=why):
        link.query("*IDN?")


def test_who_hangs_up_at_the_login_is_told() -> None:
    with (
        scripted((ANONYMOUS, HANG_UP)) as link,
        pytest.raises(TransportError, match="connect and log in: it closed"),
    ):
        link.query("*IDN?")


def test_who_speaks_no_frames_is_told() -> None:
    with (
        scripted(greeting=b"SSH-2.0-x\r\n") as link,
        pytest.raises(TransportError, match="log in: it sends a message"),
    ):
        link.query("*IDN?")


def test_who_says_nothing_is_told() -> None:
    with scripted(greeting=b"", timeout_s=0.3) as link, pytest.raises(TransportError, match="log in: no whole answer"):
        link.query("*IDN?")


def test_a_login_that_does_not_hold_shows_in_the_first_answer() -> None:
    refused = [LOGIN[0], (NO_PASSWORD, framed(b"wrong password")), (CLEAR, framed(b"name:"))]
    with (
        scripted(*refused) as link,
        pytest.raises(TransportError, match=r"acknowledged with 'name:'.*'wrong password'"),
    ):
        link.query("*IDN?")


def test_nobody_listens() -> None:
    link = VisaLink("yokogawa+tcp://127.0.0.1:1", timeout_s=2.0)
    with pytest.raises(TransportError, match="nothing listens"):
        link.query("*IDN?")


def test_the_login_is_on_record() -> None:
    seen: list[WireExchange] = []
    with serving() as (host, port), VisaLink(f"yokogawa+tcp://{host}:{port}", seen.append, timeout_s=5.0) as link:
        link.query("*IDN?")
    assert seen[0] == WireExchange("scpi", "login", "anonymous", ("name?", "password?", "welcome"))
    assert [exchange.operation for exchange in seen] == ["login", "write", "query"]


@contextmanager
def serving(node: ElectricalNode | None = None) -> Iterator[tuple[str, int]]:
    emulator = YokogawaAnalyzerEmulator("analyzer", node or ElectricalNode(3))
    with EmulatorHost() as host:
        yield host.serve(framed_protocol(emulator.scpi, host.lock))


def exchanged(*messages: bytes, octets: int) -> bytes:
    """Send octets to the emulator as they are, and return that many, or all until it hangs up."""
    with serving() as address, raw_client(address) as connection:
        found = b""
        for message in messages:
            connection.sendall(message)
        while len(found) < octets and (part := connection.recv(octets - len(found))):
            found += part
        return found


GREETED = b"\x80\x00\x00\x05name?"
ASKED = GREETED + b"\x80\x00\x00\x09password?"
WELCOME = ASKED + b"\x80\x00\x00\x07welcome"


def test_the_emulator_answers_octet_for_octet() -> None:
    head = b"\x80\x00\x00\x0f:COMM:HEAD OFF;"
    query = b"\x80\x00\x00\x0f:NUM:NORM:NUMB?"
    answer = WELCOME + NO_PASSWORD + b"\x80\x00\x00\x013"
    assert exchanged(ANONYMOUS, NO_PASSWORD, head, query, octets=len(answer)) == answer


def test_the_emulator_takes_a_message_in_frames_and_in_pieces() -> None:
    pieces = [bytes([octet]) for octet in ANONYMOUS + NO_PASSWORD + b"\x00\x00\x00\x02*O\x80\x00\x00\x03PC?"]
    assert exchanged(*pieces, octets=len(WELCOME + ONE)) == WELCOME + ONE


@pytest.mark.parametrize("login", [(b"\x80\x00\x00\x04root", NO_PASSWORD), (ANONYMOUS, b"\x80\x00\x00\x01x")])
def test_the_emulator_hangs_up_on_who_it_does_not_know(login: tuple[bytes, bytes]) -> None:
    assert exchanged(*login, CLEAR, octets=1000) == ASKED + b"\x80\x00\x00\x0enot known here"


def test_the_emulator_hangs_up_on_a_message_that_is_too_long() -> None:
    assert exchanged(ANONYMOUS, NO_PASSWORD, b"\x80\x00\x20\x01", octets=1000) == WELCOME


def test_an_analyzer_measures_over_the_frames() -> None:
    node, dialect = ElectricalNode(3), analyzer_dialect("yokogawa_wt")
    node.apply((120.0, 121.0, 122.0), 60.0)
    with serving(node) as address:
        resource = f"yokogawa+tcp://{address[0]}:{address[1]}"
        with VisaLink(resource, timeout_s=5.0, habits=dialect.link) as link:
            analyzer = ScpiPowerAnalyzer(link, dialect=dialect)
            assert analyzer.identify().model == "emulated WT1800"
            assert analyzer.measure().voltage_v == pytest.approx((120.0, 121.0, 122.0), rel=0.002), "its class is 0.2 %"
            with pytest.raises(InstrumentError, match="113"):
                link.command(":NONSENSE 1")
            assert analyzer.measure().frequency_hz == pytest.approx(60.0, rel=0.002)


def test_the_address_reads_back_and_another_is_told() -> None:
    text = "yokogawa+tcp://wt3000.lab:10001"
    assert str(parse_resource(text)) == text
    assert parse_resource(text).protocol == "scpi"
    assert str(parse_resource(text).anywhere) == "yokogawa+tcp://wt3000.lab:0"
    assert framed_place(text) == ("wt3000.lab", 10001)
    assert framed_place("TCPIP0::wt3000.lab::10001::SOCKET") is None
    for wrong in ("yokogawa+tcp://wt3000.lab", "yokogawa+tcp://wt3000.lab:99999", "yokogawa+tcp://a:1/1"):
        with pytest.raises(ConfigError):
            parse_resource(wrong)


def test_a_bench_has_an_analyzer_at_such_an_address(tmp_path: Path) -> None:
    bench = tmp_path / "bench.yaml"
    analyzer = {"driver": "scpi_yokogawa_wt", "resource": "yokogawa+tcp://127.0.0.1:0"}
    like = str(ROOT / "fixtures" / "benches" / "certify_inverter.yaml")
    changes = {"power_analyzer": analyzer | {"emulate": {"capture": None}}}
    bench.write_text(yaml.safe_dump({"like": like, "bench": "framed", "devices": changes}), encoding="utf-8")
    done = CliRunner().invoke(main, ["doctor", "--bench", str(bench)])
    assert done.exit_code == 0, done.output
    assert "power_analyzer: yokogawa+tcp://127.0.0.1:" in done.output
    assert "dialect yokogawa_wt" in done.output
