"""The DMS's part in dispatching DER: requests at their times, what credit meters show, whether that sufficed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from wiretap import Wiretap, citing

from bench.actors.base import Actor, Handler
from bench.actors.resource_dispatch import PATIENCE_S, STRATEGY_S, ResourceDispatch, ResourceTelemetry, planned_limit_kw
from bench.bus import Bus, Delivery, Message
from bench.dispatch.eligibility import ResourceClass
from bench.messages.customers import LoadAffected, MeterData, MeterRegisters
from bench.messages.equipment import AssetCommand, EquipmentState, EquipmentStatus, Payload
from bench.messages.names import Information, Party
from bench.messages.resources import (
    AvailableResource,
    AvailableResources,
    DispatchOrder,
    DispatchRequest,
    DispatchStatus,
    EventHistory,
    PeakingRequirements,
    RelevantEventHistory,
    ResourceAssessment,
    ResourceRequest,
    ResourceStrategy,
    TransmissionConstraint,
)
from instruments.errors import TransportError

HOUR_S = 3600.0
METERS = {"battery": "credit_battery", "wall": "credit_wall", "dg": "credit_dg", "gas": "credit_gas"}
CLASSES = dict(zip(METERS, ResourceClass, strict=True))
REQUESTS = (
    Information.UTILITY_STORAGE_REQUEST,
    Information.CUSTOMER_STORAGE_REQUEST,
    Information.UTILITY_GENERATION_REQUEST,
    Information.CUSTOMER_GENERATION_REQUEST,
)
PLAN = PeakingRequirements(
    event="day-1",
    start_s=1000.0,
    interval_s=HOUR_S,
    area_load_kw=(60_000.0, 90_000.0),
    feeder_load_kw=(6000.0, 8700.0),
    lambda_per_mwh=(40.0, 150.0),
    requirement_kw=(0.0, 800.0),
    limit_kw=(6000.0, 7900.0),
)
NEEDED_S = PLAN.start_s + HOUR_S
CONSTRAINT = TransmissionConstraint(
    event="constraint-1",
    branch="bc",
    outage="ca",
    out_of_service=(),
    flow_kw=90_000.0,
    rating_kw=80_000.0,
    bus="c",
    transfer_factor=0.8,
    feeder_load_kw=8000.0,
    requirement_kw=400.0,
    limit_kw=7600.0,
    duration_s=HOUR_S,
)


def request(device: str, start_s: float = NEEDED_S, power_kw: float = 200.0) -> ResourceRequest:
    return ResourceRequest(
        request=f"{device}@{start_s:.0f}",
        device=device,
        resource=CLASSES[device],
        power_kw=power_kw,
        start_s=start_s,
        duration_s=HOUR_S,
    )


class HandDms(Actor):
    """A DMS that has no other part than dispatching DER."""

    party = Party.DMS

    def __init__(self, bus: Bus, substation: "Substation") -> None:
        super().__init__(bus)
        telemetry = ResourceTelemetry(substation.read_states, substation.read_load_kw, METERS, head_uncertainty=0.002)
        self.relieved: list[str] = []
        self.dispatch = ResourceDispatch(self, telemetry, citing, self._relieve)

    def handlers(self) -> Mapping[Information, Handler]:
        return self.dispatch.handlers()

    def _relieve(self, delivery: Delivery, event: str) -> None:  # noqa: ARG002
        self.relieved.append(event)


@dataclass
class Substation:
    """The feeder's head, and what DER say of themselves."""

    head_kw: float | None = 8000.0
    is_silent: bool = False
    states: tuple[EquipmentState, ...] = ()

    def read_load_kw(self) -> float | None:
        if self.is_silent:
            raise TransportError("no answer")
        return self.head_kw

    def read_states(self) -> tuple[EquipmentState, ...]:
        return self.states


