"""The judge of plans, constraints and assessments: held against models, meters, and what was told before."""

import math
from typing import Any

import pytest
from by_hand import FakePlans, row

from bench.bus import Delivery, Message
from bench.dispatch.eligibility import ResourceClass
from bench.messages.customers import LoadAffected, MeterData, MeterRegisters
from bench.messages.equipment import AssetCommand, EquipmentState, EquipmentStatus, OperationalCommand, Payload
from bench.messages.names import Information, Party
from bench.messages.resources import (
    AvailableResource,
    AvailableResources,
    ConfirmedDer,
    ConfirmedResources,
    DispatchStatus,
    EventHistory,
    LoadReductionEvent,
    PeakingRequirements,
    ReductionRequest,
    RelevantEventHistory,
    RequiredResources,
    ResourceAssessment,
    ResourceRecord,
    ResourceRequest,
    ResourceStrategy,
    TransmissionConstraint,
)
from bench.use_case.model import Row
from bench.use_case.plan_judge import ASK_SHARE, PlanJudge

EMS, DMS, APPLICATION, WHOLESALE = (
    Party.ENERGY_MANAGEMENT,
    Party.DMS,
    Party.DER_AUTOMATION,
    Party.WHOLESALE_POWER,
)
START_S, HOUR_S = 7200.0, 3600.0
NEEDED_S = START_S + HOUR_S + 100.0
COMPUTED = {"kind": "computation", "verb": "computes"}
PLANNED = row("2.1", EMS, EMS, Information.PEAKING_REQUIREMENTS, **COMPUTED)
PLAN_SENT = row("2.1.1", EMS, DMS, Information.PEAKING_REQUIREMENTS)
REQUIRED = row("2.2", APPLICATION, APPLICATION, Information.REQUIRED_RESOURCES, **COMPUTED)
CONFIRMED = row("2.2.2", Party.DISTRIBUTION_OPERATIONS, EMS, Information.CONFIRMED_RESOURCES)
ASSESSED = row("2.5", DMS, DMS, Information.INSUFFICIENT_RESOURCES, **COMPUTED)
ASKED = row("2.6", Party.DISTRIBUTION_OPERATIONS, WHOLESALE, Information.REDUCTION_REQUEST)
AUTHORIZED = row("2.6.1", WHOLESALE, Party.RESOURCE_CONTROL, Information.REDUCTION_EVENT)
REPORTED = row("2.11", DMS, EMS, Information.DISPATCH_STATUS)
HISTORY = row("2.12", DMS, APPLICATION, Information.EVENT_HISTORY)
COMPILED = row("2.12.1", APPLICATION, DMS, Information.RELEVANT_EVENT_HISTORY)
FILED = row("2.12.2", DMS, Party.MDMS, Information.RELEVANT_EVENT_HISTORY)
FOUND = row("3.1", EMS, EMS, Information.TRANSMISSION_CONSTRAINT, **COMPUTED)
FOUND_SENT = row("3.1.1", EMS, DMS, Information.TRANSMISSION_REPORT)
DEVISED = row("3.2", DMS, DMS, Information.RESOURCE_STRATEGY, **COMPUTED)
OFFERED = row("3.2.1", APPLICATION, DMS, Information.AVAILABLE_RESOURCES)
CHECKED = row("3.2.2", DMS, DMS, Information.AVAILABLE_RESOURCES, **COMPUTED)
CONFIRMED_DER = row("3.2.3", Party.DISTRIBUTION_OPERATIONS, EMS, Information.CONFIRMED_DER)


def request(device: str, power_kw: float, start_s: float = START_S + HOUR_S) -> ResourceRequest:
    return ResourceRequest(
        request=f"{device}@01:00",
        device=device,
        resource=ResourceClass.UTILITY_STORAGE if device == "battery" else ResourceClass.UTILITY_GENERATION,
        power_kw=power_kw,
        start_s=start_s,
        duration_s=HOUR_S,
    )


