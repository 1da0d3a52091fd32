"""Capacitor control on the wire: frames written by hand from the register list, for the driver and the emulator.

Register list of capacitor_generic, as decimal addresses, values of two registers low word first: 100 mode
(1 automatic), 101 VAR block, 102 panel (1 remote), 103 switch (1 closed), 104 volts / 100, 105 milliamperes,
106-107 kvar x 10, 108 neutral milliamperes, 109 neutral lockout, 110 discharge left in s, 111-112 operations,
113 operations today, 114 refused closes, 205-206 close threshold as a float, 300 command (1 open, 2 close).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from instruments.drivers.capacitor_control import PointMapCapacitorControl
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.control_points import capacitor_registers
from instruments.emulators.sensing_source import Secondary
from instruments.errors import InstrumentError
from instruments.point_map import load_point_map
from instruments.readings import CapacitorBankStatus, Identity
from instruments.roles import CapacitorBankControl
from tests.instruments.control_bench import conversation, exchange
from tests.instruments.sunspec_bench import Wire, serving

MAP = load_point_map(Path(__file__).parents[2] / "fixtures" / "point_maps" / "capacitor_generic.yaml")


@pytest.fixture
def control() -> CapacitorControlEmulator:
    return CapacitorControlEmulator(SensingTerminals(Secondary(120.0, 0.1, 90.0, 60.0)))


@pytest.fixture
def wire(control) -> Iterator[Wire]:
    with serving(unit_1=capacitor_registers(control, MAP)) as wire:
        yield wire


@pytest.fixture
def driver(wire) -> CapacitorBankControl:
    return PointMapCapacitorControl(wire.link(), MAP)


def test_the_driver_reads_its_status_in_one_request():
    answer = "0000 001f 01 03 1c 0001 0000 0001 0001 2ee0 0bb8 fe39 ffff 0000 0000 012c 0003 0001 0004"
    with conversation(("0000 0006 01 03 0064 000e", answer)) as link:
        status = PointMapCapacitorControl(link, MAP).read_status()
    assert status == CapacitorBankStatus(
        automatic=True,
        blocked=False,
        remote=True,
        closed=True,
        voltage_v=120.0,
        operations=65539,
        operations_today=4,
        discharge_left_s=300.0,
    )


def test_the_driver_reads_reactive_power():
    with conversation(("0000 0006 01 03 006a 0002", "0000 0007 01 03 04 fe39 ffff")) as link:
        readings = PointMapCapacitorControl(link, MAP).points.read("feeder_reactive_power")
    assert readings.number("feeder_reactive_power") == pytest.approx(-45.5)


@pytest.mark.parametrize(
    ("work", "turns"),
    [
        (lambda d: d.close_bank(), [("0000 0006 01 06 012c 0002", "0000 0006 01 06 012c 0002")]),
        (lambda d: d.open_bank(), [("0000 0006 01 06 012c 0001", "0000 0006 01 06 012c 0001")]),
        (
            lambda d: d.set_blocked(True),
            [
                ("0000 0006 01 06 0065 0001", "0000 0006 01 06 0065 0001"),
                ("0000 0006 01 03 0065 0001", "0000 0005 01 03 02 0001"),
            ],
        ),
        (
            lambda d: d.points.write("close_above_reactive_power", 250.0),
            [
                ("0000 000b 01 10 00cd 0002 04 0000 437a", "0000 0006 01 10 00cd 0002"),
                ("0000 0006 01 03 00cd 0002", "0000 0007 01 03 04 0000 437a"),
            ],
        ),
    ],
)
def test_the_driver_writes(work, turns):
    with conversation(*turns) as link:
        work(PointMapCapacitorControl(link, MAP))


@pytest.mark.parametrize(
    ("request_pdu", "answer_pdu"),
    [
        ("03 0067 0003", "03 06 0000 2ee0 0064"),  # open, 120.00 V, 0.100 A
        ("03 006a 0002", "03 04 faf0 ffff"),  # 0.1 A a quarter turn leading: -129.6 kvar = -1296 tenths
        ("06 0065 0001", "06 0065 0001"),
        ("06 0065 0002", "86 03"),
        ("06 0067 0001", "86 02"),  # the status is not written
        ("10 00cd 0002 04 0000 c348", "10 00cd 0002"),  # close above -200 kvar, still above the -300 of opening
        ("10 00cd 0002 04 0000 c3c8", "90 01"),  # close above -400 kvar: cannot work together
        ("06 00c8 0000", "06 00c8 0000"),  # strategy voltage
        ("06 012d 0001", "06 012d 0001"),  # reset of the neutral lockout
        ("06 012c 0000", "86 03"),
        ("03 012c 0001", "03 02 0000"),  # a command reads 0
    ],
)
def test_the_emulator_answers(wire, request_pdu, answer_pdu):
    assert exchange(wire, request_pdu) == bytes.fromhex(answer_pdu).hex(" ")


def test_a_close_inside_the_discharge_time_is_refused_as_busy_and_counted(wire, control):
    assert exchange(wire, "06 012c 0002") == "06 01 2c 00 02"
    control.advance(3.0)
    assert exchange(wire, "06 012c 0001") == "06 01 2c 00 01"
    control.advance(299.0)
    assert exchange(wire, "06 012c 0002") == "86 06"
    assert exchange(wire, "03 006e 0001") == "03 02 00 01"
    assert exchange(wire, "03 0072 0001") == "03 02 00 01"
    control.advance(1.0)
    assert exchange(wire, "06 012c 0002") == "06 01 2c 00 02"
    assert control.close_contact.closures == 2


def test_the_var_block_stops_the_logic_and_not_a_close_by_scada(driver, control):
    driver.set_blocked(True)
    control.sensing.secondary = Secondary(120.0, 1.0, -90.0, 60.0)  # 1296 kvar, far above the threshold
    control.advance(600.0)
    assert control.close_contact.closures == 0
    driver.close_bank()
    assert control.close_contact.closures == 1
    status = driver.read_status()
    assert (status.blocked, status.automatic, status.closed, status.operations) == (True, True, True, 1)


def test_driver_and_emulator(driver, control):
    assert driver.identify() == Identity("derbench", "CAP-1", version="1.0", serial="0")
    driver.set_automatic(False)
    driver.set_blocked(True)
    driver.make_safe()
    assert (control.automatic, control.blocked) == (True, False)


def test_local_refuses_the_driver(driver, control):
    control.remote = False
    with pytest.raises(InstrumentError, match="illegal function"):
        driver.close_bank()
    assert not driver.read_status().remote


def test_the_status_that_is_reported_can_lie(driver, control):
    control.inject("reports-closed-when-open")
    assert driver.read_status().closed
    assert control.close_contact.closures == 0
