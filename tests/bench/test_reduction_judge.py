"""The judge of a load reduction without override, and of the further calls that its tracking asks for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from by_hand import FakeHomes, row

from bench.bus import Delivery, Message
from bench.clock import Clock
from bench.evidence import Evidence
from bench.messages.customers import CustomerCall, SelectedCustomer, SelectedCustomers
from bench.messages.equipment import Payload
from bench.messages.names import Information, Party
from bench.messages.resources import LoadReductionEvent, ResponseTracking
from bench.use_case.call_judge import CallJudge
from bench.use_case.model import Row
from reports.run_directory import RunWriter

DRAACS, NETWORK, PREMISE = Party.RESOURCE_CONTROL, Party.AMI_NETWORK, Party.PREMISE_INTERFACE
ORDERED = row("3.8.1", Party.WHOLESALE_POWER, DRAACS, Information.REDUCTION_EVENT, kind="driven", limit_s="")
LISTED = row("3.9", DRAACS, DRAACS, Information.SELECTED_CUSTOMERS, kind="computation", verb="computes")
SENT = row("3.9.1", DRAACS, NETWORK, Information.REDUCTION_CALL)
CALLED = row("3.9.1.1", NETWORK, PREMISE, Information.REDUCTION_CALL, per="customer")
ORDER = LoadReductionEvent(
    event="day-1", system_load_kw=8000.0, reduction_kw=5.0, duration_s=3600.0, may_override=False
)


def customer(name: str) -> SelectedCustomer:
    return SelectedCustomer(customer=name, net_meter=f"net_{name}", credit_meter=None, expected_kw=3.0)


A, B, C, D = (customer(name) for name in "abcd")


def listing(reduction_kw: float, *customers: SelectedCustomer) -> SelectedCustomers:
    return SelectedCustomers(
        event="day-1",
        reduction_kw=reduction_kw,
        customers=customers,
        expected_kw=3.0 * len(customers),
        precision_kw=1.0,
        available_kw=20.0,
        available_precision_kw=3.0,
    )


def call(*customers: SelectedCustomer, may_override: bool = False) -> CustomerCall:
    return CustomerCall(event="day-1", start_s=30.0, duration_s=3600.0, may_override=may_override, customers=customers)


def tracking(achieved_kw: float, decision: str = "further request") -> ResponseTracking:
    return ResponseTracking.model_validate(
        {
            "event": "day-1",
            "authorized_kw": 5.0,
            "achieved_kw": achieved_kw,
            "uncertainty_kw": 0.5,
            "rate": 0.8,
            "common_sd": 0.1,
            "decision": decision,
        }
    )


class Office:
    """The judges of a reduction: of the first call and of the further one."""

    def __init__(self, folder: Path) -> None:
        self.writer = RunWriter.create(folder / "run")
        self.homes = FakeHomes(enrolled=set("abcd"))
        evidence = Evidence(self.writer, Clock(), "3")
        self.first = CallJudge(self.homes, evidence, ())
        self.further = CallJudge(self.homes, evidence, (), self.first)

    def delivery(self, row: Row, payload: Payload) -> Delivery:
        message = Message(Party(row.producer), Party(row.receiver), Information(row.information), payload, "day-1")
        return Delivery(1, 40.0, 40.0, message)

    def objection(self, row: Row, payload: Payload) -> str | None:
        return self.first.untrue(row, self.delivery(row, payload))

    def further_objection(self, row: Row, payload: Payload) -> str | None:
        return self.further.untrue(row, self.delivery(row, payload))

    def track(self, achieved_kw: float, decision: str = "further request") -> None:
        told = tracking(achieved_kw, decision)
        message = Message(DRAACS, DRAACS, Information.RESPONSE_TRACKING, told, "day-1")
        self.first.witness(Delivery(2, 200.0, 200.0, message))

    def called(self) -> None:
        """Play the first call, to a and b."""
        self.homes.offered_kw = 6.0
        for made, payload in ((ORDERED, ORDER), (LISTED, listing(5.0, A, B)), (SENT, call(A, B)), (CALLED, call(A))):
            assert self.objection(made, payload) is None, f"row {made.number}"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.writer.close()


def refused(objection: str | None, told: str) -> bool:
    return objection is not None and told in objection


def test_a_reduction_is_chosen_for_its_size_and_for_no_place(office: Office) -> None:
    office.homes.lowest_v = (110.0, 118.0)
    office.called()
    assert office.homes.noted == ["a", "b"]


def test_an_order_with_another_load_than_flows_is_refused(office: Office) -> None:
    low = ORDER.model_copy(update={"system_load_kw": 7000.0})
    assert refused(office.objection(ORDERED, low), "8010 kW flow into the feeder")


@pytest.mark.parametrize("may", [True, False])
def test_customers_are_told_whether_they_may_decline_as_it_was_ordered(office: Office, may: bool) -> None:
    office.homes.offered_kw = 6.0
    office.objection(ORDERED, ORDER.model_copy(update={"may_override": may}))
    office.objection(LISTED, listing(5.0, A, B))
    assert office.objection(SENT, call(A, B, may_override=may)) is None
    told = f"says that customers {'may not' if may else 'may'} decline, against the order"
    assert office.objection(SENT, call(A, B, may_override=not may)) == told


def test_customers_chosen_for_another_amount_than_ordered_are_refused(office: Office) -> None:
    office.homes.offered_kw = 6.0
    office.objection(ORDERED, ORDER)
    assert refused(office.objection(LISTED, listing(4.0, A, B)), "chooses for 4.0 kW, 5.0 kW being ordered or missing")


def test_customers_chosen_without_an_order_are_refused(office: Office) -> None:
    office.homes.offered_kw = 6.0
    assert refused(office.objection(LISTED, listing(5.0, A, B)), "nothing being ordered or missing")


def test_a_further_call_is_for_what_is_missing_yet_and_for_others(office: Office) -> None:
    office.called()
    office.track(achieved_kw=3.9)
    office.homes.offered_kw = 3.0
    assert office.further_objection(LISTED, listing(1.6, C)) is None, "5 kW less 3.9 kW, that is 3.4 kW for sure"
    assert office.further_objection(SENT, call(C)) is None
    assert office.further_objection(CALLED, call(C)) is None
    assert refused(office.further_objection(CALLED, call(A)), "calls a, who was not selected")


def test_a_further_call_for_another_amount_is_refused(office: Office) -> None:
    office.called()
    office.track(achieved_kw=3.9)
    office.homes.offered_kw = 3.0
    assert refused(office.further_objection(LISTED, listing(5.0, C)), "1.6 kW being ordered or missing")


def test_nobody_is_called_twice(office: Office) -> None:
    office.called()
    office.track(achieved_kw=3.9)
    office.homes.offered_kw = 6.0
    assert refused(office.further_objection(LISTED, listing(1.6, B, C)), "who were called before: b")


@pytest.mark.parametrize("decision", ["reached", "nothing left"])
def test_a_further_call_that_the_tracking_does_not_ask_for_is_refused(office: Office, decision: str) -> None:
    office.called()
    office.homes.offered_kw = 3.0
    assert refused(office.further_objection(LISTED, listing(1.6, C)), "nothing being ordered or missing")
    office.track(3.9, decision)
    other = listing(1.6, D)
    assert refused(office.further_objection(LISTED, other), "nothing being ordered or missing")


def test_in_a_further_call_nobody_may_decline_either(office: Office) -> None:
    office.called()
    office.track(achieved_kw=3.9)
    office.homes.offered_kw = 3.0
    office.further_objection(LISTED, listing(1.6, C))
    assert refused(office.further_objection(SENT, call(C, may_override=True)), "may decline, against the order")