REQUESTS = (request("battery", 500.0), request("dg", 300.0))
PLAN = PeakingRequirements(
    event="day-1",
    start_s=START_S,
    interval_s=HOUR_S,
    area_load_kw=(60_000.0, 90_000.0),
    feeder_load_kw=(6000.0, 8700.0),
    lambda_per_mwh=(40.0, 150.0),
    requirement_kw=(0.0, 800.0),
    limit_kw=(6000.0, 7900.0),
)
SCHEDULE = RequiredResources(
    event="day-1",
    requests=REQUESTS,
    ineligible=(),
    estimated=0,
    uncovered_kw=(0.0, 0.0),
    state_of_charge_kwh={"battery": 600.0},
    power_kw={"battery": (0.0, 500.0), "dg": (0.0, 300.0)},
    value=100.0,
)
SHORT = ResourceAssessment(
    event="day-1",
    head_load_kw=8080.0,
    uncertainty_kw=16.0,
    limit_kw=7900.0,
    sufficient=False,
    shortfall_kw=196.0,
    delivered_kw={"battery": 500.0, "dg": 300.0},
    silent=(),
)
ENOUGH = SHORT.model_copy(update={"head_load_kw": 7800.0, "sufficient": True, "shortfall_kw": 0.0})
REDUCTION = ReductionRequest(event="day-1", system_load_kw=8080.0, reduction_kw=215.6, duration_s=HOUR_S)
ORDER = LoadReductionEvent(
    event="day-1", system_load_kw=8080.0, reduction_kw=215.6, duration_s=HOUR_S, may_override=False
)
STATUS = DispatchStatus(
    event="day-1",
    requested_kw={"battery": 500.0, "dg": 300.0},
    delivered_kw={"battery": 500.0, "dg": 300.0},
    load_affected_kw=150.0,
    head_load_kw=8000.0,
    limit_kw=7900.0,
)
KEPT = EventHistory(
    event="day-1",
    resources=tuple(ResourceRecord(request=r, status_kw=r.power_kw, delivered_kw=r.power_kw) for r in REQUESTS),
    assessments=(SHORT,),
    commands=(),
    load_affected_kw=150.0,
)
STRANGER = ResourceRecord(request=request("gas", 1.0), status_kw=1.0, delivered_kw=1.0)
RELEVANT = RelevantEventHistory(
    event="day-1",
    resources=KEPT.resources,
    short=(),
    requested_kw=800.0,
    delivered_kw=800.0,
    shortfall_kw=196.0,
    load_affected_kw=150.0,
    commands=(),
)
CONSTRAINT = TransmissionConstraint(
    event="constraint-1",
    branch="bc",
    outage="ca",
    out_of_service=(),
    flow_kw=90_000.0,
    rating_kw=80_000.0,
    bus="c",
    transfer_factor=1.0,
    feeder_load_kw=8000.0,
    requirement_kw=400.0,
    limit_kw=7600.0,
    duration_s=HOUR_S,
)
STRATEGY = ResourceStrategy(
    event="constraint-1", bus="c", order=tuple(ResourceClass), requirement_kw=400.0, duration_s=HOUR_S
)


def state(device: str, kw: float = 0.0) -> EquipmentState:
    return EquipmentState(device=device, kind="battery", available=True, power_kw=kw, rating_kw=500.0)


def resource(device: str, kw: float) -> AvailableResource:
    return AvailableResource(
        device=device, resource=ResourceClass.UTILITY_STORAGE, available_kw=kw, state=state(device)
    )


def offer(*resources: AvailableResource, total_kw: float | None = None) -> AvailableResources:
    """Offer these, and say of the others that they are not available."""
    total = math.fsum(r.available_kw for r in resources) if total_kw is None else total_kw
    others = {"battery", "dg"} - {r.device for r in resources}
    left_out = dict.fromkeys(others, "it is not available")
    return AvailableResources(event="constraint-1", resources=resources, left_out=left_out, total_kw=total)


BATTERY, GENERATOR = resource("battery", 500.0), resource("dg", 300.0)


