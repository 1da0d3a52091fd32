"""An application in charge of its feeder over the day: when it looks again, and when it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from wiretap import citing

from bench.actors.base import Actor
from bench.actors.der_automation import DerAutomation
from bench.actors.duty import DECIDE_S, NOTICE_S, OnDuty
from bench.actors.resource_planning import PlanningSettings, ResourcePlanning
from bench.actors.review import ReviewCalendar
from bench.bus import Bus, Delivery, Message
from bench.clock import Clock
from bench.dispatch.assets import DispatchSettings
from bench.dispatch.network import OperatingPoint, Response
from bench.dispatch.review import ReviewSettings
from bench.links import FixedLatency
from bench.messages.equipment import (
    AffectedArea,
    BeginAutomation,
    EquipmentState,
    OperationalCommand,
    Payload,
    SystemStatus,
    VoltageOutOfRangeEvent,
)
from bench.messages.names import Information, Party

ALERT = VoltageOutOfRangeEvent(meter="far", condition="under", voltage_v=113.0)
LTC = EquipmentState(device="ltc", kind="tap_changer", available=True, tap=0)
REVIEW = ReviewSettings(every_s=900.0, spacing_s=120.0, cloud_pu=0.1)


def plans_nothing(application: Actor) -> ResourcePlanning:
    """Make the planning part of an application that has no DER in its register."""
    return ResourcePlanning(application, (), tuple, citing, PlanningSettings(compute_s=1.0, reserve_pu=0.1))


@dataclass
class OneMeter:
    """A meter that a tap lifts by half a volt."""

    voltage_v: float = 113.2

    def clear_sky_pu(self, _time_s: float) -> float:
        return 1.0

    def response(self, point: OperatingPoint) -> Response:
        tap = point.taps.get("ltc", 0)
        return Response(("far",), np.array([self.voltage_v + 0.5 * tap]), {"ltc": np.array([0.5])})


@dataclass
class Office:
    """The application with a DMS that the test plays: it answers each request for the area at once."""

    network: OneMeter = field(default_factory=OneMeter)
    review: ReviewSettings | None = REVIEW
    tap: int = 0
    heard: list[Delivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.bus = Bus(self.clock, lambda _p, _r: FixedLatency(self.clock, 0.1), lambda _m, _s, _t: 1)
        settings = DispatchSettings(margin_v=0.5, compute_s=2.0)
        self.clock.start(DerAutomation(self.bus, self.network, settings, plans_nothing, self.review).run())
        self.bus.listeners += [self.heard.append, self._answer]

    def tell(self, information: Information, payload: Payload, event: str, producer: Party = Party.DMS) -> None:
        self.bus.send(Message(producer, Party.DER_AUTOMATION, information, payload, event))

    def begin(self, event: str = "e1") -> None:
        order = BeginAutomation(event=event)
        self.tell(Information.BEGIN_AUTOMATION, order, event, Party.DISTRIBUTION_OPERATIONS)

    def run(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now_s + seconds)

    def times_s(self, information: Information, receiver: Party = Party.DMS) -> list[int]:
        found = [d for d in self.heard if d.message.information is information and d.message.receiver is receiver]
        return [int(delivery.sent_s) for delivery in found]

    def _answer(self, delivery: Delivery) -> None:
        payload = delivery.message.payload
        event = delivery.message.correlation
        ltc = LTC.model_copy(update={"tap": self.tap})
        if delivery.message.information is Information.AREA_REQUEST:
            area = AffectedArea(event=event, affected_meters=(), voltage_v={}, equipment=(ltc,))
            self.tell(Information.AFFECTED_AREA, area, event)
        elif isinstance(payload, OperationalCommand) and payload.command.tap is not None:
            self.tap = payload.command.tap
            reached = LTC.model_copy(update={"tap": self.tap})
            self.tell(
                Information.SYSTEM_STATUS, SystemStatus(event=event, updated="tap_changer", equipment=(reached,)), event
            )


def test_it_takes_charge_before_it_asks_for_anything() -> None:
    office = Office()
    office.begin()
    office.run(1.0)
    sent = [d.message.information for d in office.heard if d.message.receiver is Party.DMS]
    assert sent == [Information.HOLD_REQUEST, Information.AREA_REQUEST]


def test_without_reviews_it_takes_charge_of_nothing_and_looks_once() -> None:
    office = Office(review=None)
    office.begin()
    office.run(7200.0)
    assert office.times_s(Information.HOLD_REQUEST) == []
    assert len(office.times_s(Information.AREA_REQUEST)) == 1


def test_taps_are_commanded_although_no_battery_goes_before_them() -> None:
    office = Office()
    office.begin()
    office.run(60.0)
    assert office.tap == 3, "1.3 V are missing to 114.5 V, a tap gives 0.5 V"


def test_it_looks_at_the_effect_of_a_change_and_then_at_intervals() -> None:
    office = Office()
    office.begin()
    office.run(2500.0)
    after_change, *regular = office.times_s(Information.AREA_REQUEST)[1:]
    assert after_change == 120
    assert regular == [120 + 120 + 900, 120 + 2 * (120 + 900)]


def test_an_alert_brings_the_next_review_forward_but_not_within_the_spacing() -> None:
    office = Office()
    office.begin()
    office.run(400.0)
    office.tell(Information.VOLTAGE_EVENT, ALERT, "e1", Party.AMI_NETWORK)
    office.run(30.0)
    office.tell(Information.VOLTAGE_EVENT, ALERT, "e1", Party.AMI_NETWORK)
    office.run(300.0)
    assert office.times_s(Information.AREA_REQUEST)[2:] == [400, 520]


def test_an_alert_before_anybody_began_is_left_to_the_operators() -> None:
    office = Office()
    office.tell(Information.VOLTAGE_EVENT, ALERT, "e1", Party.AMI_NETWORK)
    office.run(3600.0)
    assert office.times_s(Information.AREA_REQUEST) == []


def test_it_gives_back_when_the_feeder_can_do_without_and_takes_charge_again_when_asked() -> None:
    office = Office()
    office.begin()
    office.run(600.0)
    assert office.times_s(Information.RELEASE_REQUEST) == []
    office.network.voltage_v = 116.0
    office.run(3600.0)
    assert len(office.times_s(Information.RELEASE_REQUEST)) == 1
    asked = len(office.times_s(Information.AREA_REQUEST))
    office.run(3600.0)
    assert len(office.times_s(Information.AREA_REQUEST)) == asked, "it went on after it gave back"
    office.begin("e2")
    office.run(60.0)
    assert len(office.times_s(Information.HOLD_REQUEST)) == 2


def test_a_second_start_while_in_charge_is_one_more_look() -> None:
    office = Office()
    office.begin()
    office.run(300.0)
    office.begin("e2")
    office.run(10.0)
    assert len(office.times_s(Information.HOLD_REQUEST)) == 1
    assert office.times_s(Information.AREA_REQUEST)[-1] == 300


@pytest.mark.parametrize(
    ("asked_at_s", "reviews_at_s"),
    [([], [1100.0, 2200.0]), ([50.0], [100.0, 1200.0]), ([150.0, 151.0, 152.0], [150.0, 250.0, 1350.0])],
)
def test_the_calendar_by_hand(asked_at_s: list[float], reviews_at_s: list[float]) -> None:
    clock = Clock()
    calendar = ReviewCalendar(clock, every_s=1000.0, spacing_s=100.0)
    called: list[tuple[float, str]] = []
    clock.start(calendar.run(lambda name: called.append((clock.now_s, name))))
    for time_s in asked_at_s:
        clock.run_until(time_s)
        calendar.ask()
    clock.run_until(2250.0)
    assert [time_s for time_s, _ in called] == reviews_at_s
    assert [name for _, name in called] == [f"review-{number + 1}" for number in range(len(called))]


def test_a_closed_calendar_calls_for_nothing() -> None:
    clock = Clock()
    calendar = ReviewCalendar(clock, every_s=1000.0, spacing_s=100.0)
    called: list[str] = []
    clock.start(calendar.run(called.append))
    calendar.close()
    clock.run_until(5000.0)
    assert called == []


def test_the_person_on_duty_answers_the_first_alert_at_the_dms_once() -> None:
    office = Office()
    done: list[tuple[float, str]] = []

    def noted(what: str) -> Callable[[], None]:
        return lambda: done.append((round(office.clock.now_s, 1), what))

    office.bus.listeners.append(OnDuty(office.clock, noted("acknowledge"), noted("begin")).hear)
    for receiver in (Party.MDMS, Party.DMS, Party.DMS):
        office.bus.send(Message(Party.AMI_NETWORK, receiver, Information.VOLTAGE_EVENT, ALERT, "e1"))
    office.run(600.0)
    assert done == [(0.1 + NOTICE_S, "acknowledge"), (0.1 + NOTICE_S + DECIDE_S, "begin")]
