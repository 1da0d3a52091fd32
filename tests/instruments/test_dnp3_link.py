"""What goes wrong on a DNP3 link, told in words: refusals, lost links, other stations, restarts, doubtful values."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py1815.application import IIN
from py1815.control import CommandStatus

from instruments.dnp3_map import parse_dnp3_map
from instruments.dnp3_points import COMM_LOST, LOCAL_FORCED, ONLINE, RESTART, Kind, PointEvent, PointValue, Ref
from instruments.drivers.capacitor_control import PointMapCapacitorControl
from instruments.drivers.dnp3_point_device import Dnp3PointDevice
from instruments.drivers.tap_changer_control import PointMapTapChangerControl
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.control_points import capacitor_points, tap_changer_points
from instruments.emulators.dnp3_outstation import PointOutstation
from instruments.emulators.sensing_source import Secondary
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.errors import ConfigError, Doubtful, InstrumentError, SafetyTrip, TransportError
from instruments.point_map import load_point_map
from instruments.transports.dnp3 import Dnp3Connections, spans
from instruments.transports.dnp3_attributes import attribute_objects, parse_attributes
from instruments.transports.dnp3_conversation import Dnp3Conversation
from instruments.transports.dnp3_words import refusal_words
from instruments.wire import WireExchange
from tests.instruments.dnp3_bench import CAPACITOR, LTC, MAPS, answered, asked, conversation, frame, serving

REGISTERS = load_point_map(MAPS / "ltc_generic.yaml")
AI_0 = Ref(Kind.ANALOG_INPUT, 0)
BO_2 = Ref(Kind.BINARY_OUTPUT, 2)
READ_AI_0 = asked("c0 c0 01 1e 00 00 00 00")
SELECT = asked("c0 c0 03 0c 01 17 01 02 41 01 00000000 00000000 00")


def control(**options) -> TapChangerControlEmulator:
    return TapChangerControlEmulator(SensingTerminals(Secondary(119.0, 1.0, -30.0, 60.0)), **options)


def outstation(held: TapChangerControlEmulator, address: int = 10) -> PointOutstation:
    return PointOutstation(address, LTC, tap_changer_points(held), held.identity, 1)


@pytest.mark.parametrize(
    ("indications", "words"),
    [
        ("00 01", "function not supported"),
        ("00 02", "object unknown"),
        ("00 04", "parameter error"),
        ("00 10", "already executing"),
        ("00 20", "its configuration is corrupt"),
        ("00 06", "object unknown, parameter error"),
    ],
)
def test_an_error_indication_is_a_refusal_in_words(indications, words):
    with (
        conversation((READ_AI_0, answered(f"c0 c0 81 {indications}"))) as link,
        pytest.raises(InstrumentError, match=f"refused to read ai 0: {words}$"),
    ):
        link.read([AI_0])


def test_other_indications_refuse_nothing():
    """Class 1 events, local control, overflow of events."""
    with conversation((READ_AI_0, answered("c0 c0 81 22 08 1e 01 00 00 00 01 05000000"))) as link:
        assert link.read([AI_0])[AI_0].value == 5


@given(st.integers(0, 255), st.integers(0, 255))
def test_every_error_bit_has_words(first, second):
    assert bool(refusal_words(IIN(first, second))) == bool(second & 0x37)


@pytest.mark.parametrize("status", [s for s in CommandStatus if s])
def test_a_select_that_is_refused_is_not_operated(status):
    answer = answered(f"c0 c0 81 00 00 0c 01 17 01 02 41 01 00000000 00000000 {status:02x}")
    with conversation((SELECT, answer)) as link:
        seen: list[WireExchange] = []
        link._observer = seen.append
        with pytest.raises(InstrumentError, match="refused to select bo 2 to close: ") as refusal:
            link.operate(BO_2, "close", select=True)
    assert str(refusal.value).rpartition(": ")[2]
    assert [(exchange.operation, exchange.error is None) for exchange in seen] == [("select", False)]


def test_another_command_than_the_one_sent_is_no_answer():
    answer = answered("c0 c0 81 00 00 0c 01 17 01 02 81 01 00000000 00000000 00")
    with conversation((SELECT, answer)) as link, pytest.raises(Doubtful, match="answered to another command"):
        link.operate(BO_2, "close", select=True)


def test_an_outstation_that_does_not_know_the_object_commanded():
    with (
        conversation((SELECT, answered("c0 c0 81 00 02"))) as link,
        pytest.raises(InstrumentError, match="refused to select bo 2 to close: object unknown"),
    ):
        link.operate(BO_2, "close", select=True)


def test_a_point_that_does_not_come_is_named():
    wanted = [AI_0, Ref(Kind.ANALOG_INPUT, 1), Ref(Kind.BINARY_INPUT, 7)]
    turn = (asked("c0 c0 01 1e 00 00 00 01 01 00 00 07 07"), answered("c0 c0 81 00 00 1e 01 00 00 00 01 05000000"))
    with conversation(turn) as link, pytest.raises(InstrumentError, match="did not send ai 1, bi 7"):
        link.read(wanted)


def test_objects_that_nobody_can_read_are_no_answer():
    turn = (READ_AI_0, answered("c0 c0 81 00 00 63 01 00 00 00 01 05000000"))
    with conversation(turn) as link, pytest.raises(TransportError, match="sent what cannot be read"):
        link.read([AI_0])


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        answered("c0 c0 81 00 00 1e 01 00 00 00 01 05000000")[:-1],  # the end is missing
        answered("c0 c0 81 00 00 1e 01 00 00 00 01 05000000")[:-1] + b"\x00",  # a wrong CRC
        answered("c0 c1 81 00 00 1e 01 00 00 00 01 05000000"),  # another sequence number
        answered("c0 c0 81 00 00 1e 01 00 00 00 01 05000000", outstation=11),  # another outstation
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
    ids=["silence", "cut", "crc", "sequence", "address", "http"],
)
def test_what_is_no_sound_answer_times_out(answer):
    with (
        conversation((READ_AI_0, answer), timeout_s=0.1) as link,
        pytest.raises(TransportError, match=r"gave no sound answer( in \d+ octets)? \(time-out 0.1 s\)") as told,
    ):
        link.read([AI_0])
    assert (f"in {len(answer)} octets" in str(told.value)) == bool(answer), "noise is told from silence"


def test_a_link_dropped_in_the_middle_is_told_and_made_anew():
    good = answered("c0 c1 81 00 00 1e 01 00 00 00 01 05000000")
    with conversation((READ_AI_0, None), (asked("c1 c1 01 1e 00 00 00 00"), good)) as link:
        with pytest.raises(TransportError, match="closed the connection"):
            link.read([AI_0])
        assert link.read([AI_0])[AI_0].value == 5


def test_an_operate_whose_link_drops_is_not_sent_again():
    with (
        conversation((asked("c0 c0 05 0c 01 17 01 02 41 01 00000000 00000000 00"), None)) as link,
        pytest.raises(TransportError, match="closed the connection"),
    ):
        link.operate(BO_2, "close")


def test_nobody_listens():
    with Dnp3Connections() as connections, pytest.raises(TransportError, match=r"cannot connect to 127\.0\.0\.1:1"):
        connections.link("127.0.0.1", 1, 10).read([AI_0])


def test_the_wire_log_names_the_device_and_no_port():
    seen: list[WireExchange] = []
    with conversation((READ_AI_0, answered("c0 c0 81 00 04"))) as link:
        link.name, link._observer = "ltc", seen.append
        with pytest.raises(InstrumentError, match=r"^ltc refused"):
            link.read([AI_0])
    assert seen == [WireExchange("dnp3", "read", "ai 0", (), "the device refused to read ai 0: parameter error")]


def test_the_wire_log_has_points_and_values():
    held = control(position=-3)
    with serving(outstation(held)) as wire:
        driver = PointMapTapChangerControl(wire.link(), LTC)
        driver.set_automatic(False)
        driver.raise_tap()
    assert [(e.operation, e.address, e.values) for e in wire.exchanges] == [
        ("acknowledge", "restart", ()),
        ("write", "bo 0", ("latch_off",)),
        ("read", "bi 0", (0,)),
        ("select", "bo 2", ("close",)),
        ("write", "bo 2", ("close",)),
    ]
    assert {e.protocol for e in wire.exchanges} == {"dnp3"}


def test_what_is_sent_unasked_is_confirmed_and_kept_for_the_next_poll():
    """Before the answer comes a change of bi 0 with its time, which asks to be confirmed by its number 3."""
    time_ms = 1_700_000_000_123
    unasked = answered("c0 f3 82 00 00 02 02 17 01 00 81" + time_ms.to_bytes(6, "little").hex())
    turns = [
        (READ_AI_0, unasked + answered("c1 c0 81 00 00 1e 01 00 00 00 01 05000000")),
        (asked("c1 d3 00"), b""),
        (asked("c2 c1 01 3c 02 06"), answered("c2 c1 81 00 00")),
    ]
    with conversation(*turns) as link:
        link.read([AI_0])
        assert link.poll(1).events == (PointEvent(Ref(Kind.BINARY_INPUT, 0), PointValue(True, ONLINE, time_ms)),)


def test_several_outstations_share_an_address():
    upper, lower = control(position=5), control(position=-5)
    with serving(outstation(upper, 10), outstation(lower, 20)) as wire:
        drivers = [PointMapTapChangerControl(wire.link(address), LTC) for address in (10, 20)]
        assert [driver.read_status().tap_position for driver in drivers] == [5, -5]
        drivers[1].set_blocked(True)
    assert (upper.blocked, lower.blocked) == (False, True)


def test_an_outstation_that_is_not_there_stays_silent_among_others():
    with serving(outstation(control())) as wire, pytest.raises(TransportError, match="no sound answer"):
        wire.link(11, timeout_s=0.1).read([AI_0])


def test_a_restart_is_told_once_and_acknowledged():
    served = outstation(control())
    with serving(served) as wire:
        link = wire.link()
        link.read([AI_0])
        with wire.host.lock:
            served.outstation.restart()
        with pytest.raises(Doubtful, match=r"was restarted and may have lost its settings \(noticed at ai 0\)"):
            link.read([AI_0])
        link.read([AI_0])
        link.read([AI_0])
    assert [e.operation for e in wire.exchanges].count("acknowledge") == 2


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (0, "offline"),
        (ONLINE | RESTART, "not updated since a restart"),
        (ONLINE | COMM_LOST, "communication lost"),
        (ONLINE | LOCAL_FORCED, "forced locally"),
    ],
)
def test_a_value_of_doubtful_quality_is_no_reading(flags, words):
    served = outstation(control())
    served.flags["voltage"] = flags
    with serving(served) as wire:
        driver = PointMapTapChangerControl(wire.link(), LTC)
        with pytest.raises(InstrumentError, match=rf"voltage \(ai 1\) is no reading: {words}"):
            driver.read_status()
        assert driver.points.read("tap_position").number("tap_position") == 0  # others are not in doubt
    assert any(words in str(value) for exchange in wire.exchanges for value in exchange.values)


def test_a_setting_that_reads_back_in_doubt_is_not_taken_for_set():
    served = outstation(control())
    served.flags["blocked"] = ONLINE | COMM_LOST
    with serving(served) as wire, pytest.raises(InstrumentError, match=r"blocked .* is no reading: communication lost"):
        PointMapTapChangerControl(wire.link(), LTC).set_blocked(True)


@given(st.sampled_from(Kind), st.integers(0, 255))
def test_only_an_online_value_without_a_doubt_is_a_reading(kind, flags):
    doubts = PointValue(1.0, flags).doubts(kind)
    assert bool(doubts) or flags & 0x1F == ONLINE
    assert not PointValue(1.0, ONLINE).doubts(kind)
    assert not PointValue(1.0, None).doubts(kind)


def test_refusals_of_a_tap_changer_control():
    held = control()
    with serving(outstation(held)) as wire:
        driver = PointMapTapChangerControl(wire.link(), LTC, taps=(-16, 16))
        with pytest.raises(InstrumentError, match="refused to operate bo 2 to close: blocked"):
            driver.raise_tap()
        driver.set_automatic(False)
        driver.raise_tap()
        with pytest.raises(InstrumentError, match="already active"):
            driver.raise_tap()
        held.remote = False
        with pytest.raises(InstrumentError, match="the control is in local"):
            driver.make_safe()
    assert held.raise_contact.closures == 1


def test_a_capacitor_control_on_dnp3():
    held = CapacitorControlEmulator(SensingTerminals(Secondary(121.0, 2.0, -90.0, 60.0)))
    with serving(PointOutstation(10, CAPACITOR, capacitor_points(held), held.identity, 1)) as wire:
        driver = PointMapCapacitorControl(wire.link(), CAPACITOR)
        driver.set_blocked(True)
        driver.close_bank()
        assert driver.read_status().closed
        assert driver.read_sensed(10.8).q_var == pytest.approx(242.0, rel=1e-3)
        held.advance(3.0)
        driver.open_bank()
        held.advance(3.0)
        with pytest.raises(InstrumentError, match="already active"):
            driver.close_bank()
        assert driver.read_status().discharge_left_s == pytest.approx(297.0)
        driver.points.write("strategy", "voltage")
        driver.make_safe()
    assert (held.close_contact.closures, held.open_contact.closures, held.blocked) == (1, 1, False)


def test_a_setting_outside_its_limits_is_not_sent():
    served = outstation(control())
    with serving(served) as wire:
        driver = PointMapTapChangerControl(wire.link(), LTC)
        with pytest.raises(SafetyTrip, match=r"band_centre = 140 V lies outside 100 .. 135"):
            driver.points.write("band_centre", 140.0)
    assert not served.log


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda d: d.write("voltage", 1.0), "voltage is only read"),
        (lambda d: d.read("tap_command"), "tap_command cannot be read"),
        (lambda d: d.write("tap_command", "sideways"), "no label 'sideways'; known: raise, lower"),
        (lambda d: d.read("voltgae"), "no point 'voltgae'; did you mean 'voltage'"),
    ],
)
def test_what_a_map_does_not_have_is_said(work, words):
    with conversation() as link, pytest.raises(ConfigError, match=words):
        work(Dnp3PointDevice(link, LTC))


def test_a_pulse_lasts_as_long_as_the_map_says():
    """500 ms are f4 01 00 00, and the output is operated at once."""
    point = {"output": "bo 2", "orders": {"raise": "pulse_on"}, "pulse_ms": 500}
    pulsing = parse_dnp3_map({"dnp3_map": "m", "points": {"tap_command": point}}, "m")
    turn = "0c 01 17 01 02 01 01 f4010000 00000000 00"
    with conversation((asked(f"c0 c0 05 {turn}"), answered(f"c0 c0 81 00 00 {turn}"))) as link:
        Dnp3PointDevice(link, pulsing).write("tap_command", "raise")


def test_attributes_there_and_back():
    held = {252: "Acme", 250: "T1"}
    asks = bytes.fromhex("00fc000000 00fa000000 00f2000000")
    objects, is_complete = attribute_objects(asks, held)
    assert parse_attributes(objects) == (held, True)
    assert parse_attributes(objects[:-1]) == ({252: "Acme"}, False)
    assert not is_complete


@given(st.binary(max_size=60))
def test_attributes_of_any_octets_are_read_or_left(data):
    assert all(isinstance(text, str) for text in parse_attributes(data)[0].values())


@pytest.mark.parametrize(("name", "other"), [("ltc", LTC), ("capacitor", CAPACITOR)])
def test_a_control_has_the_same_points_on_both_protocols(name, other):
    """All but who it is, which DNP3 tells by device attributes; settings within the same limits, the same labels."""
    registers = load_point_map(MAPS / f"{name}_generic.yaml").points
    told = {"manufacturer", "model", "version", "serial"}
    assert set(registers) - told == set(other.points)
    for point, entry in other.points.items():
        assert (entry.limits, entry.unit) == (registers[point].limits, registers[point].unit), point
        assert set(entry.labels or entry.orders) == set(registers[point].labels), point
        assert entry.scale <= registers[point].scale, f"{point} is coarser on DNP3"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40))
def test_a_fragment_of_any_octets_ends_in_a_reading_or_an_error(objects):
    """Framed soundly, with the right sequence number: what stands in it is anybody's."""
    answer = answered("c0 c0 81 00 00" + objects.hex())
    with conversation((READ_AI_0, answer)) as link, suppress(InstrumentError, TransportError):
        assert AI_0 in link.read([AI_0])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_the_emulator_lives_through_any_request(fragment):
    """A sound frame around anybody's fragment; the next sound request is answered."""
    served = outstation(control())
    there = Dnp3Conversation(served.outstation)
    there.receive(frame(0xC4, 10, 1, b"\xc0" + fragment))
    assert "1e01000000" in there.receive(asked("c1 c5 01 1e 00 00 00 00")).hex()
    assert not served.failures


