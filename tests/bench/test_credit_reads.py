"""Credit meters of dispatched DER: read side by side for all that reported, tried again, and given up by name."""

from dataclasses import dataclass, field

import pytest
from wiretap import Wiretap, citing

from bench.actors.meter_data import READ_AFTER_STATUS_S, MeterDataManagement
from bench.actors.meter_reading import RETRIES, RETRY_AFTER_S, CreditMeters
from bench.actors.metering import AmiNetwork, MeteringSettings
from bench.bus import Message
from bench.messages.customers import MeterData, MeterReadRequest
from bench.messages.equipment import EquipmentState, EquipmentStatus
from bench.messages.names import Information, Party
from bench.meter_store import MeterStore
from instruments.errors import InstrumentError
from instruments.readings import MeterEvents, MeterReading

SETTINGS = MeteringSettings(event_poll_s=1000.0, read_air_time_s=0.1, scheduled_read_s=9000.0)
METERS = {"battery": "credit_battery", "dg": "credit_dg"}
REQUEST, DATA = Information.CREDIT_READ_REQUEST, Information.CREDIT_METER_DATA


@dataclass
class HandMeter:
    """A credit meter through which a DER delivers; `silent_for` lets it fail as many times."""

    p_w: float = -200_000.0
    silent_for: int = 0
    asked: int = 0

    def read_meter(self) -> MeterReading:
        return MeterReading((277.0,), 480.0, 60.0, self.p_w, 0.0, 0.0, 0.0)

    def read_events(self) -> MeterEvents:
        self.asked += 1
        if self.asked <= self.silent_for:
            raise InstrumentError("the target failed to respond")
        return MeterEvents(under_voltage=False, over_voltage=False, raw=0)


@dataclass
class Utility:
    """MDMS, head-end and the meters' radios; DER are the test's."""

    tap: Wiretap = field(default_factory=Wiretap)
    meters: dict[str, HandMeter] = field(default_factory=lambda: {name: HandMeter() for name in METERS.values()})
    store: MeterStore = field(default_factory=MeterStore)

    def __post_init__(self) -> None:
        for actor in (
            MeterDataManagement(self.tap.bus, self.store, METERS),
            AmiNetwork(self.tap.bus, {}, self.meters, (), citing, SETTINGS),
            CreditMeters(self.tap.bus, self.meters, citing),
        ):
            self.tap.clock.start(actor.run())

    def report(self, device: str, event: str = "day-1") -> None:
        """Let a DER report to the MDMS that it does what it was asked for."""
        state = EquipmentState(device=device, kind="battery", available=True, power_kw=200.0)
        status = EquipmentStatus(event=event, equipment=state, request=f"{device}@18:00")
        self.tap.bus.send(Message(Party.AMI_NETWORK, Party.MDMS, Information.EQUIPMENT_STATUS, status, event))

    def until(self, time_s: float) -> None:
        self.tap.clock.run_until(time_s)

    def asked(self) -> dict[str, float]:
        """Return when the MDMS asked for each meter, s."""
        return {
            d.message.payload.meter: d.sent_s
            for d in self.tap.heard
            if d.message.producer is Party.MDMS and isinstance(d.message.payload, MeterReadRequest)
        }

    def told(self, receiver: Party) -> list[str]:
        data = [m.payload for m in self.tap.told(DATA) if m.producer is Party.AMI_NETWORK and m.receiver is receiver]
        return [payload.registers.meter for payload in data if isinstance(payload, MeterData)]


@pytest.fixture
def utility() -> Utility:
    return Utility()


def test_all_that_reported_are_read_side_by_side_after_the_last_of_them(utility: Utility) -> None:
    utility.report("battery")
    utility.until(20.0)
    utility.report("dg")
    utility.until(20.0 + READ_AFTER_STATUS_S)
    assert utility.asked() == {}, "the first waits for the second"
    utility.until(100.0)
    assert utility.asked() == dict.fromkeys(METERS.values(), pytest.approx(20.1 + READ_AFTER_STATUS_S))
    assert sorted(utility.told(Party.DMS)) == sorted(utility.told(Party.MDMS)) == sorted(METERS.values())


def test_two_that_report_at_the_same_moment_are_read_once_each(utility: Utility) -> None:
    utility.report("battery")
    utility.report("dg")
    utility.until(200.0)
    assert set(utility.asked()) == set(METERS.values())
    assert sorted(utility.told(Party.DMS)) == sorted(METERS.values())


def test_one_that_reports_again_later_is_read_again(utility: Utility) -> None:
    utility.report("battery")
    utility.until(200.0)
    utility.report("battery")
    utility.until(400.0)
    assert utility.told(Party.DMS) == ["credit_battery"] * 2


def test_events_are_read_each_by_itself(utility: Utility) -> None:
    utility.report("battery", "day-1")
    utility.until(20.0)
    utility.report("dg", "constraint-1")
    utility.until(200.0)
    asked = utility.asked()
    assert asked["credit_dg"] - asked["credit_battery"] == pytest.approx(20.0)


def test_equipment_without_a_credit_meter_is_not_read(utility: Utility) -> None:
    utility.report("bank")
    utility.until(200.0)
    assert utility.asked() == {}


def test_an_answer_comes_over_the_meter_s_wire_and_is_kept(utility: Utility) -> None:
    utility.report("dg")
    utility.until(200.0)
    (answer,) = [m for m in utility.tap.told(DATA) if m.producer is Party.CREDIT_METER]
    assert "wire:7" in answer.evidence
    assert isinstance(answer.payload, MeterData)
    assert answer.payload.registers.p_w == -200_000.0
    assert utility.store.demanded_w("credit_dg", 0.0) == -200_000.0


def sent_to_meters(utility: Utility) -> list[str]:
    requests = [m.payload for m in utility.tap.told(REQUEST) if m.receiver is Party.CREDIT_METER]
    return [payload.meter for payload in requests if isinstance(payload, MeterReadRequest)]


@pytest.mark.parametrize("failures", range(RETRIES + 1))
def test_a_meter_that_is_silent_for_a_while_is_tried_again(utility: Utility, failures: int) -> None:
    utility.meters["credit_dg"].silent_for = failures
    utility.report("dg")
    utility.until(200.0)
    assert utility.meters["credit_dg"].asked == failures + 1
    assert utility.told(Party.DMS) == ["credit_dg"]
    came_s = next(d.time_s for d in utility.tap.heard if d.message.receiver is Party.DMS)
    assert came_s == pytest.approx(0.1 + READ_AFTER_STATUS_S + failures * RETRY_AFTER_S + 4 * 0.1)


def test_a_meter_that_never_answers_is_given_up_and_holds_no_other_up(utility: Utility) -> None:
    utility.meters["credit_dg"].silent_for = 1000
    utility.report("battery")
    utility.report("dg")
    utility.until(1000.0)
    assert utility.meters["credit_dg"].asked == RETRIES + 1
    assert sent_to_meters(utility) == ["credit_battery"], "what cannot be raised is sent nothing"
    assert utility.told(Party.DMS) == ["credit_battery"]