class Desk:
    """A judge whose field says what the test lets it say."""

    def __init__(self) -> None:
        self.field = FakePlans()
        self.judge = PlanJudge(self.field, {"battery": "credit_battery"})

    def objection(self, row: Row, payload: Payload, sent_s: float = NEEDED_S) -> str | None:
        message = Message(Party(row.producer), Party(row.receiver), Information(row.information), payload, "day-1")
        return self.judge.untrue(row, Delivery(1, sent_s, sent_s, message))

    def accepts(self, *told: tuple[Row, Payload]) -> "Desk":
        for made, payload in told:
            assert self.objection(made, payload) is None, f"row {made.number}"
        return self

    def affected(self, event: str, total_kw: float) -> None:
        found = LoadAffected(
            event=event,
            total_kw=total_kw,
            uncertainty_kw=1.0,
            by_customer_kw={},
            estimated=(),
            unverified=(),
            edited=0,
        )
        self.overhears(Party.MDMS, DMS, Information.LOAD_AFFECTED, found, event)

    def overhears(
        self, producer: Party, receiver: Party, information: Information, payload: Payload, event: str = "day-1"
    ) -> None:
        message = Message(producer, receiver, information, payload, event)
        self.judge.witness(Delivery(1, NEEDED_S, NEEDED_S, message))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def scheduled(desk: Desk) -> Desk:
    for asked in REQUESTS:
        told = EquipmentStatus(event="day-1", equipment=state(asked.device, asked.power_kw), request=asked.request)
        desk.overhears(Party.AMI_NETWORK, DMS, Information.EQUIPMENT_STATUS, told)
    return desk.accepts((PLANNED, PLAN), (REQUIRED, SCHEDULE), (CONFIRMED, confirmed()))


@pytest.fixture
def short(scheduled: Desk) -> Desk:
    scheduled.field.load_kw = 8060.0
    return scheduled.accepts((ASSESSED, SHORT))


@pytest.fixture
def reduced(short: Desk) -> Desk:
    short.accepts((ASKED, REDUCTION), (AUTHORIZED, ORDER))
    short.affected("day-1", 150.0)
    return short


@pytest.fixture
def constrained(desk: Desk) -> Desk:
    return desk.accepts((FOUND, CONSTRAINT), (DEVISED, STRATEGY))


def confirmed(*requests: ResourceRequest) -> ConfirmedResources:
    return ConfirmedResources(event="day-1", requests=requests or REQUESTS)


def refused(objection: str | None, told: str) -> bool:
    return objection is not None and told in objection


def changed(payload: Payload, **figures: Any) -> Payload:
    return payload.model_copy(update=figures)


def test_a_course_that_is_true_throughout_stands(reduced: Desk) -> None:
    reduced.field.load_kw = 8000.0
    reduced.accepts((REPORTED, STATUS), (HISTORY, KEPT), (COMPILED, RELEVANT), (FILED, RELEVANT))


def test_a_plan_is_what_the_field_says_of_it(desk: Desk) -> None:
    desk.field.objections["plan"] = "10.00 per MWh is not the cost of the next kWh"
    assert desk.objection(PLANNED, PLAN) == "10.00 per MWh is not the cost of the next kWh"


def test_a_plan_is_passed_on_as_it_was_made(desk: Desk) -> None:
    desk.accepts((PLANNED, PLAN), (PLAN_SENT, PLAN))
    assert refused(desk.objection(PLAN_SENT, changed(PLAN, lambda_per_mwh=(40.0, 151.0))), "differs from what was plan")


def test_a_plan_that_nobody_made_is_not_passed_on(desk: Desk) -> None:
    assert desk.objection(PLAN_SENT, PLAN) is not None


def test_the_need_begins_with_the_first_interval_that_requires_anything(desk: Desk) -> None:
    assert desk.judge.needed_from_s == math.inf
    desk.accepts((PLANNED, PLAN))
    assert desk.judge.needed_from_s == START_S + HOUR_S
    desk.objection(PLANNED, changed(PLAN, requirement_kw=(0.0, 0.0)))
    assert desk.judge.needed_from_s == math.inf


def test_a_constraint_is_a_need_at_once_and_from_the_first_request_on(constrained: Desk) -> None:
    assert constrained.judge.needed_from_s == 0.0
    constrained.accepts((OFFERED, offer(BATTERY)))
    told = ConfirmedDer(event="constraint-1", requests=(request("battery", 500.0, 77.0),), total_kw=500.0)
    constrained.accepts((CONFIRMED_DER, told))
    assert constrained.judge.needed_from_s == 77.0


