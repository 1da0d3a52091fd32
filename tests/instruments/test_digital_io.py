"""The emulated contacts, worked by our driver."""

from collections.abc import Iterator

import pytest
from scpi_script import resource

from instruments.drivers.scpi_digital_io import ScpiDigitalIO
from instruments.emulators.digital_io import DigitalIOEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.scpi_server import scpi_protocol
from instruments.errors import InstrumentError, SafetyTrip
from instruments.transports.visa import VisaLink


@pytest.fixture
def contacts() -> DigitalIOEmulator:
    return DigitalIOEmulator("contacts", inputs=4, outputs=3)


@pytest.fixture
def driver(contacts: DigitalIOEmulator) -> Iterator[ScpiDigitalIO]:
    with EmulatorHost() as host, VisaLink(resource(host.serve(scpi_protocol(contacts.scpi, host.lock)))) as link:
        yield ScpiDigitalIO(link)


def test_inputs_show_what_equipment_closes(contacts: DigitalIOEmulator, driver: ScpiDigitalIO) -> None:
    assert driver.read_inputs() == (False,) * 4
    contacts.set_input(2, closed=True)
    assert driver.read_inputs() == (False, True, False, False)


def test_a_pulse_between_two_readings_is_counted_and_a_held_contact_once(
    contacts: DigitalIOEmulator, driver: ScpiDigitalIO
) -> None:
    for closed in (True, False, True, True, False):
        contacts.set_input(3, closed)
    assert (driver.read_inputs()[2], driver.count_closures()) == (False, (0, 0, 2, 0))


def test_outputs_reach_equipment_and_are_read_back(contacts: DigitalIOEmulator, driver: ScpiDigitalIO) -> None:
    changes: list[tuple[int, bool]] = []
    contacts.on_output(lambda channel, closed: changes.append((channel, closed)))
    driver.set_output(1, closed=True)
    driver.set_output(3, closed=True)
    driver.set_output(3, closed=True)
    driver.set_output(1, closed=False)
    assert driver.read_outputs() == (False, False, True) == tuple(contacts.output(channel) for channel in (1, 2, 3))
    assert changes == [(1, True), (3, True), (1, False)], "a contact that is closed already does not change"


@pytest.mark.parametrize("channel", [0, 4])
def test_a_contact_that_is_not_there_is_an_error(driver: ScpiDigitalIO, channel: int) -> None:
    with pytest.raises(SafetyTrip, match=f"output contact {channel} is outside 1 to 3"):
        driver.set_output(channel, closed=True)


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("ROUT:CLOS (@1,3);CLOS?", "1,0,1"),
        ("ROUT:CLOS (@1:2);CLOS? (@2:3)", "1,0"),
        ("ROUT:CLOS (@1:3);OPEN (@ 2 );CLOS?", "1,0,1"),
        ("ROUT:CLOS (@1:3);OPEN:ALL;:ROUT:CLOS?", "0,0,0"),
        ("ROUT:CLOS (@1:3);*RST;CLOS?", "0,0,0"),
        ("ROUT:CLOS 1;:SYST:ERR?", '-104,"Data type error;1"'),
        ("ROUT:CLOS (@2:1);:SYST:ERR?", '-222,"Data out of range;2:1"'),
        ("ROUT:CLOS (@);:SYST:ERR?", '-104,"Data type error"'),
        ("ROUT:CLOS;:SYST:ERR?", '-109,"Missing parameter"'),
    ],
)
def test_channel_lists(contacts: DigitalIOEmulator, message: str, answer: str) -> None:
    answered = contacts.scpi.execute(message)
    assert answered == answer or answered.startswith(answer.rstrip('"') + ";")


def test_make_safe_opens_everything(driver: ScpiDigitalIO) -> None:
    driver.set_output(1, closed=True)
    driver.set_output(2, closed=True)
    driver.make_safe()
    assert driver.read_outputs() == (False,) * 3


def test_a_contact_that_sticks_is_named(contacts: DigitalIOEmulator, driver: ScpiDigitalIO) -> None:
    driver.set_output(2, closed=True)
    contacts.inject("does-not-switch-off")
    with pytest.raises(InstrumentError, match="contact 2 did not open"):
        driver.set_output(2, closed=False)
    with pytest.raises(InstrumentError, match=r"contacts \[2\] did not open"):
        driver.make_safe()