@dataclass
class Office:
    """A DMS on a bus with a tap; every other party is the test."""

    tap: Wiretap = field(default_factory=Wiretap)
    substation: Substation = field(default_factory=Substation)
    dms: HandDms = field(init=False)

    def __post_init__(self) -> None:
        self.dms = HandDms(self.tap.bus, self.substation)
        self.tap.clock.start(self.dms.run())

    def tell(self, producer: Party, information: Information, payload: Payload, event: str = "day-1") -> None:
        self.tap.bus.send(Message(producer, Party.DMS, information, payload, event))

    def until(self, time_s: float) -> None:
        self.tap.clock.run_until(time_s)

    def planned(self) -> "Office":
        self.tell(Party.ENERGY_MANAGEMENT, Information.PEAKING_REQUIREMENTS, PLAN)
        self.until(1.0)
        return self

    def ordered(self, *requests: ResourceRequest, event: str = "day-1") -> "Office":
        order = DispatchOrder(event=event, requests=requests)
        self.tell(Party.DISTRIBUTION_OPERATIONS, Information.DISPATCH_ORDER, order, event)
        self.until(self.tap.clock.now_s + 1.0)
        return self

    def constrained(self) -> "Office":
        self.tell(Party.ENERGY_MANAGEMENT, Information.TRANSMISSION_REPORT, CONSTRAINT, "constraint-1")
        self.until(5.0)
        return self

    def shows(self, device: str, power_kw: float, event: str = "day-1") -> None:
        registers = MeterRegisters(
            meter=METERS[device],
            time_s=0.0,
            voltage_v=(),
            p_w=-1000.0 * power_kw,
            q_var=0.0,
            import_wh=0.0,
            export_wh=0.0,
        )
        self.tell(Party.AMI_NETWORK, Information.CREDIT_METER_DATA, MeterData(event=event, registers=registers), event)
        self.until(self.tap.clock.now_s + 1.0)

    def assessments(self) -> list[ResourceAssessment]:
        told = [m.payload for m in self.tap.told(Information.INSUFFICIENT_RESOURCES)]
        return [payload for payload in told if isinstance(payload, ResourceAssessment)]

    def requests_sent(self) -> dict[str, float]:
        """Return when each request was sent, s."""
        return {
            d.message.payload.request.request: d.sent_s
            for d in self.tap.heard
            if isinstance(d.message.payload, DispatchRequest)
        }

    def report(self, event: str, total_kw: float) -> None:
        found = LoadAffected(
            event=event,
            total_kw=total_kw,
            uncertainty_kw=1.0,
            by_customer_kw={},
            estimated=(),
            unverified=(),
            edited=0,
        )
        self.dms.dispatch.report(self.tap.heard[0], found)
        self.until(self.tap.clock.now_s + 1.0)


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_plan_is_handed_to_the_application_as_it_came(office: Office) -> None:
    office.planned()
    sent = [m for m in office.tap.told(Information.PEAKING_REQUIREMENTS) if m.producer is Party.DMS]
    assert [(m.receiver, m.payload, m.evidence) for m in sent] == [(Party.DER_AUTOMATION, PLAN, ("trace:1",))]


@pytest.mark.parametrize(
    ("time_s", "limit_kw"),
    [
        (PLAN.start_s - 1.0, None),
        (PLAN.start_s, None),
        (NEEDED_S - 0.1, None),
        (NEEDED_S, 7900.0),
        (NEEDED_S + HOUR_S - 0.1, 7900.0),
        (NEEDED_S + HOUR_S, None),
    ],
)
def test_the_plan_limits_the_feeder_where_it_requires_anything(time_s: float, limit_kw: float | None) -> None:
    assert planned_limit_kw(PLAN, time_s) == limit_kw