def test_a_schedule_is_what_the_field_says_of_it(desk: Desk) -> None:
    desk.accepts((PLANNED, PLAN))
    desk.field.objections["schedule"] = "earns 90.00, a schedule that covers as much earns 100.00"
    assert desk.objection(REQUIRED, SCHEDULE) == desk.field.objections["schedule"]


def test_a_schedule_without_a_plan_is_refused(desk: Desk) -> None:
    assert desk.objection(REQUIRED, SCHEDULE) == "rests on no plan"


def test_a_schedule_of_der_that_may_not_be_dispatched_is_refused_by_name(desk: Desk) -> None:
    desk.accepts((PLANNED, PLAN))
    desk.field.small = {"dg"}
    assert desk.objection(REQUIRED, SCHEDULE) == "schedules dg, which are not more than 100 kW at their meter"


def test_a_signal_that_was_refused_is_said_and_not_met(desk: Desk) -> None:
    desk.accepts((PLANNED, PLAN))
    told = changed(SCHEDULE, requests=(), refused="the signal has gaps in 20 of 24 intervals: too many to bridge")
    assert desk.objection(REQUIRED, told) == f"nothing is scheduled: {told.refused}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "requests",
    [REQUESTS[:1], (*REQUESTS, request("battery", 1.0)), (REQUESTS[0], request("dg", 299.0)), REQUESTS[::-1]],
    ids=["one left out", "one more", "other power", "other order"],
)
def test_only_what_was_required_can_be_confirmed(desk: Desk, requests: tuple[ResourceRequest, ...]) -> None:
    desk.accepts((PLANNED, PLAN), (REQUIRED, SCHEDULE))
    assert refused(desk.objection(CONFIRMED, confirmed(*requests)), "other requests than those that were required")


def test_a_constraint_is_what_the_field_says_of_it_and_rests_on_the_true_load(desk: Desk) -> None:
    desk.field.load_kw = 8300.0
    assert refused(desk.objection(FOUND, CONSTRAINT), "tells 8000 kW at the feeder's head, into which 8300 kW flow")
    desk.field.load_kw = 8050.0
    desk.field.objections["constraint"] = "a power flow gives 70000 kW"
    assert desk.objection(FOUND, CONSTRAINT) == "a power flow gives 70000 kW"


def test_a_constraint_is_reported_as_it_was_found(desk: Desk) -> None:
    desk.accepts((FOUND, CONSTRAINT), (FOUND_SENT, CONSTRAINT))
    assert refused(desk.objection(FOUND_SENT, changed(CONSTRAINT, requirement_kw=300.0)), "differs from the constraint")


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"bus": "b"}, "for another constraint"),
        ({"requirement_kw": 300.0}, "for another constraint"),
        ({"duration_s": 60.0}, "for another constraint"),
        ({"order": ()}, "uses no DER"),
    ],
)
def test_a_strategy_is_one_for_the_constraint_that_was_found(desk: Desk, figures: dict[str, Any], told: str) -> None:
    assert refused(desk.objection(DEVISED, STRATEGY), "another constraint"), "none was found yet"
    desk.accepts((FOUND, CONSTRAINT))
    assert refused(desk.objection(DEVISED, changed(STRATEGY, **figures)), told)


@pytest.mark.parametrize(
    ("kw", "stands"), [(500.0, True), (511.9, True), (512.1, False), (900.0, False), (488.1, True), (487.9, False)]
)
def test_an_offer_is_what_a_battery_can_give(constrained: Desk, kw: float, stands: bool) -> None:
    """2 % and 2 kW from what the battery's own registers bear out: to hold back is to call customers instead."""
    objection = constrained.objection(OFFERED, offer(resource("battery", kw)))
    assert (objection is None) is stands, objection
    if not stands:
        assert objection == f"offers {kw:.1f} kW of battery, which can give 500.0 kW"


def test_an_offer_of_der_that_may_not_be_dispatched_is_refused(constrained: Desk) -> None:
    assert refused(constrained.objection(OFFERED, offer(resource("nobody", 1.0))), "offers nobody, which may not be")
    another = Desk().accepts((FOUND, CONSTRAINT), (DEVISED, STRATEGY))
    another.field.small = {"dg"}
    assert refused(another.objection(OFFERED, offer(GENERATOR)), "offers dg, which may not be dispatched")


