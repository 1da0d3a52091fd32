"""Golden frames of DNP3, written down octet for octet: what the driver sends and what the emulator answers.

A third calculation of the link layer's CRC stands beside those of the two libraries (`dnp3_bench.crc`).
"""

import socket

import pytest

from instruments.dnp3_points import Kind, Ref
from instruments.drivers.capacitor_control import PointMapCapacitorControl
from instruments.drivers.tap_changer_control import PointMapTapChangerControl
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.control_points import tap_changer_points
from instruments.emulators.dnp3_outstation import PointOutstation
from instruments.emulators.sensing_source import Secondary
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.readings import LoadTapChangerStatus
from tests.instruments.dnp3_bench import CAPACITOR, LTC, answered, asked, conversation, frame, serving

STATUS_ASKED = "05 64 17 c4 0a 00 01 00 df 7e c0 c0 01 1e 00 00 00 01 01 00 00 00 02 14 00 00 bf 67 00 00 ff ff"
STATUS_ANSWERED = (
    "05 64 2b 44 01 00 0a 00 0b 61 c0 c0 81 00 00 1e 01 00 00 01 01 fd ff ff ff 01 07 03"
    " 81 2e 00 00 01 02 00 00 02 01 81 81 14 01 00 00 dc 3a 00 01 02 00 01 00 1e bf"
)
"""ai 0 = -3, ai 1 = 11905; bi 0 off, bi 1 and 2 on; counter 0 = 65538; all online."""
LINK_STATUS_ASKED, LINK_STATUS_ANSWERED = "05 64 05 c9 0a 00 01 00 fe da", "05 64 05 0b 01 00 0a 00 6d ed"
SELECT = "c0 c0 03 0c 01 17 01 02 41 01 00000000 00000000 00"
SELECTED = "c0 c0 81 00 00 0c 01 17 01 02 41 01 00000000 00000000 00"
OPERATE = "c1 c1 04 0c 01 17 01 02 41 01 00000000 00000000 00"
OPERATED = "c1 c1 81 00 00 0c 01 17 01 02 41 01 00000000 00000000 00"
"""g12v1 at index 2: close (0x41), once, no times."""


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(
    ("written_down", "made"),
    [
        (LINK_STATUS_ASKED, frame(0xC9, 10, 1)),
        (LINK_STATUS_ANSWERED, frame(0x0B, 1, 10)),
        (STATUS_ASKED, asked("c0 c0 01 1e 00 00 00 01 01 00 00 00 02 14 00 00 00 00")),
        ("05 64 12 c4 0a 00 01 00 56 86 c0 c0 05 29 01 17 01 04 dd ff ff ff 00 cb 19",
         asked("c0 c0 05 29 01 17 01 04 dd ff ff ff 00")),
    ],
)  # fmt: skip
def test_the_crc_of_the_tests_is_that_of_the_frames_written_down(written_down, made):
    assert made == octets(written_down)


def test_the_driver_reads_its_status_in_one_request():
    with conversation((octets(STATUS_ASKED), octets(STATUS_ANSWERED))) as link:
        status = PointMapTapChangerControl(link, LTC).read_status()
    assert status == LoadTapChangerStatus(
        automatic=False, blocked=True, remote=True, tap_position=-3, voltage_v=119.05, operations=65538
    )


READ_BI_0 = asked("c1 c1 01 01 00 00 00 00")
READ_BI_1 = asked("c1 c1 01 01 00 00 01 01")


@pytest.mark.parametrize(
    ("work", "turns"),
    [
        (lambda d: d.raise_tap(), [(asked(SELECT), answered(SELECTED)), (asked(OPERATE), answered(OPERATED))]),
        (
            lambda d: d.lower_tap(),
            [
                (asked(SELECT.replace("41", "81")), answered(SELECTED.replace("41", "81"))),
                (asked(OPERATE.replace("41", "81")), answered(OPERATED.replace("41", "81"))),
            ],
        ),
        (
            lambda d: d.set_automatic(True),
            [
                (
                    asked("c0 c0 05 0c 01 17 01 00 03 01 00000000 00000000 00"),
                    answered("c0 c0 81 00 00 0c 01 17 01 00 03 01 00000000 00000000 00"),
                ),
                (READ_BI_0, answered("c1 c1 81 00 00 01 02 00 00 00 81")),
            ],
        ),
        (
            lambda d: d.set_blocked(False),
            [
                (
                    asked("c0 c0 05 0c 01 17 01 01 04 01 00000000 00000000 00"),
                    answered("c0 c0 81 00 00 0c 01 17 01 01 04 01 00000000 00000000 00"),
                ),
                (READ_BI_1, answered("c1 c1 81 00 00 01 02 00 01 01 01")),
            ],
        ),
        (
            lambda d: d.points.write("ldc_r", -3.5),
            [
                (
                    asked("c0 c0 05 29 01 17 01 04 54 f2 ff ff 00"),
                    answered("c0 c0 81 00 00 29 01 17 01 04 54 f2 ff ff 00"),
                ),
                (asked("c1 c1 01 28 00 00 04 04"), answered("c1 c1 81 00 00 28 01 00 04 04 01 54 f2 ff ff")),
            ],
        ),
    ],
)
def test_the_driver_commands_a_tap_changer_control(work, turns):
    with conversation(*turns) as link:
        work(PointMapTapChangerControl(link, LTC))