def test_each_request_is_sent_at_its_own_time_by_the_path_of_its_class(office: Office) -> None:
    early = request("battery", 2000.0, -100.0)
    office.planned().ordered(early, *(request(device) for device in METERS))
    office.until(1999.0)
    assert office.requests_sent() == {}
    office.until(NEEDED_S + 10.0)
    assert office.requests_sent() == {early.request: 2000.0, **{request(d).request: NEEDED_S for d in METERS}}
    sent = [office.tap.told(information) for information in REQUESTS]
    assert [[m.payload.request.device for m in told if isinstance(m.payload, DispatchRequest)] for told in sent] == [
        ["battery", "battery"],
        ["wall"],
        ["dg"],
        ["gas"],
    ]
    assert {m.receiver for told in sent for m in told} == {Party.AMI_NETWORK}


def test_a_request_whose_time_has_passed_is_sent_at_once(office: Office) -> None:
    office.planned()
    office.until(NEEDED_S + 100.0)
    office.ordered(request("dg"))
    assert office.requests_sent() == {request("dg").request: pytest.approx(NEEDED_S + 100.1)}


def test_the_load_is_held_against_its_limit_when_the_last_credit_meter_has_answered(office: Office) -> None:
    office.planned().ordered(request("battery"), request("dg"))
    office.until(NEEDED_S + 60.0)
    office.shows("battery", 198.0)
    assert office.assessments() == []
    office.shows("dg", 201.0)
    (found,) = office.assessments()
    assert found.delivered_kw == pytest.approx({"battery": 198.0, "dg": 201.0})
    assert (found.head_load_kw, found.uncertainty_kw, found.limit_kw, found.silent) == (8000.0, 16.0, 7900.0, ())
    assert (found.sufficient, found.shortfall_kw) == (False, pytest.approx(116.0)), "16 kW may be hidden"
    (message,) = office.tap.told(Information.INSUFFICIENT_RESOURCES)
    assert message.receiver is Party.DMS
    assert "wire:7" in message.evidence


@pytest.mark.parametrize(("head_kw", "sufficient"), [(7880.0, True), (7890.0, False), (7900.0, False)])
def test_what_cannot_be_shown_to_suffice_does_not(office: Office, head_kw: float, sufficient: bool) -> None:
    office.substation.head_kw = head_kw
    office.planned().ordered(request("dg"))
    office.until(NEEDED_S + 60.0)
    office.shows("dg", 200.0)
    (found,) = office.assessments()
    assert found.sufficient is sufficient
    assert (found.shortfall_kw == 0.0) is sufficient


def test_a_credit_meter_that_never_answers_is_waited_for_and_named(office: Office) -> None:
    office.planned().ordered(request("battery"), request("dg"))
    office.until(NEEDED_S + 60.0)
    office.shows("battery", 198.0)
    office.until(NEEDED_S + PATIENCE_S - 1.0)
    assert office.assessments() == []
    office.until(NEEDED_S + PATIENCE_S + 1.0)
    (found,) = office.assessments()
    assert (found.delivered_kw, found.silent) == ({"battery": pytest.approx(198.0)}, ("dg",))
    office.until(NEEDED_S + HOUR_S)
    assert len(office.assessments()) == 1, "nobody assesses again by himself"


def test_patience_ends_in_no_second_assessment_where_all_have_answered(office: Office) -> None:
    office.planned().ordered(request("dg"))
    office.until(NEEDED_S + 60.0)
    office.shows("dg", 200.0)
    office.until(NEEDED_S + PATIENCE_S + 10.0)
    assert len(office.assessments()) == 1


def test_charging_before_the_need_is_held_against_nothing(office: Office) -> None:
    office.planned().ordered(request("battery", 2000.0, -100.0))
    office.until(2060.0)
    office.shows("battery", -100.0)
    office.until(2000.0 + PATIENCE_S + 10.0)
    assert office.assessments() == []