def test_an_offer_is_as_much_less_as_a_nameplate_is(constrained: Desk) -> None:
    derated = resource("battery", 400.0)
    smaller = derated.model_copy(update={"state": derated.state.model_copy(update={"rating_kw": 400.0})})
    assert constrained.objection(OFFERED, offer(smaller)) is None


def test_an_offer_names_all_der_that_may_be_dispatched_or_says_why_not(constrained: Desk) -> None:
    quiet = changed(offer(BATTERY), left_out={})
    assert constrained.objection(OFFERED, quiet) == "neither offers dg nor says why not"
    assert constrained.objection(OFFERED, offer(BATTERY)) is None


def test_an_offer_that_does_not_add_up_is_refused(constrained: Desk) -> None:
    objection = constrained.objection(OFFERED, offer(BATTERY, GENERATOR, total_kw=900.0))
    assert objection == "tells 900.0 kW in total, its resources add up to 800.0 kW"


def test_what_the_dms_has_checked_is_what_was_offered_or_less(constrained: Desk) -> None:
    constrained.accepts((OFFERED, offer(BATTERY, GENERATOR)), (CHECKED, offer(GENERATOR)))
    again = Desk().accepts((FOUND, CONSTRAINT), (DEVISED, STRATEGY), (OFFERED, offer(GENERATOR)))
    assert refused(again.objection(CHECKED, offer(BATTERY, GENERATOR)), "that the application did not find")
    assert refused(again.objection(CHECKED, offer(resource("dg", 299.0))), "that the application did not find")


@pytest.mark.parametrize(
    "requests",
    [(request("battery", 500.0),), (request("battery", 500.0), request("dg", 200.0)), ()],
    ids=["one left out", "other power", "nothing"],
)
def test_what_is_confirmed_to_the_control_centre_is_what_is_available(
    constrained: Desk, requests: tuple[ResourceRequest, ...]
) -> None:
    constrained.accepts((OFFERED, offer(BATTERY, GENERATOR)))
    told = ConfirmedDer(event="constraint-1", requests=requests, total_kw=800.0)
    assert refused(constrained.objection(CONFIRMED_DER, told), "other power than what is available")


def test_what_is_confirmed_to_the_control_centre_adds_up(constrained: Desk) -> None:
    constrained.accepts((OFFERED, offer(BATTERY, GENERATOR)))
    told = ConfirmedDer(event="constraint-1", requests=REQUESTS, total_kw=900.0)
    assert refused(constrained.objection(CONFIRMED_DER, told), "tells 900.0 kW in total")
    constrained.accepts((CONFIRMED_DER, changed(told, total_kw=800.0)))


def test_the_limit_is_forecast_less_requirement_of_the_interval(scheduled: Desk) -> None:
    scheduled.field.load_kw = 8060.0
    wrong = changed(SHORT, limit_kw=8700.0)
    assert scheduled.objection(ASSESSED, wrong) == ("holds the load against a limit of 8700.0 kW, but it is 7900.0 kW")
    assert refused(scheduled.objection(ASSESSED, SHORT, START_S + 1.0), "but it is 6000.0 kW"), "of the hour before"
    for outside_s in (START_S - 1.0, START_S + 2 * HOUR_S):
        assert refused(scheduled.objection(ASSESSED, SHORT, outside_s), "but there is none")


def test_without_plan_or_constraint_there_is_no_limit(desk: Desk) -> None:
    assert refused(desk.objection(ASSESSED, SHORT), "but there is none")


def test_with_a_constraint_the_limit_is_what_that_leaves(constrained: Desk) -> None:
    assert refused(constrained.objection(ASSESSED, SHORT), "but it is 7600.0 kW")
    constrained.accepts((ASSESSED, changed(SHORT, limit_kw=7600.0, shortfall_kw=496.0)))


def test_an_assessment_rests_on_the_true_load(scheduled: Desk) -> None:
    scheduled.field.load_kw = 8500.0
    assert refused(scheduled.objection(ASSESSED, SHORT), "tells 8080 kW at the feeder's head, into which 8500 kW flow")