def test_points_are_written_in_spans():
    refs = [Ref(Kind.BINARY_INPUT, 7), *(Ref(Kind.ANALOG_INPUT, index) for index in (3, 0, 1, 2, 9))]
    assert spans(refs) == "ai 0-3, ai 9, bi 7"


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({}, "neither `input` nor `output`"),
        ({"input": "xi 1"}, "'xi 1' is no point"),
        ({"input": "ai 65536"}, "is no point"),
        ({"output": "ai 1"}, "`output` is a bo or an ao"),
        ({"input": "bi 1", "output": "ao 1"}, "both binary or both analog"),
        ({"output": "ao 1"}, "a number that is commanded needs `limits`"),
        ({"output": "ao 1", "limits": [2, 1]}, "the lower first"),
        ({"output": "ao 1", "limits": [0, 1e10]}, "do not fit into int32"),
        ({"output": "ao 1", "limits": [0, 40000], "type": "int16"}, "do not fit into int16"),
        ({"input": "bi 1", "labels": {"a": 0, "b": 2}}, "a binary has labels for 0 and 1"),
        ({"input": "ai 1", "labels": {"a": 1, "b": 1}}, "two labels have the same value"),
        ({"input": "bi 1", "scale": 0.1}, "only a number has a scale"),
        ({"input": "bi 1", "orders": {"a": "trip"}}, "`orders` belong to a bo that is not read"),
        ({"output": "bo 1", "pulse_ms": 100}, "`pulse_ms` belongs to `orders`"),
        ({"input": "bi 1", "select": True}, "`select` belongs to an `output`"),
        ({"input": "bi 1", "sclae": 1}, "unknown key; did you mean 'scale'"),
    ],
)
def test_faults_of_a_map_are_told(point, words):
    with pytest.raises(ConfigError, match=words):
        parse_dnp3_map({"dnp3_map": "m", "points": {"p": point}}, "m.yaml")


def test_two_points_in_one_place_are_told():
    document = {"dnp3_map": "m", "points": {"p": {"input": "ai 1"}, "q": {"input": "ai 1"}}}
    with pytest.raises(ConfigError, match=r"points.q.input: ai 1 is that of p"):
        parse_dnp3_map(document, "m.yaml")


def test_a_map_of_another_protocol_is_refused():
    with conversation() as link, pytest.raises(ConfigError, match="its point map is that of another protocol"):
        PointMapTapChangerControl(link, REGISTERS)


def test_an_emulator_without_a_point_of_the_map_is_refused():
    document = {"dnp3_map": "m", "points": {"nonsense": {"input": "ai 1"}}}
    held = control()
    with pytest.raises(ConfigError, match="the emulator has no point 'nonsense'"):
        PointOutstation(10, parse_dnp3_map(document, "m"), tap_changer_points(held), held.identity, 1)


def test_connections_that_were_closed_are_not_opened_again():
    with serving(outstation(control())) as wire, Dnp3Connections() as connections:
        link = connections.link(*wire.address, 10, 1)
        driver = PointMapTapChangerControl(link, LTC)
        driver.read_status()
        connections.close()
        with pytest.raises(TransportError, match="was closed"):
            driver.read_status()
