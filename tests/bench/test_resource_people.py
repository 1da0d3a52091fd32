"""Operators and the wholesale desk where DER are dispatched: they act on what they are shown, and on nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from wiretap import Wiretap

from bench.actors.operators import DistributionOperations
from bench.actors.resource_operators import MARGIN
from bench.actors.wholesale import WholesalePower
from bench.bus import Message
from bench.dispatch.eligibility import ResourceClass
from bench.messages.equipment import EquipmentState, Payload
from bench.messages.names import Information, Party
from bench.messages.resources import (
    AvailableResource,
    AvailableResources,
    ConfirmedDer,
    ConfirmedResources,
    DispatchOrder,
    LoadReductionEvent,
    ReductionRequest,
    RequiredResources,
    ResourceAssessment,
    ResourceRequest,
)
from instruments.errors import WaitTimeout

HOUR_S = 3600.0
DMS, APPLICATION, OPERATORS, EMS, WHOLESALE = (
    Party.DMS,
    Party.DER_AUTOMATION,
    Party.DISTRIBUTION_OPERATIONS,
    Party.ENERGY_MANAGEMENT,
    Party.WHOLESALE_POWER,
)
REQUEST = ResourceRequest(
    request="battery@18:00",
    device="battery",
    resource=ResourceClass.UTILITY_STORAGE,
    power_kw=500.0,
    start_s=64800.0,
    duration_s=HOUR_S,
)
REQUIRED = RequiredResources(
    event="day-1",
    requests=(REQUEST,),
    ineligible=(),
    estimated=0,
    uncovered_kw=(),
    state_of_charge_kwh={},
    power_kw={},
    value=1.0,
)
STATE = EquipmentState(device="battery", kind="battery", available=True, rating_kw=500.0)
AVAILABLE = AvailableResources(
    event="constraint-1",
    resources=(
        AvailableResource(device="battery", resource=ResourceClass.UTILITY_STORAGE, available_kw=450.0, state=STATE),
    ),
    left_out={},
    total_kw=450.0,
)
SHORT = ResourceAssessment(
    event="day-1",
    head_load_kw=8000.0,
    uncertainty_kw=16.0,
    limit_kw=7900.0,
    sufficient=False,
    shortfall_kw=116.0,
    delivered_kw={},
    silent=(),
)


@dataclass
class Desks:
    """Both desks on a bus with a tap; systems are the test's."""

    may_override: bool = False
    tap: Wiretap = field(default_factory=Wiretap)

    def __post_init__(self) -> None:
        self.operators = DistributionOperations(self.tap.bus, reduction_kw=250.0, duration_s=HOUR_S)
        self.desk = self.operators.desk
        self.wholesale = WholesalePower(self.tap.bus, self.may_override)

    def show(self, producer: Party, receiver: Party, information: Information, payload: Payload) -> None:
        self.tap.bus.send(Message(producer, receiver, information, payload, "day-1"))
        self.run()

    def run(self) -> None:
        self.tap.clock.run_until(self.tap.clock.now_s + 1.0)

    def sent(self, information: Information, producer: Party = OPERATORS) -> list[Message]:
        return [message for message in self.tap.told(information) if message.producer is producer]


@pytest.fixture
def desks() -> Desks:
    return Desks()


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda d: d.desk.confirm_required(), "shows no required resource: nothing to confirm"),
        (lambda d: d.desk.confirm_to_control_centre(), "shows no required resource: nothing to confirm"),
        (lambda d: d.desk.confirm_available(), "shows no available resource: nothing to confirm"),
        (lambda d: d.desk.ask_for_reduction(), "shows no shortfall: no load has to be reduced"),
        (lambda d: d.wholesale.authorize_reduction(), "no request for a load reduction has reached the wholesale"),
    ],
)
def test_where_nothing_is_shown_nobody_acts_and_it_is_said_in_words(
    desks: Desks, act: Callable[[Desks], None], words: str
) -> None:
    with pytest.raises(WaitTimeout, match=words):
        act(desks)
    desks.run()
    assert not desks.tap.heard


def test_what_is_empty_is_as_good_as_nothing(desks: Desks) -> None:
    refused = REQUIRED.model_copy(update={"requests": (), "refused": "too many gaps"})
    desks.show(APPLICATION, APPLICATION, Information.REQUIRED_RESOURCES, refused)
    with pytest.raises(WaitTimeout):
        desks.desk.confirm_required()
    nothing = AVAILABLE.model_copy(update={"resources": (), "total_kw": 0.0})
    desks.show(DMS, DMS, Information.AVAILABLE_RESOURCES, nothing)
    with pytest.raises(WaitTimeout):
        desks.desk.confirm_available()
    enough = SHORT.model_copy(update={"sufficient": True, "shortfall_kw": 0.0})
    desks.show(DMS, DMS, Information.INSUFFICIENT_RESOURCES, enough)
    with pytest.raises(WaitTimeout):
        desks.desk.ask_for_reduction()


