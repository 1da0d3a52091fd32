"""Tap mechanism and capacitor switch of the plant: contacts in, movements out, and their defects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.plant.apparatus import CapacitorSwitch, Operation, TapMechanism, count_reversals
from instruments.drivers.scpi_digital_io import ScpiDigitalIO
from instruments.drivers.scpi_sensing_source import ScpiSensingSource
from instruments.drivers.scpi_source import SourceLimits
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.digital_io import DigitalIOEmulator
from instruments.emulators.faults import FaultSet
from instruments.emulators.host import EmulatorHost
from instruments.emulators.scpi_server import scpi_protocol
from instruments.emulators.sensing_source import Secondary, SensingSourceEmulator
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.emulators.tap_changer_settings import Direction
from instruments.errors import ConfigError
from instruments.transports.visa import VisaLink

OPEN = (False, False)
UP = (True, False)
DOWN = (False, True)


def play(apparatus: TapMechanism | CapacitorSwitch, *contacts: tuple[bool, bool]) -> None:
    """Show the contacts of one second after another."""
    for pair in contacts:
        apparatus.advance(1.0, *pair)


def faulty(role: str, kind: str, value: float | None = None) -> FaultSet:
    faults = FaultSet(role)
    faults.inject(kind, value)
    return faults


def test_one_pulse_is_one_tap_after_the_motor_time():
    mechanism = TapMechanism(position=2, motor_s=3.0)
    play(mechanism, UP, OPEN)
    assert mechanism.position == 2
    assert mechanism.quiet_s == pytest.approx(1.0)
    play(mechanism, OPEN)
    assert (mechanism.position, mechanism.operations) == (3, [Operation(3.0, 1)])
    play(mechanism, DOWN, OPEN, OPEN, OPEN)
    assert (mechanism.position, mechanism.operations[1:]) == (2, [Operation(6.0, -1)])
    assert mechanism.quiet_s == float("inf")


def test_the_moment_of_arrival_is_exact_whatever_the_step():
    mechanism = TapMechanism(motor_s=3.5)
    play(mechanism, UP)
    mechanism.advance(20.0, *OPEN)
    assert mechanism.operations == [Operation(3.5, 1)]


def test_a_contact_that_stays_closed_is_one_pulse():
    mechanism = TapMechanism()
    play(mechanism, *[UP] * 30)
    assert (mechanism.position, mechanism.pulses) == (1, 1)


def test_a_pulse_while_the_motor_runs_is_counted_and_lost():
    mechanism = TapMechanism(motor_s=3.0)
    play(mechanism, UP, OPEN, UP, OPEN, OPEN, OPEN, OPEN)
    assert (mechanism.position, mechanism.pulses) == (1, 2)
    assert mechanism.operations == [Operation(3.0, 1)], "the second pulse neither adds a tap nor delays the first"


def test_both_contacts_together_move_nothing():
    mechanism = TapMechanism()
    play(mechanism, (True, True), *[OPEN] * 5)
    assert (mechanism.position, mechanism.pulses, mechanism.operations) == (0, 2, [])


def test_a_contact_that_closes_while_the_other_is_closed_moves_nothing():
    mechanism = TapMechanism(motor_s=1.0)
    play(mechanism, UP, UP, (True, True), UP, UP)
    assert (mechanism.position, mechanism.pulses) == (1, 2)


@pytest.mark.parametrize(("position", "pair"), [(16, UP), (-16, DOWN)])
def test_the_end_of_travel_is_no_operation(position, pair):
    mechanism = TapMechanism(position)
    play(mechanism, pair, *[OPEN] * 5)
    assert (mechanism.position, mechanism.operations) == (position, [])


@given(st.lists(st.sampled_from([OPEN, UP, DOWN, (True, True)]), max_size=200))
def test_position_is_the_sum_of_its_operations_and_never_leaves_the_travel(contacts):
    mechanism = TapMechanism(lowest=-2, highest=2, motor_s=2.0)
    for pair in contacts:
        play(mechanism, pair)
        assert -2 <= mechanism.position <= 2
        assert mechanism.position == sum(operation.change for operation in mechanism.operations)
    assert len(mechanism.operations) <= mechanism.pulses


@pytest.mark.parametrize("wrong", [{"position": 17}, {"motor_s": 0.0}])
def test_an_impossible_mechanism_is_refused(wrong):
    with pytest.raises(ConfigError, match="tap mechanism"):
        TapMechanism(**wrong)


@pytest.mark.parametrize(("kind", "position"), [("stuck", 0), ("two-steps", 2)])
def test_defects_of_the_mechanism(kind, position):
    mechanism = TapMechanism(faults=faulty("load_tap_changer", kind))
    play(mechanism, UP, *[OPEN] * 5)
    assert (mechanism.position, mechanism.pulses) == (position, 1)
    assert [operation.change for operation in mechanism.operations] == ([position] if position else [])


def test_the_switch_closes_and_opens_after_its_operating_time():
    switch = CapacitorSwitch(operating_s=2.0)
    play(switch, UP)
    assert not switch.closed
    play(switch, OPEN)
    assert switch.closed
    play(switch, DOWN, OPEN)
    assert not switch.closed
    assert switch.operations == [Operation(2.0, 1), Operation(4.0, -1)]


def test_a_pulse_towards_where_the_switch_is_moves_nothing():
    switch = CapacitorSwitch(closed=True)
    play(switch, UP, OPEN, OPEN)
    assert (switch.closed, switch.pulses, switch.operations) == (True, 1, [])


def test_both_contacts_of_the_switch_together_move_nothing():
    switch = CapacitorSwitch()
    play(switch, (True, True), OPEN, OPEN)
    assert switch.operations == []


def test_does_not_close():
    switch = CapacitorSwitch(faults=faulty("capacitor_bank", "does-not-close"))
    play(switch, UP, OPEN, OPEN)
    assert (switch.closed, switch.pulses, switch.operations) == (False, 1, [])


def test_bounces_the_given_number_of_times_and_ends_closed():
    switch = CapacitorSwitch(faults=faulty("capacitor_bank", "bounces", 2.0))
    play(switch, UP)
    seen = []
    for _ in range(6):
        play(switch, OPEN)
        seen.append(switch.closed)
    assert seen == [False, True, False, True, True, True]
    assert [operation.change for operation in switch.operations] == [1, -1, 1, -1, 1]


def test_an_impossible_switch_is_refused():
    with pytest.raises(ConfigError, match="operating time"):
        CapacitorSwitch(operating_s=0.0)


@pytest.mark.parametrize(
    ("operations", "reversals"),
    [
        ([], 0),
        ([(0.0, 1), (60.0, 1)], 0),
        ([(0.0, 1), (60.0, -1), (120.0, 1)], 2),
        ([(0.0, 1), (599.0, -1)], 1),
        ([(0.0, 1), (600.0, -1)], 0),
    ],
)
def test_reversed_operations_within_ten_minutes(operations, reversals):
    assert count_reversals([Operation(*operation) for operation in operations]) == reversals


def test_a_control_regulates_a_feeder_through_the_mechanism_into_its_band():
    terminals = SensingTerminals()
    control = TapChangerControlEmulator(terminals)
    mechanism = TapMechanism(faults=control.faults)
    for _ in range(120):
        terminals.secondary = Secondary(117.0 + 0.75 * mechanism.position, 0.0, 0.0, 60.0)
        mechanism.advance(1.0, control.raise_contact.closed, control.lower_contact.closed)
        control.advance(1.0)
        control.position_input = mechanism.position
    assert mechanism.position == 3, "117 V + 3 x 0.75 V = 119.25 V is the first position inside 119 .. 121 V"
    assert (mechanism.pulses, control.counter.total, control.position) == (3, 3, 3)


@pytest.mark.parametrize("step_s", [0.5, 1.0, 4.0, 15.0])
@pytest.mark.parametrize("control_first", [True, False])
def test_no_pulse_is_lost_in_long_steps_nor_by_the_order(step_s, control_first):
    control = TapChangerControlEmulator(SensingTerminals(Secondary(120.0, 0.0, 0.0, 60.0)))
    mechanism = TapMechanism()
    control.set_automatic(False)
    control.command(Direction.LOWER)
    for _ in range(round(30.0 / step_s)):
        if control_first:
            control.advance(step_s)
        mechanism.advance(step_s, control.raise_contact.sample(), control.lower_contact.sample())
        if not control_first:
            control.advance(step_s)
    assert (mechanism.position, mechanism.pulses) == (-1, 1)


def test_one_inject_reaches_control_and_mechanism():
    terminals = SensingTerminals(Secondary(117.0, 0.0, 0.0, 60.0))
    control = TapChangerControlEmulator(terminals)
    mechanism = TapMechanism(faults=control.faults)
    control.inject("stuck")
    for _ in range(40):
        mechanism.advance(1.0, control.raise_contact.closed, control.lower_contact.closed)
        control.advance(1.0)
    assert control.position == 3, "the control counts its pulses"
    assert mechanism.position == 0, "the mechanism did not move"


def test_a_scada_close_reaches_the_switch_and_its_status_comes_back():
    control = CapacitorControlEmulator(SensingTerminals(Secondary(120.0, 0.0, 0.0, 60.0)))
    switch = CapacitorSwitch(faults=control.faults)
    control.set_blocked(True)
    control.command(closing=True)
    for _ in range(3):
        switch.advance(1.0, control.close_contact.closed, control.open_contact.closed)
        control.advance(1.0)
        control.status_input = switch.closed
    assert switch.operations == [Operation(1.0, 1)], "closed one operating time after the command"
    assert control.closed


def test_a_control_behind_instruments_is_an_input_output_problem():
    """Sensed through the source and read through the digital I/O, both over SCPI, as with equipment under test."""
    source, contacts = SensingSourceEmulator("sensing_1"), DigitalIOEmulator("contacts", inputs=2, outputs=1)
    control = TapChangerControlEmulator(source)
    control.raise_contact.on_change(lambda closed: contacts.set_input(1, closed))
    control.lower_contact.on_change(lambda closed: contacts.set_input(2, closed))
    mechanism = TapMechanism()
    with (
        EmulatorHost() as host,
        VisaLink(_resource(host.serve(scpi_protocol(source.scpi, host.lock)))) as source_link,
        VisaLink(_resource(host.serve(scpi_protocol(contacts.scpi, host.lock)))) as contacts_link,
    ):
        sensing = ScpiSensingSource(source_link, SourceLimits((0.0, 135.0), (50.0, 65.0), 8.0))
        inputs = ScpiDigitalIO(contacts_link)
        sensing.set_sensing(120.0, 0.0, 0.0, 60.0)
        sensing.output_on()
        counted = inputs.count_closures()
        for _ in range(20):
            sensing.set_sensing(117.6 + 0.75 * mechanism.position, 0.0, 0.0, 60.0)
            with host.lock:
                control.advance(2.5)
            before, counted = counted, inputs.count_closures()
            mechanism.advance(2.5, *(now > then for now, then in zip(counted, before, strict=True)))
    assert mechanism.position == 2, "117.6 V + 2 x 0.75 V = 119.1 V lies inside 119 .. 121 V"
    assert mechanism.pulses == control.counter.total == 2


def _resource(address: tuple[str, int]) -> str:
    return f"TCPIP0::{address[0]}::{address[1]}::SOCKET"