@pytest.mark.parametrize("broken", ["no meter", "silent meter"])
def test_without_a_reading_at_the_head_nothing_is_concluded(office: Office, broken: str) -> None:
    office.substation.head_kw = None if broken == "no meter" else 8000.0
    office.substation.is_silent = broken == "silent meter"
    office.planned().ordered(request("dg"))
    office.until(NEEDED_S + 60.0)
    office.shows("dg", 200.0)
    office.until(NEEDED_S + PATIENCE_S + 10.0)
    assert office.assessments() == []


def test_a_meter_of_an_unknown_event_is_nobody_s(office: Office) -> None:
    office.planned().ordered(request("dg"))
    office.until(NEEDED_S + 60.0)
    office.shows("dg", 200.0, event="day-7")
    assert office.assessments() == []


def test_against_a_constraint_storage_goes_before_generation(office: Office) -> None:
    office.constrained()
    (devised,) = office.tap.told(Information.RESOURCE_STRATEGY)
    assert devised.payload == ResourceStrategy(
        event="constraint-1", bus="c", order=tuple(ResourceClass), requirement_kw=400.0, duration_s=HOUR_S
    )
    (asked,) = office.tap.told(Information.AVAILABILITY_REQUEST)
    assert (asked.receiver, asked.payload) == (Party.DER_AUTOMATION, devised.payload)


def test_a_bus_whose_load_does_not_help_gets_a_strategy_without_der(office: Office) -> None:
    useless = CONSTRAINT.model_copy(update={"transfer_factor": 0.0})
    office.tell(Party.ENERGY_MANAGEMENT, Information.TRANSMISSION_REPORT, useless, "constraint-1")
    office.until(5.0)
    (devised,) = office.tap.told(Information.RESOURCE_STRATEGY)
    assert isinstance(devised.payload, ResourceStrategy)
    assert devised.payload.order == ()


def test_relief_begins_only_where_der_do_not_suffice_against_a_constraint(office: Office) -> None:
    office.constrained().ordered(request("dg", 6.0), event="constraint-1")
    office.until(60.0)
    office.substation.head_kw = 7500.0
    office.shows("dg", 200.0, "constraint-1")
    assert office.dms.relieved == []
    office.substation.head_kw = 8000.0
    office.shows("dg", 200.0, "constraint-1")
    assert office.dms.relieved == ["constraint-1"]


def test_a_shortfall_of_the_planned_day_is_for_operators_to_answer(office: Office) -> None:
    office.planned().ordered(request("dg"))
    office.until(NEEDED_S + 60.0)
    office.shows("dg", 200.0)
    assert [found.sufficient for found in office.assessments()] == [False]
    assert office.dms.relieved == []


def state(device: str, rating_kw: float, available: bool = True) -> EquipmentState:
    return EquipmentState(device=device, kind="battery", available=available, rating_kw=rating_kw)


def test_what_the_application_found_is_checked_against_the_equipment(office: Office) -> None:
    office.constrained()
    office.substation.states = (state("battery", 500.0), state("wall", 150.0, available=False), state("dg", 250.0))
    found = tuple(
        AvailableResource(device=device, resource=CLASSES[device], available_kw=kw, state=state(device, kw))
        for device, kw in (("battery", 500.0), ("wall", 150.0), ("dg", 300.0), ("gas", 100.0))
    )
    told = AvailableResources(event="constraint-1", resources=found, left_out={"small": "100 kW"}, total_kw=1050.0)
    office.tell(Party.DER_AUTOMATION, Information.AVAILABLE_RESOURCES, told, "constraint-1")
    office.until(5.0 + STRATEGY_S + 2.0)
    own = [m for m in office.tap.told(Information.AVAILABLE_RESOURCES) if m.producer is Party.DMS]
    assert len(own) == 1, "its own check is checked by nobody"
    checked = own[0].payload
    assert isinstance(checked, AvailableResources)
    assert ([r.device for r in checked.resources], checked.total_kw) == (["battery"], 500.0)
    gone = "its own state does not bear it out"
    assert checked.left_out == {"small": "100 kW", "wall": gone, "dg": gone, "gas": gone}