def test_what_is_on_its_way_between_systems_is_on_no_screen(desks: Desks) -> None:
    """The application's offer becomes visible when the DMS has checked it."""
    desks.show(APPLICATION, DMS, Information.AVAILABLE_RESOURCES, AVAILABLE)
    with pytest.raises(WaitTimeout):
        desks.desk.confirm_available()


def test_what_is_required_is_confirmed_scheduled_and_told_to_the_control_centre(desks: Desks) -> None:
    desks.show(APPLICATION, APPLICATION, Information.REQUIRED_RESOURCES, REQUIRED)
    desks.desk.confirm_required()
    desks.run()
    (confirmed,) = desks.sent(Information.CONFIRMED_RESOURCES)
    (order,) = desks.sent(Information.DISPATCH_ORDER)
    assert (confirmed.receiver, confirmed.payload) == (
        OPERATORS,
        ConfirmedResources(event="day-1", requests=(REQUEST,)),
    )
    assert (order.receiver, order.payload) == (DMS, DispatchOrder(event="day-1", requests=(REQUEST,)))
    assert order.evidence == ("trace:1",)
    desks.desk.confirm_to_control_centre()
    desks.run()
    assert [m.receiver for m in desks.sent(Information.CONFIRMED_RESOURCES)] == [OPERATORS, EMS]


def test_what_is_available_is_ordered_at_once_for_the_time_that_is_needed(desks: Desks) -> None:
    desks.show(DMS, DMS, Information.AVAILABLE_RESOURCES, AVAILABLE)
    now_s = desks.tap.clock.now_s
    desks.desk.confirm_available()
    desks.run()
    (confirmed,) = desks.sent(Information.CONFIRMED_DER)
    assert confirmed.receiver is EMS
    assert isinstance(confirmed.payload, ConfirmedDer)
    (asked,) = confirmed.payload.requests
    assert (asked.device, asked.power_kw, asked.start_s, asked.duration_s) == ("battery", 450.0, now_s, HOUR_S)
    (order,) = desks.sent(Information.DISPATCH_ORDER)
    assert isinstance(order.payload, DispatchOrder)
    assert (order.receiver, order.payload.requests) == (DMS, confirmed.payload.requests)


def asked_for(desks: Desks) -> ReductionRequest:
    desks.show(DMS, DMS, Information.INSUFFICIENT_RESOURCES, SHORT)
    desks.desk.ask_for_reduction()
    desks.run()
    (asked,) = desks.sent(Information.REDUCTION_REQUEST)
    assert asked.receiver is WHOLESALE
    assert isinstance(asked.payload, ReductionRequest)
    return asked.payload


def test_operators_ask_for_what_is_short_and_a_little_more(desks: Desks) -> None:
    asked = asked_for(desks)
    assert asked.reduction_kw == pytest.approx(MARGIN * 116.0, abs=0.05)
    assert asked.reduction_kw >= 116.0
    assert (asked.system_load_kw, asked.duration_s) == (8000.0, HOUR_S)


def test_operators_look_at_the_latest_assessment(desks: Desks) -> None:
    desks.show(DMS, DMS, Information.INSUFFICIENT_RESOURCES, SHORT)
    enough = SHORT.model_copy(update={"sufficient": True, "shortfall_kw": 0.0})
    desks.show(DMS, DMS, Information.INSUFFICIENT_RESOURCES, enough)
    with pytest.raises(WaitTimeout, match="no shortfall"):
        desks.desk.ask_for_reduction()


@pytest.mark.parametrize("may_override", [True, False])
def test_the_wholesale_desk_authorizes_what_was_asked_for(may_override: bool) -> None:
    desks = Desks(may_override)
    asked = asked_for(desks)
    desks.wholesale.authorize_reduction()
    desks.run()
    (order,) = desks.sent(Information.REDUCTION_EVENT, WHOLESALE)
    assert order.receiver is Party.RESOURCE_CONTROL
    assert order.payload == LoadReductionEvent(
        event="day-1",
        system_load_kw=8000.0,
        reduction_kw=asked.reduction_kw,
        duration_s=HOUR_S,
        may_override=may_override,
    )
    (request,) = [d for d in desks.tap.heard if d.message.information is Information.REDUCTION_REQUEST]
    assert order.evidence == (request.citation,)


def test_a_request_to_somebody_else_is_not_the_wholesale_desk_s(desks: Desks) -> None:
    other = ReductionRequest(event="day-1", system_load_kw=1.0, reduction_kw=1.0, duration_s=1.0)
    desks.show(OPERATORS, DMS, Information.REDUCTION_REQUEST, other)
    with pytest.raises(WaitTimeout):
        desks.wholesale.authorize_reduction()