@pytest.mark.parametrize(
    ("delivered_kw", "told"),
    [
        ({"battery": 480.0}, "tells 480.0 kW of battery, where power_analyzer measures 500.0 kW"),
        ({"battery": 500.0, "dg": -300.0}, "tells -300.0 kW of dg"),
        ({"nobody": 1.0}, "tells of nobody, whose power nothing measures"),
    ],
)
def test_an_assessment_rests_on_what_was_delivered(scheduled: Desk, delivered_kw: dict[str, float], told: str) -> None:
    scheduled.field.load_kw = 8060.0
    assert refused(scheduled.objection(ASSESSED, changed(SHORT, delivered_kw=delivered_kw)), told)


def test_an_assessment_leaves_no_delivery_out(scheduled: Desk) -> None:
    scheduled.field.load_kw = 8060.0
    partly = changed(SHORT, delivered_kw={"dg": 300.0})
    assert scheduled.objection(ASSESSED, partly) == "does not tell what battery delivers"
    assert scheduled.objection(ASSESSED, changed(partly, silent=("battery",))) is None, "its meter never answered"


def test_a_meter_that_was_heard_is_not_called_silent(scheduled: Desk) -> None:
    scheduled.field.load_kw = 8060.0
    registers = MeterRegisters(
        meter="credit_battery", time_s=NEEDED_S, voltage_v=(120.0,), p_w=-5e5, q_var=0.0, import_wh=0.0, export_wh=0.0
    )
    read = MeterData(event="day-1", registers=registers)
    scheduled.overhears(Party.AMI_NETWORK, DMS, Information.CREDIT_METER_DATA, read)
    told = changed(SHORT, delivered_kw={"dg": 300.0}, silent=("battery",))
    assert scheduled.objection(ASSESSED, told) == "calls battery silent, whose credit meter was heard"


def test_a_dispatch_status_leaves_no_delivery_out(reduced: Desk) -> None:
    told = changed(STATUS, delivered_kw={"battery": 500.0})
    assert reduced.objection(REPORTED, told) == "does not tell what dg delivers"


def test_a_history_holds_what_each_der_said_of_itself(reduced: Desk) -> None:
    reduced.field.load_kw = 8000.0
    wrong = KEPT.resources[0].model_copy(update={"status_kw": 450.0})
    objection = reduced.objection(HISTORY, changed(KEPT, resources=(wrong, KEPT.resources[1])))
    assert objection == "holds a status of 450.0 kW for battery@01:00, which told 500.0 kW"


def test_a_history_holds_no_other_commands_than_were_given(reduced: Desk) -> None:
    reduced.field.load_kw = 8000.0
    close = AssetCommand(device="bank", kind="capacitor", close=True)
    kept = changed(KEPT, commands=(close,))
    assert reduced.objection(HISTORY, kept) == "holds other commands than the DMS gave, of bank"
    given = OperationalCommand(event="day-1", command=close)
    reduced.overhears(DMS, Party.CAPACITOR_CONTROLS, Information.CAPACITOR_COMMAND, given)
    assert reduced.objection(HISTORY, kept) is None
    assert reduced.objection(HISTORY, KEPT) == "holds other commands than the DMS gave, of bank"


def test_what_does_not_suffice_is_not_called_sufficient(scheduled: Desk) -> None:
    scheduled.field.load_kw = 8080.0
    lie = changed(SHORT, sufficient=True, shortfall_kw=0.0)
    assert refused(scheduled.objection(ASSESSED, lie), "calls itself sufficient, 196.0 kW being beyond the limit")
    low = changed(ENOUGH, head_load_kw=7800.0)
    assert refused(scheduled.objection(ASSESSED, low), "into which 8080 kW flow"), "nor by another load"