@pytest.mark.parametrize(("order", "code"), [("close_bank", "41"), ("open_bank", "81")])
def test_the_driver_commands_a_capacitor_control(order, code):
    turns = [
        (asked(SELECT.replace("41", code)), answered(SELECTED.replace("41", code))),
        (asked(OPERATE.replace("41", code)), answered(OPERATED.replace("41", code))),
    ]
    with conversation(*turns) as link:
        getattr(PointMapCapacitorControl(link, CAPACITOR), order)()


def test_the_driver_reads_device_attributes():
    """252 and 250 are there, 242 and 248 are not: an object unknown beside them is no refusal."""
    asks = "c0 c0 01 00 fc 00 00 00 00 fa 00 00 00 00 f2 00 00 00 00 f8 00 00 00"
    answers = "c0 c0 81 00 02 00 fc 00 00 00 01 04 41636d65 00 fa 00 00 00 01 02 5431"
    with conversation((asked(asks), answered(answers))) as link:
        identity = PointMapTapChangerControl(link, LTC).identify()
    assert (identity.manufacturer, identity.model, identity.version) == ("Acme", "T1", "")


def test_a_float_is_read_as_it_is():
    with conversation(
        (asked("c0 c0 01 1e 00 00 07 07"), answered("c0 c0 81 00 00 1e 05 00 07 07 01 0000a03f"))
    ) as link:
        assert link.read([Ref(Kind.ANALOG_INPUT, 7)])[Ref(Kind.ANALOG_INPUT, 7)].value == 1.25  # a float of 32 bits


@pytest.fixture
def control() -> TapChangerControlEmulator:
    return TapChangerControlEmulator(SensingTerminals(Secondary(119.05, 1.0, -30.0, 60.0)), position=-3)


@pytest.fixture
def outstation(control) -> PointOutstation:
    return PointOutstation(10, LTC, tap_changer_points(control), control.identity, 1)


EXCHANGES = {
    "ai 0-1": (asked("c0 c0 01 1e 00 00 00 01"), answered("c0 c0 81 80 00 1e 01 00 00 01 01 fdffffff 01 812e0000")),
    "bi 0-2": (asked("c3 c3 01 01 00 00 00 02"), answered("c0 c3 81 80 00 01 02 00 00 02 81 01 81")),
    "model": (asked("c0 c0 01 00 fa 00 00 00"), answered("c0 c0 81 80 00 00 fa 00 00 00 01 05 4c54432d31")),
    "no such attribute": (asked("c0 c0 01 00 f1 00 00 00"), answered("c0 c0 81 80 02")),
    "no such object": (asked("c0 c0 01 6e 00 06"), answered("c0 c0 81 80 02")),
    "no such function": (asked("c0 c0 10"), answered("c0 c0 81 80 01")),
    "not selected": (asked(OPERATE), answered(OPERATED.replace("c1 c1 81 00", "c0 c1 81 80")[:-2] + "02")),
    "band centre 99.9 V": (
        asked("c0 c0 05 29 01 17 01 00 e7030000 00"),
        answered("c0 c0 81 80 00 29 01 17 01 00 e7030000 0c"),
    ),
    "R as a float": (
        asked("c0 c0 05 29 03 17 01 04 000060c0 00"),
        answered("c0 c0 81 80 00 29 03 17 01 04 000060c0 00"),
    ),
    "no such output": (
        asked("c0 c0 05 0c 01 17 01 09 03 01 00000000 00000000 00"),
        answered("c0 c0 81 80 00 0c 01 17 01 09 03 01 00000000 00000000 04"),
    ),
    "link status": (octets(LINK_STATUS_ASKED), octets(LINK_STATUS_ANSWERED)),
    "reset of the link": (frame(0xC0, 10, 1), frame(0x00, 1, 10)),
}


@pytest.mark.parametrize(("request_octets", "answer_octets"), EXCHANGES.values(), ids=EXCHANGES)
def test_the_emulator_answers(outstation, request_octets, answer_octets):
    with serving(outstation) as wire, socket.create_connection(wire.address, timeout=2.0) as client:
        client.sendall(request_octets)
        assert client.recv(1000).hex(" ") == answer_octets.hex(" ")


@pytest.mark.parametrize(
    "not_for_it",
    [
        asked("c0 c0 01 1e 00 00 00 01", outstation=11),
        frame(0xC4, 10, 2, octets("c0 c0 01 1e 00 00 00 01")),  # another master
        asked("c0 c0 01 1e 00 00 00 01")[:-1] + b"\x00",  # a wrong CRC
    ],
)
def test_the_emulator_does_not_answer_what_is_not_for_it(outstation, not_for_it):
    with serving(outstation) as wire, socket.create_connection(wire.address, timeout=2.0) as client:
        client.sendall(not_for_it + octets(LINK_STATUS_ASKED))
        assert client.recv(1000) == octets(LINK_STATUS_ANSWERED)
