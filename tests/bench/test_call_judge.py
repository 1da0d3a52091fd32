"""The judge of a demand-response event: what a message tells, held against customers, codes, meters and the plant."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from by_hand import FakeHomes, alert, row

from bench.bus import Delivery, Message
from bench.clock import Clock
from bench.evidence import Evidence
from bench.messages.customers import (
    CustomerCall,
    CustomerStatus,
    DemandResponseEvent,
    LoadAffected,
    MeterData,
    MeterReadRequest,
    MeterRegisters,
    MetersData,
    MetersReadRequest,
    Override,
    SelectedCustomer,
    SelectedCustomers,
)
from bench.messages.equipment import AlertHistory, AlertRecord, Payload, RelevantAlertHistory
from bench.messages.names import Information, Party
from bench.use_case.call_judge import CallJudge
from bench.use_case.model import Row
from bench.use_case.record_judge import RecordJudge
from reports.run_directory import RunWriter

DRAACS, NETWORK, PREMISE, MDMS, DMS = (
    Party.RESOURCE_CONTROL,
    Party.AMI_NETWORK,
    Party.PREMISE_INTERFACE,
    Party.MDMS,
    Party.DMS,
)
CALL = Information.CUSTOMER_CALL
ORDERED = row(
    "1.17", Party.DISTRIBUTION_OPERATIONS, DRAACS, Information.DEMAND_RESPONSE_EVENT, kind="driven", limit_s=""
)
LISTED = row("1.18", DRAACS, DRAACS, Information.SELECTED_CUSTOMERS, kind="computation", verb="computes")
SENT = row("1.19", DRAACS, NETWORK, CALL)
CALLED = row("1.19.3", NETWORK, PREMISE, CALL, per="customer")
TYPED = row("1.19.5.1A.1", Party.CUSTOMER, Party.CUSTOMER_DISPLAY, Information.OVERRIDE, per="customer", kind="driven")
PASSED_ON = row("1.19.5.1A.2", Party.CUSTOMER_DISPLAY, Party.CUSTOMER_ENERGY, Information.OVERRIDE, per="customer")
KEPT = row(
    "1.19.5.1A.3",
    Party.CUSTOMER_ENERGY,
    Party.CUSTOMER_ENERGY,
    Information.OVERRIDE,
    per="customer",
    kind="effect",
    verb="responds to",
)
SHED = row(
    "1.19.5.1B.1", Party.CUSTOMER_ENERGY, Party.CUSTOMER_ENERGY, CALL, per="customer", kind="effect", verb="responds to"
)
ANSWERED = row("1.20", Party.CUSTOMER_ENERGY, PREMISE, Information.CUSTOMER_STATUS, per="customer")
REQUESTED = row("1.21", DRAACS, NETWORK, Information.METERS_READ_REQUEST)
ASKED = row("1.21.1B.1", NETWORK, Party.CREDIT_METER, Information.CREDIT_READ_REQUEST, per="meter", wire="wire")
READ = row("1.21.1A.2", Party.NET_METER, NETWORK, Information.NET_METER_DATA, per="meter", wire="wire")
TOLD = row("1.21.2", NETWORK, DRAACS, Information.METERS_DATA)
COMPUTED = row("1.23", MDMS, MDMS, Information.LOAD_AFFECTED_CALCULATION, kind="computation", verb="computes")
DELIVERED = row("1.23.1", MDMS, Party.DISTRIBUTION_OPERATIONS, Information.LOAD_AFFECTED)


def customer(name: str, credit: bool = False, expected_kw: float = 3.0) -> SelectedCustomer:
    credit_meter = f"credit_{name}" if credit else None
    return SelectedCustomer(customer=name, net_meter=f"net_{name}", credit_meter=credit_meter, expected_kw=expected_kw)


A, B = customer("a", credit=True), customer("b")
ORDER = DemandResponseEvent(
    event="e2", system_load_kw=8000.0, affected_meters=("m1",), voltage_v={}, reduction_kw=5.0, duration_s=3600.0
)
LISTING = SelectedCustomers(
    event="e2",
    reduction_kw=5.0,
    customers=(A, B),
    expected_kw=6.0,
    precision_kw=1.0,
    available_kw=20.0,
    available_precision_kw=3.0,
)
RESULT = LoadAffected(
    event="e2",
    total_kw=6.0,
    uncertainty_kw=0.1,
    by_customer_kw={"a": 3.5, "b": 2.5},
    estimated=(),
    unverified=(),
    edited=0,
)


class Bench:
    """A judge of a call, in an event in which meter m1 has alerted."""

    def __init__(self, folder: Path) -> None:
        self.writer = RunWriter.create(folder / "run")
        self.homes = FakeHomes()
        self.judge = CallJudge(self.homes, Evidence(self.writer, Clock(), "1"), {"m1"})

    def objection(self, row: Row, payload: Payload) -> str | None:
        message = Message(Party(row.producer), Party(row.receiver), Information(row.information), payload, "e2")
        return self.judge.untrue(row, Delivery(1, 40.0, 40.0, message))

    def selected(self) -> None:
        """Play up to the selection and the call, which begins at 30 s."""
        assert self.objection(ORDERED, ORDER) is None
        assert self.objection(LISTED, LISTING) is None
        assert self.objection(SENT, call(A, B)) is None


def call(*customers: SelectedCustomer) -> CustomerCall:
    return CustomerCall(event="e2", start_s=30.0, duration_s=3600.0, customers=customers)


def registers(meter: str) -> MeterRegisters:
    return MeterRegisters(
        meter=meter, time_s=40.0, voltage_v=(120.0,), p_w=1000.0, q_var=0.0, import_wh=1.0, export_wh=0.0
    )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.writer.close()


def refused(objection: str | None, told: str) -> bool:
    return objection is not None and told in objection


def test_a_true_order_and_selection_stand_and_the_loads_before_are_noted(bench: Bench) -> None:
    bench.selected()
    assert bench.homes.noted == ["a", "b"]


def test_an_order_with_another_load_or_area_is_refused(bench: Bench) -> None:
    assert refused(bench.objection(ORDERED, ORDER.model_copy(update={"system_load_kw": 7000.0})), "8010 kW flow")
    assert refused(bench.objection(ORDERED, ORDER.model_copy(update={"affected_meters": ("m2",)})), "m2")
    assert refused(bench.judge.load_untrue(None), "does not tell the present load")


def test_a_customer_who_is_not_enrolled_is_refused(bench: Bench) -> None:
    bench.homes.enrolled = {"a"}
    assert refused(bench.objection(LISTED, LISTING), "not enrolled: b")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"expected_kw": 7.0}, "add up to 6.0 kW"),
        ({"precision_kw": 1.5}, "too few customers"),
        ({"precision_kw": 0.1}, "give up 6.2 kW"),
    ],
)
def test_a_selection_of_the_wrong_size_is_refused(change: dict[str, float], told: str, bench: Bench) -> None:
    bench.objection(ORDERED, ORDER)
    assert refused(bench.objection(LISTED, LISTING.model_copy(update=change)), told)


def test_a_selection_at_the_wrong_place_is_refused(bench: Bench) -> None:
    bench.homes.lowest_v = (113.9, 114.2)
    bench.objection(ORDERED, ORDER)
    assert refused(bench.objection(LISTED, LISTING), "leaves the lowest meter at 113.90 V")


def test_only_the_selected_are_called_each_by_a_call_of_their_own(bench: Bench) -> None:
    bench.selected()
    assert bench.objection(CALLED, call(A)) is None
    assert refused(bench.objection(CALLED, call(customer("c"))), "calls c, who was not selected")
    assert refused(bench.objection(CALLED, call(A.model_copy(update={"expected_kw": 9.0}))), "calls a")
    assert refused(bench.objection(SENT, call(A)), "does not call the customers who were selected")


def test_a_wrong_code_is_no_override(bench: Bench) -> None:
    bench.selected()
    right, wrong = (Override(event="e2", customer="a", code_proof=proof) for proof in ("right", "wrong"))
    assert bench.judge.selects(TYPED, right)
    assert not bench.judge.selects(TYPED, wrong)
    assert bench.judge.selects(PASSED_ON, Override(event="e2", customer="a"))


def test_an_override_that_nobody_typed_is_refused(bench: Bench) -> None:
    bench.selected()
    assert refused(bench.objection(PASSED_ON, Override(event="e2", customer="b")), "b never typed the right code")
    bench.objection(TYPED, Override(event="e2", customer="b", code_proof="right"))
    assert bench.objection(PASSED_ON, Override(event="e2", customer="b")) is None


def test_an_override_without_a_right_code_must_never_be_passed_on(bench: Bench) -> None:
    bench.selected()
    passed_on = Override(event="e2", customer="b")
    assert refused(bench.judge.forbidden(PASSED_ON, passed_on), "b never typed the right code")
    typed = Override(event="e2", customer="b", code_proof="right")
    assert bench.judge.forbidden(TYPED, typed) is None, "people may type what they like, out of order as well"
    ends = (Party.CUSTOMER, Party.CUSTOMER_DISPLAY, Information.OVERRIDE)
    bench.judge.witness(Delivery(1, 40.0, 40.0, Message(*ends, typed, "e2")))
    assert bench.judge.forbidden(PASSED_ON, passed_on) is None
    assert bench.judge.forbidden(SENT, call(A)) is None


def test_a_call_names_whom_it_has_more_and_whom_it_leaves_out(bench: Bench) -> None:
    bench.selected()
    told = bench.objection(SENT, call(A, customer("c")))
    assert refused(told, "calls c, who was not selected; leaves out b")


def test_each_customer_is_awaited_in_the_alternative_taken(bench: Bench) -> None:
    bench.selected()
    assert (set(bench.judge.required(KEPT)), set(bench.judge.required(SHED))) == (set(), {"a", "b"})
    bench.objection(TYPED, Override(event="e2", customer="b", code_proof="right"))
    assert (set(bench.judge.required(KEPT)), set(bench.judge.required(SHED))) == ({"b"}, {"a"})
    assert set(bench.judge.required(ANSWERED)) == {"a", "b"}


def test_an_effect_is_measured_at_the_meter_after_the_start_and_by_alternative(bench: Bench) -> None:
    bench.selected()
    assert bench.judge.effect(SHED, "a", 30.0) is None, "nothing has begun at 30 s"
    shed, kept = bench.judge.effect(SHED, "a", 31.0), bench.judge.effect(KEPT, "a", 31.0)
    assert shed is not None
    assert kept is not None
    assert (shed.verdict, kept.verdict) == ("PASS", "FAIL"), "3 kW less are right for one and wrong for the other"
    assert shed.source == "net_a"


def test_an_answer_has_to_be_what_the_customer_did(bench: Bench) -> None:
    bench.selected()
    shedding, overridden = (CustomerStatus(event="e2", customer="a", response=r) for r in ("shedding", "overridden"))
    assert bench.objection(ANSWERED, shedding) is None
    assert refused(bench.objection(ANSWERED, overridden), "a never typed the code")
    bench.objection(TYPED, Override(event="e2", customer="a", code_proof="right"))
    assert bench.objection(ANSWERED, overridden) is None
    assert refused(bench.objection(ANSWERED, shedding), "a typed the code")


def test_net_and_credit_meters_of_the_called_are_awaited_in_their_own_rows(bench: Bench) -> None:
    bench.selected()
    assert set(bench.judge.required(READ)) == {"net_a", "net_b"}
    assert set(bench.judge.required(ASKED)) == {"credit_a"}
    assert bench.judge.instance(ASKED, MeterReadRequest(event="e2", meter="credit_a")) == "credit_a"
    assert refused(bench.objection(ASKED, MeterReadRequest(event="e2", meter="credit_b")), "no called customer's")


def test_a_read_order_that_leaves_a_meter_out_is_refused(bench: Bench) -> None:
    bench.selected()
    order = MetersReadRequest(event="e2", net_meters=("net_a", "net_b"), credit_meters=())
    assert refused(bench.objection(REQUESTED, order), "leaves out credit_a")


def test_a_reading_against_the_plant_is_refused(bench: Bench) -> None:
    bench.selected()
    bench.homes.wrong = "1000 W is told of net_a, through which 4000 W flow"
    assert refused(bench.objection(READ, MeterData(event="e2", registers=registers("net_a"))), "4000 W flow")


def test_readings_are_told_as_the_meters_gave_them(bench: Bench) -> None:
    bench.selected()
    answered = registers("net_a")
    bench.objection(READ, MeterData(event="e2", registers=answered))
    whole = MetersData(event="e2", net=(answered,), credit=(), silent=("net_b",))
    changed = whole.model_copy(update={"net": (answered.model_copy(update={"p_w": 900.0}),)})
    assert bench.objection(TOLD, whole) is None
    assert refused(bench.objection(TOLD, changed), "what net_a answered")
    assert refused(bench.objection(TOLD, whole.model_copy(update={"silent": ()})), "differs from what was told")


@pytest.mark.parametrize(("true_kw", "stands"), [(5.75, True), (6.3, True), (5.6, False), (6.5, False)])
def test_the_load_affected_may_be_off_by_a_twentieth_of_the_true_one(
    true_kw: float, stands: bool, bench: Bench
) -> None:
    bench.selected()
    bench.homes.true_shed_kw = true_kw
    objection = bench.objection(COMPUTED, RESULT)
    assert (objection is None) is stands, objection


def test_the_load_affected_has_to_add_up_and_to_be_delivered_as_computed(bench: Bench) -> None:
    bench.selected()
    assert refused(bench.objection(COMPUTED, RESULT.model_copy(update={"by_customer_kw": {"a": 1.0}})), "do not add up")
    assert bench.objection(COMPUTED, RESULT) is None
    assert bench.objection(DELIVERED, RESULT) is None
    assert refused(bench.objection(DELIVERED, RESULT.model_copy(update={"total_kw": 7.0})), "differs from")


def record(meter: str, voltage_v: float) -> AlertRecord:
    return AlertRecord(meter=meter, condition="under", voltage_v=voltage_v, time_s=10.0)


HISTORY = AlertHistory(event="e2", alerts=(record("m1", 113.0), record("m2", 112.0)), commands=(), load_affected_kw=6.0)
RELEVANT = RelevantAlertHistory(
    event="e2",
    alerts=HISTORY.alerts,
    first_s=10.0,
    last_s=10.0,
    worst=record("m2", 112.0),
    commands=(),
    load_affected_kw=6.0,
)


@pytest.fixture
def records() -> RecordJudge:
    return RecordJudge({"m1": alert("m1", 113.0), "m2": alert("m2", 112.0)})


def test_a_true_history_stands_on_all_its_way(records: RecordJudge) -> None:
    assert [records.untrue(payload) for payload in (HISTORY, RELEVANT, RELEVANT)] == [None, None, None]


def test_a_history_without_an_alert_or_with_another_is_refused(records: RecordJudge) -> None:
    assert refused(records.untrue(HISTORY.model_copy(update={"alerts": HISTORY.alerts[:1]})), "by m2")
    other = (record("m1", 113.0), record("m2", 111.0))
    assert refused(records.untrue(HISTORY.model_copy(update={"alerts": other})), "by m2")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"worst": record("m1", 113.0)}, "calls 113.00 V at m1 the worst"),
        ({"load_affected_kw": 5.0}, "other measures"),
        ({"alerts": HISTORY.alerts[1:]}, "by m1"),
    ],
)
def test_a_compilation_that_is_not_the_history_is_refused(
    change: dict[str, object], told: str, records: RecordJudge
) -> None:
    records.untrue(HISTORY)
    assert refused(records.untrue(RELEVANT.model_copy(update=change)), told)


def test_what_is_archived_has_to_be_what_was_compiled(records: RecordJudge) -> None:
    records.untrue(HISTORY)
    records.untrue(RELEVANT)
    assert refused(records.untrue(RELEVANT.model_copy(update={"first_s": 9.0})), "differs from what was compiled")