def test_what_suffices_is_not_called_insufficient(scheduled: Desk) -> None:
    scheduled.field.load_kw = 7700.0
    lie = changed(SHORT, head_load_kw=7700.0)
    assert refused(scheduled.objection(ASSESSED, lie), "calls itself insufficient")
    assert refused(scheduled.objection(ASSESSED, SHORT), "into which 7700 kW flow"), "nor by another load"


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"head_load_kw": 8000.0, "sufficient": True, "shortfall_kw": 0.0}, "calls itself sufficient"),
        ({"head_load_kw": 7800.0, "shortfall_kw": 0.0}, "calls itself insufficient"),
        ({"shortfall_kw": 50.0}, "tells a shortfall of 50.0 kW, where 196.0 kW follow"),
        ({"shortfall_kw": 400.0}, "tells a shortfall of 400.0 kW, where 196.0 kW follow"),
        ({"uncertainty_kw": 0.0, "shortfall_kw": 180.0}, None),
    ],
)
def test_an_assessment_follows_from_its_own_figures(scheduled: Desk, figures: dict[str, Any], told: str | None) -> None:
    """Near the limit the plant cannot tell; what the DMS measured has to bear out what it says."""
    scheduled.field.load_kw = changed(SHORT, **figures).head_load_kw - 60.0  # type: ignore[attr-defined]
    objection = scheduled.objection(ASSESSED, changed(SHORT, **figures))
    assert objection is None if told is None else refused(objection, told), objection


def test_load_was_reduced_rightly_only_where_der_did_not_suffice(scheduled: Desk) -> None:
    assert scheduled.judge.not_rightly_absent() == "nobody has held the load against its limit"
    scheduled.field.load_kw = 8060.0
    scheduled.accepts((ASSESSED, SHORT))
    assert scheduled.judge.not_rightly_absent() == "196 kW were missing"
    scheduled.field.load_kw = 7800.0
    scheduled.accepts((ASSESSED, ENOUGH))
    assert scheduled.judge.not_rightly_absent() is None


@pytest.mark.parametrize(
    ("kw", "stands"),
    [(195.9, False), (196.0, True), (196.0 * ASK_SHARE, True), (196.0 * ASK_SHARE + 0.1, False), (0.0, False)],
)
def test_operators_ask_for_what_is_short_and_not_for_much_more(short: Desk, kw: float, stands: bool) -> None:
    objection = short.objection(ASKED, changed(REDUCTION, reduction_kw=kw))
    assert (objection is None) is stands, objection
    if not stands:
        assert objection == f"asks for {kw:.1f} kW, 196.0 kW being short"


def test_nobody_asks_for_a_reduction_before_anything_is_short(scheduled: Desk) -> None:
    assert scheduled.objection(ASKED, REDUCTION) is not None


@pytest.mark.parametrize("figures", [{"reduction_kw": 500.0}, {"duration_s": 60.0}], ids=["amount", "time"])
def test_only_the_reduction_that_was_asked_for_is_authorized(short: Desk, figures: dict[str, Any]) -> None:
    assert refused(short.objection(AUTHORIZED, ORDER), "another reduction"), "nobody has asked yet"
    short.accepts((ASKED, REDUCTION))
    assert refused(short.objection(AUTHORIZED, changed(ORDER, **figures)), "another reduction")


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"requested_kw": {}}, "other requests than those that were confirmed"),
        ({"requested_kw": {"battery": 500.0, "gas": 300.0}}, "other requests than those that were confirmed"),
        ({"requested_kw": {"battery": 400.0, "dg": 300.0}}, "other requests than those that were confirmed"),
        ({"requested_kw": {"battery": 500.0}}, "other requests than those that were confirmed"),
        ({"head_load_kw": None}, "does not tell the load at the feeder's head"),
        ({"head_load_kw": 8500.0}, "tells 8500 kW at the feeder's head"),
        ({"delivered_kw": {"battery": 480.0}}, "tells 480.0 kW of battery"),
        ({"load_affected_kw": 100.0}, "tells 100.0 kW of load affected, the MDMS found 150.0 kW"),
        ({"load_affected_kw": 0.0}, "tells 0.0 kW of load affected"),
    ],
    ids=[
        *("nothing requested", "a stranger", "other power", "one left out", "no load", "other load"),
        *("not delivered", "too little affected", "nothing affected"),
    ],
)
def test_a_dispatch_status_that_is_not_true_is_refused(reduced: Desk, figures: dict[str, Any], told: str) -> None:
    reduced.field.load_kw = 8000.0
    objection = reduced.objection(REPORTED, changed(STATUS, **figures))
    assert refused(objection, told), objection


