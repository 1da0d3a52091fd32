"""What the plant does with a sensing source and a digital I/O in front of a control: no pulse lost, no value untold."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.plant.contacts import ContactScan, SourcedSensing, WiredContacts, decode_position, encode_position
from instruments.errors import ConfigError, InstrumentError, SafetyTrip, TransportError
from instruments.readings import InputContacts

TAPS = st.integers(-16, 16)


@dataclass
class Contacts:
    """A digital I/O of four inputs on which the test closes contacts, and which counts how often it is asked."""

    closed: list[bool] = field(default_factory=lambda: [False] * 4)
    closures: list[int] = field(default_factory=lambda: [7, 0, 0, 0])
    outputs: dict[int, bool] = field(default_factory=dict)
    looks: int = 0
    broken: Exception | None = None

    def watch_inputs(self) -> InputContacts:
        self.looks += 1
        if self.broken:
            raise self.broken
        return InputContacts(tuple(self.closed), tuple(self.closures))

    def set_output(self, channel: int, closed: bool) -> None:
        if self.broken:
            raise self.broken
        self.outputs[channel] = closed

    def close(self, channel: int) -> None:
        self.closed[channel - 1] = True
        self.closures[channel - 1] += 1

    def open(self, channel: int) -> None:
        self.closed[channel - 1] = False


def scanned(contacts: Contacts) -> ContactScan:
    return ContactScan("yard_contacts", contacts)  # type: ignore[arg-type]


@given(TAPS)
def test_a_position_is_told_by_contacts_and_read_back(position: int) -> None:
    assert decode_position(encode_position(position, -16, 6), -16) == position


@given(st.integers(-16, 15))
def test_neighbouring_positions_differ_in_one_contact_so_that_none_in_between_is_ever_told(position: int) -> None:
    here, there = encode_position(position, -16, 6), encode_position(position + 1, -16, 6)
    assert sum(a != b for a, b in zip(here, there, strict=True)) == 1


@pytest.mark.parametrize(("position", "closed"), [(0, [False]), (1, [True])])
def test_the_status_contact_of_a_switch_is_closed_with_it(position: int, closed: list[bool]) -> None:
    assert encode_position(position, 0, 1) == closed


def test_a_position_that_the_contacts_cannot_tell_is_an_error() -> None:
    with pytest.raises(ValueError, match="5 contacts cannot tell position 16"):
        encode_position(16, -16, 5)


def test_a_pulse_that_began_and_ended_between_two_looks_is_seen_once() -> None:
    contacts = Contacts()
    wired = WiredContacts(scanned(contacts), (1, 2))
    assert wired.read() == (False, False), "closures from before the bench was there are none of its"
    contacts.close(1)
    contacts.open(1)
    assert [wired.read(), wired.read()] == [(True, False), (False, False)]


def test_a_contact_that_stays_closed_is_seen_at_every_look() -> None:
    contacts = Contacts()
    wired = WiredContacts(scanned(contacts), (1, 2))
    contacts.close(2)
    assert [wired.read(), wired.read()] == [(False, True), (False, True)]
    contacts.open(2)
    assert wired.read() == (False, False)


def test_controls_on_one_instrument_share_a_look_and_each_sees_its_own_contacts() -> None:
    contacts = Contacts()
    scan = scanned(contacts)
    tap_changer, bank = WiredContacts(scan, (1, 2)), WiredContacts(scan, (3, 4))
    looks = contacts.looks
    seen = []
    for pulsed in (None, 3, None, 1, None):
        if pulsed:
            contacts.close(pulsed)
            contacts.open(pulsed)
        seen.append((tap_changer.read(), bank.read()))
    none = (False, False)
    assert seen == [(none, none), (none, (True, False)), (none, none), ((True, False), none), (none, none)]
    assert contacts.looks - looks == len(seen), "one exchange a step, however many controls are wired to it"


def test_one_who_looks_more_often_than_another_takes_nothing_from_him() -> None:
    contacts = Contacts()
    scan = scanned(contacts)
    often, seldom = WiredContacts(scan, (1, 2)), WiredContacts(scan, (3, 4))
    contacts.close(4)
    contacts.open(4)
    often.read()
    often.read()
    assert seldom.read() == (False, True)


def test_a_position_is_told_when_it_changes_and_not_before() -> None:
    contacts = Contacts()
    wired = WiredContacts(scanned(contacts), (1, 2), status=(5, 6, 7, 8, 9, 10), lowest=-16)
    wired.report(-16)
    assert contacts.outputs == dict.fromkeys(range(5, 11), False)
    contacts.outputs.clear()
    wired.report(-16)
    assert contacts.outputs == {}
    wired.report(-15)
    assert contacts.outputs[5] is True
    assert not any(contacts.outputs[channel] for channel in range(6, 11))


def test_an_input_that_the_instrument_does_not_have_is_told_with_its_name() -> None:
    with pytest.raises(ConfigError, match="yard_contacts has 4 inputs; there is no input 5"):
        WiredContacts(scanned(Contacts()), (4, 5))


@pytest.mark.parametrize("kind", [InstrumentError, TransportError])
def test_what_the_instrument_complains_of_is_told_with_its_name(kind: type[Exception]) -> None:
    contacts = Contacts()
    wired = WiredContacts(scanned(contacts), (1, 2), status=(1,))
    contacts.broken = kind("at its address")
    for use in (wired.read, lambda: wired.report(1)):
        with pytest.raises(kind, match=r"^yard_contacts: at its address$"):
            use()


@dataclass
class Source:
    """A sensing source that keeps what it was told; or refuses it."""

    told: list[tuple[float, ...]] = field(default_factory=list)
    broken: Exception | None = None

    def set_sensing(self, *values: float) -> None:
        if self.broken:
            raise self.broken
        self.told.append(values)


def test_a_source_is_told_what_has_moved_and_never_lags_by_more_than_controls_resolve() -> None:
    source = Source()
    sense = SourcedSensing("ltc_source", source)  # type: ignore[arg-type]
    for step in range(200):
        voltage_v = 120.0 + 0.0005 * step
        sense(voltage_v, 2.5, -30.0)
        assert abs(source.told[-1][0] - voltage_v) < 0.005, "half of what a control's register resolves"
    assert len(source.told) < 100, "what has not moved is not told again"
    before = len(source.told)
    for current_a, angle_deg in ((2.6, -30.0), (2.6, 150.0)):
        sense(120.1, current_a, angle_deg)
    assert source.told[before:] == [(120.1, 2.6, -30.0, 60.0), (120.1, 2.6, 150.0, 60.0)]


def test_what_a_source_refuses_is_told_with_its_name_and_tried_again() -> None:
    source = Source(broken=SafetyTrip("voltage_v 200 is outside 0 to 140"))
    sense = SourcedSensing("ltc_source", source)  # type: ignore[arg-type]
    with pytest.raises(SafetyTrip, match="ltc_source: voltage_v 200"):
        sense(200.0, 1.0, 0.0)
    source.broken = None
    sense(200.0, 1.0, 0.0)
    assert source.told == [(200.0, 1.0, 0.0, 60.0)]
