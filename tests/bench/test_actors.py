"""Actors of the AMI and the site: what they do with what they are sent and read, on devices made by hand."""

from dataclasses import dataclass

import pytest
from wiretap import Wiretap, citing

from bench.actors.meter_data import MeterDataManagement
from bench.actors.metering import AmiNetwork, MeteringSettings, NetMeters, service_voltage_v
from bench.actors.operators import DistributionOperations
from bench.bus import Message, Priority
from bench.messages.equipment import BeginAutomation, VoltageOutOfRangeEvent, VoltageReadings, VoltageReadRequest
from bench.messages.names import Information, Party
from bench.meter_store import MeterStore
from instruments.errors import TransportError, WaitTimeout
from instruments.readings import MeterEvents

QUIET = MeterEvents(under_voltage=False, over_voltage=False, raw=0)
LOW = MeterEvents(under_voltage=True, over_voltage=False, raw=1)
SETTINGS = MeteringSettings(event_poll_s=10.0, read_air_time_s=0.5, scheduled_read_s=900.0)


@dataclass
class HandMeter:
    """A meter that says what the test lets it say; `silent` lets its link fail."""

    legs_v: tuple[float, float] = (120.0, 120.5)
    events: MeterEvents = QUIET
    silent: bool = False

    def read_voltage_v(self) -> tuple[float, float]:
        self._answer()
        return self.legs_v

    def read_events(self) -> MeterEvents:
        self._answer()
        return self.events

    def _answer(self) -> None:
        if self.silent:
            raise TransportError("no answer")


@pytest.fixture
def tap() -> Wiretap:
    return Wiretap()


@pytest.fixture
def meters() -> dict[str, HandMeter]:
    return {"m1": HandMeter(), "m2": HandMeter()}


def watched(tap: Wiretap, meters: dict[str, HandMeter]) -> Wiretap:
    tap.clock.start(NetMeters(tap.bus, meters, citing, SETTINGS).watch())
    return tap


def test_a_meter_alerts_once_when_its_own_flag_rises(tap: Wiretap, meters: dict[str, HandMeter]) -> None:
    watched(tap, meters)
    tap.clock.run_until(15.0)
    assert not tap.heard
    meters["m2"].events, meters["m2"].legs_v = LOW, (113.5, 112.5)
    tap.clock.run_until(60.0)
    (message,) = tap.told(Information.VOLTAGE_EVENT)
    assert message.payload == VoltageOutOfRangeEvent(meter="m2", condition="under", voltage_v=112.5)
    assert (message.priority, message.evidence) == (Priority.ALERT, ("wire:7",))


def test_a_flag_that_clears_and_rises_again_alerts_again(tap: Wiretap, meters: dict[str, HandMeter]) -> None:
    watched(tap, meters)
    for time_s, events in ((15.0, LOW), (25.0, QUIET), (35.0, LOW)):
        meters["m1"].events = events
        tap.clock.run_until(time_s)
    assert len(tap.told(Information.VOLTAGE_EVENT)) == 2


def test_low_voltage_without_a_flag_raises_no_alert(tap: Wiretap, meters: dict[str, HandMeter]) -> None:
    """Whether a voltage is out of range is the meter's finding: nothing else compares voltages for it."""
    meters["m1"].legs_v = (100.0, 100.0)
    watched(tap, meters).clock.run_until(60.0)
    assert not tap.heard


def test_a_silent_meter_raises_no_alert_and_silences_no_other(tap: Wiretap, meters: dict[str, HandMeter]) -> None:
    meters["m1"].silent, meters["m2"].events = True, LOW
    watched(tap, meters).clock.run_until(15.0)
    assert [m.payload.meter for m in tap.told(Information.VOLTAGE_EVENT)] == ["m2"]


def test_of_two_legs_the_one_farther_from_nominal_is_told() -> None:
    assert service_voltage_v(HandMeter((121.0, 113.0))) == 113.0
    assert service_voltage_v(HandMeter((127.0, 114.0))) == 127.0


def alert_from(meter: str) -> Message:
    payload = VoltageOutOfRangeEvent(meter=meter, condition="under", voltage_v=113.0)
    return Message(
        Party.NET_METER, Party.AMI_NETWORK, Information.VOLTAGE_EVENT, payload, f"alert-{meter}", Priority.ALERT
    )


def test_the_network_passes_every_alert_to_three_systems_as_one_event(
    tap: Wiretap, meters: dict[str, HandMeter]
) -> None:
    tap.clock.start(AmiNetwork(tap.bus, meters, {}, (), citing, SETTINGS).run())
    for name in meters:
        tap.bus.send(alert_from(name))
    tap.clock.run_until(5.0)
    passed_on = [m for m in tap.told(Information.VOLTAGE_EVENT) if m.producer is Party.AMI_NETWORK]
    assert [m.receiver for m in passed_on] == [Party.MDMS, Party.DER_AUTOMATION, Party.DMS] * 2
    assert {m.correlation for m in passed_on} == {"e1"}
    assert {m.priority for m in passed_on} == {Priority.ALERT}
    assert [m.evidence for m in passed_on] == [("trace:1",)] * 3 + [("trace:2",)] * 3


def test_meters_that_do_not_answer_a_read_are_listed_and_not_guessed(
    tap: Wiretap, meters: dict[str, HandMeter]
) -> None:
    meters["m2"].silent = True
    tap.clock.start(AmiNetwork(tap.bus, meters, {}, (), citing, SETTINGS).run())
    request = VoltageReadRequest(event="e1")
    tap.bus.send(Message(Party.DMS, Party.AMI_NETWORK, Information.VOLTAGE_READ_REQUEST, request, "e1"))
    tap.clock.run_until(5.0)
    (answer,) = tap.told(Information.VOLTAGE_READINGS)
    assert answer.payload == VoltageReadings(voltage_v={"m1": 120.5}, silent=("m2",))
    assert tap.heard[-1].time_s == pytest.approx(0.1 + 2 * 0.5 + 0.1), "each read takes its time on the air"


def test_the_meter_data_store_keeps_every_alert(tap: Wiretap) -> None:
    store = MeterStore()
    tap.clock.start(MeterDataManagement(tap.bus, store, {}).run())
    message = alert_from("m1")
    tap.bus.send(Message(Party.AMI_NETWORK, Party.MDMS, message.information, message.payload, "e1"))
    tap.clock.run_until(1.0)
    assert store.count_alerts("e1") == 1
    store.close()


def test_operators_act_on_what_the_dms_shows_them(tap: Wiretap) -> None:
    people = DistributionOperations(tap.bus, reduction_kw=250.0, duration_s=3600.0)
    with pytest.raises(WaitTimeout, match="nothing to acknowledge"):
        people.acknowledge_alert()
    alert = alert_from("m1").payload
    tap.bus.send(Message(Party.AMI_NETWORK, Party.DMS, Information.VOLTAGE_EVENT, alert, "e1"))
    tap.clock.run_until(1.0)
    people.acknowledge_alert()
    people.begin_automation()
    tap.clock.run_until(2.0)
    (begin,) = tap.told(Information.BEGIN_AUTOMATION)
    assert (begin.receiver, begin.payload) == (Party.DER_AUTOMATION, BeginAutomation(event="e1"))
    assert begin.evidence == ("trace:1",)