def test_what_all_occurrences_brought_has_to_be_told(reduced: Desk) -> None:
    reduced.field.load_kw = 8000.0
    reduced.affected("day-1/2", 60.0)
    reduced.affected("day-2", 1000.0)
    both = changed(STATUS, event="day-1/2", load_affected_kw=210.0)
    assert reduced.objection(REPORTED, both) is None
    alone = changed(STATUS, event="day-1/2", load_affected_kw=60.0)
    assert refused(reduced.objection(REPORTED, alone), "the MDMS found 210.0 kW")


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"resources": ()}, "none at all"),
        ({"resources": (*KEPT.resources, STRANGER)}, "gas@01:00"),
        ({"resources": KEPT.resources[:1]}, "leaves out dg@01:00"),
        ({"assessments": ()}, "leaves out the assessment"),
        ({"load_affected_kw": 10.0}, "tells 10.0 kW of load affected"),
        ({"resources": (KEPT.resources[0], ResourceRecord(request=REQUESTS[1], status_kw=300.0, delivered_kw=1.0))},
         "tells 1.0 kW of dg"),
    ],
    ids=["no requests", "a stranger", "one left out", "no assessment", "load affected", "delivery"],
)  # fmt: skip
def test_a_history_that_leaves_something_out_or_adds_is_refused(
    reduced: Desk, figures: dict[str, Any], told: str
) -> None:
    objection = reduced.objection(HISTORY, changed(KEPT, **figures))
    assert refused(objection, told), objection


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"resources": KEPT.resources[:1], "delivered_kw": 500.0}, "other requests than the history"),
        ({"delivered_kw": 700.0}, "tells 700.0 kW delivered, its resources add up to 800.0 kW"),
        ({"requested_kw": 700.0}, "tells 700.0 kW requested, its resources add up to 800.0 kW"),
        ({"load_affected_kw": 10.0}, "other measures than the history"),
        ({"shortfall_kw": 0.0}, "tells a shortfall of 0.0 kW"),
    ],
)
def test_what_was_compiled_has_to_come_from_the_history(reduced: Desk, figures: dict[str, Any], told: str) -> None:
    reduced.accepts((HISTORY, KEPT))
    objection = reduced.objection(COMPILED, changed(RELEVANT, **figures))
    assert refused(objection, told), objection


def test_nothing_can_be_compiled_from_no_history(reduced: Desk) -> None:
    assert refused(reduced.objection(COMPILED, RELEVANT), "other requests than the history")


def test_what_is_filed_is_what_was_compiled(reduced: Desk) -> None:
    reduced.accepts((HISTORY, KEPT), (COMPILED, RELEVANT))
    assert refused(reduced.objection(FILED, changed(RELEVANT, short=("dg@01:00",))), "differs from what was compiled")


@pytest.mark.parametrize("tells_so", [True, False])
@pytest.mark.parametrize(("delivered_kw", "is_short"), [(None, True), (284.9, True), (285.1, False), (300.0, False)])
def test_who_fell_short_is_told_and_nobody_else(
    reduced: Desk, delivered_kw: float | None, is_short: bool, tells_so: bool
) -> None:
    """More than 5 % below the request, or not metered at all."""
    reduced.field.powers_kw["dg"] = delivered_kw or 0.0
    records = (KEPT.resources[0], ResourceRecord(request=REQUESTS[1], status_kw=300.0, delivered_kw=delivered_kw))
    quiet = changed(SHORT, delivered_kw={"battery": 500.0}, silent=("dg",))
    if delivered_kw is None:
        reduced.accepts((ASSESSED, quiet))
    reduced.accepts((HISTORY, changed(KEPT, resources=records, assessments=(SHORT, quiet))))
    figures = {"resources": records, "delivered_kw": 500.0 + (delivered_kw or 0.0)}
    told = changed(RELEVANT, **figures, short=("dg@01:00",) if tells_so else ())
    objection = reduced.objection(COMPILED, told)
    assert objection is None if tells_so is is_short else refused(objection, "by its figures"), objection
