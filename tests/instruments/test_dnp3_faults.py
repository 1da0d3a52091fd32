"""Bad equipment on DNP3, driver against emulator: each defect acts from when it says, and is told for what it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import pytest
from py1815.control import CommandStatus

from bench.config import load_bench
from bench.faults import check_fault, parse_fault
from instruments.dnp3_map import load_dnp3_map
from instruments.drivers.dnp3_inverter import Dnp3Inverter
from instruments.drivers.tap_changer_control import PointMapTapChangerControl
from instruments.emulators.contacts import SensingTerminals
from instruments.emulators.control_points import defect_of, tap_changer_points
from instruments.emulators.dnp3_faults import DNP3_FAULTS
from instruments.emulators.dnp3_inverter import Dnp3InverterPoints
from instruments.emulators.dnp3_outstation import PointOutstation
from instruments.emulators.sensing_source import Secondary
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.errors import ConfigError, Doubtful, InstrumentError, TransportError
from instruments.transports.dnp3_conversation import Dnp3Conversation
from tests.instruments.dnp3_bench import LTC, MAPS, OUTSTATION, asked, serving
from tests.instruments.test_inverter_emulator import RATING_W, running

BENCHES = MAPS.parent / "benches"
INVERTER = load_dnp3_map(MAPS / "inverter_dnp3.yaml")
BEGIN_S = 10.0
Driver = PointMapTapChangerControl
Work = Callable[[Driver], object]
Advance = Callable[[float], None]


@contextmanager
def defective(
    kind: str, value: float | None = None, timeout_s: float = 2.0
) -> Iterator[tuple[TapChangerControlEmulator, Driver]]:
    """A control in SCADA-manual, spoken to once, whose defect begins 10 s after."""
    control = TapChangerControlEmulator(SensingTerminals(Secondary(119.0, 1.0, -30.0, 60.0)))
    control.inject(kind, value, start_s=BEGIN_S)
    points, active = tap_changer_points(control), partial(defect_of, control)
    served = PointOutstation(OUTSTATION, LTC, points, control.identity, 1, active=active)
    with serving(served) as wire:
        driver = PointMapTapChangerControl(wire.link(timeout_s=timeout_s), LTC)
        driver.set_automatic(False)
        with wire.host.lock:
            control.advance(BEGIN_S)
        yield control, driver


def status(driver: Driver) -> object:
    return driver.read_status()


def block(driver: Driver) -> object:
    return driver.set_blocked(True)


def tap(driver: Driver) -> object:
    return driver.raise_tap()


CASES: list[tuple[str, float | None, Work, type[Exception], str]] = [
    ("indicates-restart", None, status, Doubtful, "was restarted and may have lost its settings"),
    ("keeps-indicating-restart", None, status, Doubtful, "does not take that its restart is acknowledged"),
    ("indicates-trouble", None, status, Doubtful, "says that it is in trouble"),
    ("local-without-panel", None, block, InstrumentError, "refused to operate bo 1 .*: the control is in local"),
    ("readings-flagged", None, status, Doubtful, r"panel_switch \(bi 2\) is no reading: offline"),
    ("readings-flagged", 0x03, status, Doubtful, "not updated since a restart"),
    ("readings-flagged", 0x05, status, Doubtful, "communication lost"),
    ("readings-flagged", 0x09, status, Doubtful, "forced remotely"),
    ("readings-flagged", 0x11, status, Doubtful, "forced locally"),
    ("readings-flagged", 0x21, status, Doubtful, "out of range|chattering"),
    ("readings-flagged", 0x41, status, Doubtful, "without a valid reference"),
    ("frozen-values", None, block, InstrumentError, "blocked reads back 0 after 1 was commanded"),
    ("refuses-commands", None, block, InstrumentError, "refused to operate bo 1 .*: hardware error"),
    ("refuses-commands", None, tap, InstrumentError, "refused to select bo 2 to close: hardware error"),
    ("selects-and-refuses", None, tap, InstrumentError, "refused to operate bo 2 to close: not selected"),
    ("selects-and-refuses", 1, tap, InstrumentError, "refused to operate bo 2 to close: selected too long ago"),
    ("answers-success-alone", None, block, InstrumentError, "blocked reads back 0 after 1 was commanded"),
    ("echoes-another-command", None, block, Doubtful, "was to operate bo 1 .* and answered to another command"),
    ("echoes-another-command", None, tap, Doubtful, "was to select bo 2 .* and answered to another command"),
    ("indicates-an-error", 0, status, InstrumentError, "refused to read .*: function not supported"),
    ("indicates-an-error", None, status, InstrumentError, "refused to read .*: object unknown"),
    ("indicates-an-error", 2, status, InstrumentError, "refused to read .*: parameter error"),
    ("answers-too-short", None, status, Doubtful, "ends inside"),
    ("answers-too-short", None, tap, Doubtful, "answered to another command"),
    ("broken-crc", None, status, TransportError, r"gave no sound answer in \d+ octets"),
    ("wrong-sequence-number", None, status, TransportError, r"gave no sound answer in \d+ octets"),
    ("answers-as-another", None, status, TransportError, r"gave no sound answer in \d+ octets"),
    ("leaves-unanswered", 1, status, TransportError, r"gave no sound answer \("),
]


@pytest.mark.parametrize(("kind", "value", "work", "error", "words"), CASES)
def test_a_defect_is_told_for_what_it_is(kind, value, work, error, words):
    with defective(kind, value, 0.1 if error is TransportError else 2.0) as (_, driver):
        with pytest.raises(error, match=words) as told:
            work(driver)
        assert type(told.value) is error, "a refusal, a doubt and a lost link are not the same"


@pytest.mark.parametrize("code", [code for code in CommandStatus if code])
def test_every_status_but_success_is_a_refusal_and_nothing_is_done(code):
    with defective("refuses-commands", float(code)) as (control, driver):
        with pytest.raises(InstrumentError, match="refused to operate bo 1"):
            driver.set_blocked(True)
        assert not control.blocked


def test_every_defect_at_the_wire_has_a_case():
    assert {kind for kind, *_ in CASES} == {name for name, _, _ in DNP3_FAULTS}


def test_a_select_whose_echo_is_another_is_not_operated():
    with defective("echoes-another-command") as (control, driver):
        with suppress(Doubtful):
            driver.raise_tap()
        assert control.raise_contact.closures == 0


def test_success_for_an_order_that_cannot_be_read_back_closes_no_contact():
    """The driver cannot know: that is for whoever looks at the contacts."""
    with defective("answers-success-alone") as (control, driver):
        driver.raise_tap()
        assert control.raise_contact.closures == 0


def test_frozen_values_are_what_they_were():
    with defective("frozen-values") as (control, driver):
        control.sensing.secondary = Secondary(125.0, 1.0, -30.0, 60.0)
        assert driver.read_status().voltage_v == pytest.approx(119.0)


def test_a_restart_is_told_once_and_silence_ends_after_its_requests():
    with defective("indicates-restart") as (_, driver):
        with suppress(Doubtful):
            driver.read_status()
        assert driver.read_status().remote
    with defective("leaves-unanswered", 2, timeout_s=0.1) as (_, driver):
        for _ in range(2):
            with pytest.raises(TransportError):
                driver.read_status()
        assert driver.read_status().remote


def test_good_equipment_in_local_indicates_that_and_is_read_all_the_same():
    control = TapChangerControlEmulator(SensingTerminals(Secondary(119.0, 1.0, -30.0, 60.0)))
    served = PointOutstation(OUTSTATION, LTC, tap_changer_points(control), control.identity, 1)
    for remote, indications in ((True, "80"), (False, "a0")):
        control.remote = remote
        answer = Dnp3Conversation(served.outstation).receive(asked("c0 c0 01 1e 00 00 00 00"))
        assert answer.hex(" ")[36:44] == f"81 {indications} 00", "its restart, and whether it is in local"
    with serving(served) as wire:
        assert not PointMapTapChangerControl(wire.link(), LTC).read_status().remote


@pytest.mark.parametrize(
    ("text", "shows", "not_on", "told"),
    [
        ("ltc:broken-crc", "certify_ltc_dnp3", "certify_ltc", "the driver dnp3_point_map or ieee1815_2 alone"),
        ("ltc:readings-flagged=5", "certify_ltc_dnp3", "certify_ltc", "ltc has point_map"),
        ("inverter:no-marker", "certify_inverter", "certify_inverter_dnp3", "the driver sunspec alone"),
        ("inverter:no-marker", "certify_inverter", "certify_vendor_inverter", "inverter has point_map"),
        ("inverter:never-alarms", "certify_inverter_dnp3", "certify_vendor_inverter", "inverter has point_map"),
        ("inverter:answers-one-client", "certify_vendor_inverter", "certify_inverter_dnp3", "inverter has ieee1815_2"),
    ],
)
def test_a_fault_is_refused_on_equipment_where_nobody_could_notice_it(text, shows, not_on, told):
    check_fault(parse_fault(text), load_bench(BENCHES / f"{shows}.yaml"))
    with pytest.raises(ConfigError, match=told):
        check_fault(parse_fault(text), load_bench(BENCHES / f"{not_on}.yaml"))


@contextmanager
def inverter(
    kind: str, value: float | None = None, **when: float
) -> Iterator[tuple[Callable[[float], None], Dnp3Inverter]]:
    """An inverter with a defect: what lets time pass for it, and its driver."""
    emulated = running(available_w=RATING_W)
    emulated.inject(kind, value, **when)
    points = Dnp3InverterPoints(emulated)
    served = PointOutstation(OUTSTATION, INVERTER, points.bindings, points.identity, 1, points.refresh, emulated.defect)
    with serving(served) as wire:

        def advance(dt_s: float) -> None:
            with wire.host.lock:
                emulated.advance(dt_s)

        yield advance, Dnp3Inverter(wire.link(), INVERTER)


@pytest.mark.parametrize("flags", [0x05, 0x09, 0x11])
def test_a_rating_in_doubt_is_not_taken_for_one_that_is_not_stated(flags):
    """An inverter whose storage is in doubt must not be commanded as one without any."""
    with inverter("readings-flagged", flags) as (_, driver), pytest.raises(Doubtful, match="is no reading"):
        driver.set_power_w(1000.0, 0.0)


def test_an_inverter_that_reboots_says_so_when_it_is_back():
    with inverter("reboots", start_s=5.0, end_s=10.0) as (advance, driver):
        driver.read_modes()
        advance(5.0)
        with pytest.raises(TransportError):
            driver.read_modes()
        advance(6.0)
        with pytest.raises(Doubtful, match="was restarted"):
            driver.read_modes()


def test_an_inverter_that_drops_out_has_lost_nothing():
    with inverter("drops-out", start_s=5.0, end_s=10.0) as (advance, driver):
        driver.read_modes()
        advance(5.0)
        with pytest.raises(TransportError):
            driver.read_modes()
        advance(6.0)
        assert driver.read_modes().remote


def test_equipment_in_trouble_is_made_safe_although_its_word_for_that_counts_nothing():
    with defective("indicates-trouble") as (control, driver):
        control.blocked = True
        with pytest.raises(Doubtful, match="in trouble"):
            driver.make_safe()
        assert (control.automatic, control.blocked) == (True, False)