def the_status(office: Office) -> DispatchStatus:
    payload = office.tap.told(Information.DISPATCH_STATUS)[-1].payload
    assert isinstance(payload, DispatchStatus)
    return payload


def the_history(office: Office) -> EventHistory:
    payload = office.tap.told(Information.EVENT_HISTORY)[-1].payload
    assert isinstance(payload, EventHistory)
    return payload


def test_the_report_tells_what_is_in_force_and_sums_all_occurrences(office: Office) -> None:
    office.planned().ordered(request("battery", 2000.0, -100.0), request("battery"), request("dg"))
    office.until(NEEDED_S + 60.0)
    office.shows("battery", 190.0)
    office.report("day-1", 120.0)
    first = the_status(office)
    assert (first.requested_kw, first.delivered_kw) == ({"battery": 200.0, "dg": 200.0}, {"battery": 190.0})
    assert (first.load_affected_kw, first.head_load_kw, first.limit_kw) == (120.0, 8000.0, 7900.0)
    office.report("day-1/2", 60.0)
    assert (the_status(office).load_affected_kw, the_status(office).event) == (180.0, "day-1/2")
    assert the_history(office).load_affected_kw == 180.0


def test_a_report_told_twice_counts_once(office: Office) -> None:
    office.planned().ordered(request("dg"))
    office.until(NEEDED_S + 60.0)
    office.report("day-1", 120.0)
    office.report("day-1", 130.0)
    assert the_status(office).load_affected_kw == 130.0


def test_the_history_holds_every_request_so_far_with_what_was_said_and_metered(office: Office) -> None:
    charging, later = request("battery", 2000.0, -100.0), request("gas", NEEDED_S + 1000.0)
    office.planned().ordered(charging, request("dg"), later)
    answer = EquipmentStatus(event="day-1", equipment=state("dg", 200.0), request=request("dg").request)
    answer = answer.model_copy(update={"equipment": answer.equipment.model_copy(update={"power_kw": 199.0})})
    office.dms.dispatch.take_status(answer)
    bank = AssetCommand(device="bank", kind="capacitor", close=True)
    office.dms.dispatch.note_commands("day-1", (bank,))
    office.until(NEEDED_S + 60.0)
    office.shows("dg", 198.0)
    office.report("day-1", 120.0)
    history = the_history(office)
    told = {r.request.request: (r.status_kw, r.delivered_kw) for r in history.resources}
    assert told == {charging.request: (None, None), request("dg").request: (199.0, 198.0)}
    assert (history.assessments, history.commands) == (tuple(office.assessments()), (bank,))


def test_a_report_without_a_reading_at_the_head_says_so_and_does_not_break(office: Office) -> None:
    office.planned().ordered(request("dg"))
    office.until(NEEDED_S + 60.0)
    office.substation.is_silent = True
    office.report("day-1", 120.0)
    assert the_status(office).head_load_kw is None


def test_a_compiled_history_is_filed_with_the_meter_data(office: Office) -> None:
    office.planned()
    relevant = RelevantEventHistory(
        event="day-1",
        resources=(),
        short=(),
        requested_kw=0.0,
        delivered_kw=0.0,
        shortfall_kw=0.0,
        load_affected_kw=0.0,
        commands=(),
    )
    office.tell(Party.DER_AUTOMATION, Information.RELEVANT_EVENT_HISTORY, relevant)
    office.until(2.0)
    filed = [m for m in office.tap.told(Information.RELEVANT_EVENT_HISTORY) if m.producer is Party.DMS]
    assert [(m.receiver, m.payload) for m in filed] == [(Party.MDMS, relevant)]


def test_events_and_their_occurrences_are_known_and_no_others(office: Office) -> None:
    office.planned()
    known = [office.dms.dispatch.knows(event) for event in ("day-1", "day-1/2", "day-2", "e1")]
    assert known == [True, True, False, False]
