"""The matcher where things happen twice, and where every customer takes one of two ways."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from by_hand import FakeJudge, Stage, alert, power, row

from bench.messages.customers import CustomerStatus, Override
from bench.messages.equipment import AlertAcknowledgement
from bench.messages.names import Information, Party
from bench.use_case.conformance import EFFECT_HOLD_S
from bench.use_case.tables import load
from reports.verdict import RowState

MET, NOT_MET, NOT_RUN, NOT_APPLICABLE = RowState.MET, RowState.NOT_MET, RowState.NOT_RUN, RowState.NOT_APPLICABLE
METER, NETWORK, MDMS = Party.NET_METER, Party.AMI_NETWORK, Party.MDMS
DMS, APPLICATION = Party.DMS, Party.DER_AUTOMATION
PEOPLE, DISPLAY, HOME, RADIO = Party.CUSTOMER, Party.CUSTOMER_DISPLAY, Party.CUSTOMER_ENERGY, Party.PREMISE_INTERFACE
ALERT, OVERRIDE, STATUS, CALL = (
    Information.VOLTAGE_EVENT,
    Information.OVERRIDE,
    Information.CUSTOMER_STATUS,
    Information.CUSTOMER_CALL,
)

TWICE = (
    row("1.1", METER, NETWORK, ALERT, per="meter", limit_from="stimulus"),
    row("1.2", NETWORK, MDMS, ALERT, per="meter"),
    row("1.3", DMS, APPLICATION, Information.ALERT_ACKNOWLEDGEMENT),
    row("1.4", METER, NETWORK, ALERT, per="meter", limit_from="stimulus"),
    row("1.5", NETWORK, MDMS, ALERT, per="meter"),
)
ONE_AFTER_THE_OTHER = {"1.2": {"1.1"}, "1.3": {"1.2"}, "1.4": {"1.3"}, "1.5": {"1.4"}}

CUSTOMER = {"per": "customer"}
EFFECT = {"per": "customer", "kind": "effect", "verb": "responds to", "limit_s": 60.0}
WAYS = (
    row("1.1", NETWORK, RADIO, STATUS, **CUSTOMER),
    row("1.1.1A.1", PEOPLE, DISPLAY, OVERRIDE, per="customer", kind="driven", limit_s=""),
    row("1.1.1A.2", DISPLAY, HOME, OVERRIDE, **CUSTOMER),
    row("1.1.1B.1", HOME, HOME, CALL, **EFFECT),
    row("1.2", HOME, RADIO, STATUS, **CUSTOMER),
)
FORKED = {"1.1.1A.1": {"1.1"}, "1.1.1A.2": {"1.1.1A.1"}, "1.1.1B.1": {"1.1"}, "1.2": {"1.1.1A.2", "1.1.1B.1"}}
RIVALS = {
    "1.1.1A.1": frozenset({"1.1.1B.1"}),
    "1.1.1A.2": frozenset({"1.1.1B.1"}),
    "1.1.1B.1": frozenset({"1.1.1A.1", "1.1.1A.2"}),
}


@pytest.fixture
def twice(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, TWICE, ONE_AFTER_THE_OTHER, FakeJudge())
    yield made
    made.writer.close()


def alerted(stage: Stage, meter: str, event: str) -> None:
    stage.arrive(METER, NETWORK, ALERT, alert(meter), f"alert-{event}-{meter}")
    stage.arrive(NETWORK, MDMS, ALERT, alert(meter), event)


def second_stimulus(stage: Stage) -> None:
    stage.arrive(DMS, APPLICATION, Information.ALERT_ACKNOWLEDGEMENT, AlertAcknowledgement(event="e1"))
    stage.conformance.begin_occurrence()


def test_a_second_stimulus_begins_an_occurrence_of_its_own(twice: Stage) -> None:
    alerted(twice, "m1", "e1")
    second_stimulus(twice)
    alerted(twice, "m1", "e2")
    assert [twice.state(number) for number in ("1.1", "1.2", "1.4", "1.5")] == [MET] * 4
    assert [twice.instance(n, "m1").occurrence for n in ("1.1", "1.2", "1.4", "1.5")] == ["e1", "e1", "e2", "e2"]


def test_an_alert_before_the_second_stimulus_belongs_to_the_first(twice: Stage) -> None:
    alerted(twice, "m1", "e1")
    alerted(twice, "m2", "e1")
    assert set(twice.conformance.watches["1.1"].instances) == {"m1", "m2"}
    assert not twice.conformance.watches["1.4"].instances


def test_a_meter_that_only_the_second_stimulus_takes_out_is_none_of_the_first(twice: Stage) -> None:
    alerted(twice, "m1", "e1")
    second_stimulus(twice)
    alerted(twice, "m2", "e2")
    assert set(twice.conformance.watches["1.1"].instances) == {"m1"}
    assert set(twice.conformance.watches["1.2"].instances) == {"m1"}
    assert twice.instance("1.5", "m2").state is MET


def test_what_is_passed_on_of_another_occurrence_is_refused(twice: Stage) -> None:
    alerted(twice, "m1", "e1")
    second_stimulus(twice)
    twice.arrive(METER, NETWORK, ALERT, alert("m1"), "alert-9")
    twice.arrive(METER, NETWORK, ALERT, alert("m2"), "alert-10")
    twice.arrive(NETWORK, MDMS, ALERT, alert("m1"), "e2")
    twice.arrive(NETWORK, MDMS, ALERT, alert("m2"), "e3")
    assert twice.instance("1.5", "m1").state is MET
    assert twice.instance("1.5", "m2").reason == "belongs to e3, but row 1.4 before it to e2"


@pytest.fixture
def ways(tmp_path: Path) -> Iterator[Stage]:
    """Customers a, b and c are called; a overrides, the others shed as soon as anything is measured."""
    judge = FakeJudge(requires={number: {} for number in ("1.1", "1.1.1A.2", "1.2")})
    judge.requires["1.1.1B.1"] = dict.fromkeys("abc")
    made = Stage(tmp_path, WAYS, FORKED, judge, lambda number: RIVALS.get(number, frozenset()))
    for customer in "abc":
        made.arrive(NETWORK, RADIO, STATUS, status(customer))
    yield made
    made.writer.close()


def status(customer: str) -> CustomerStatus:
    return CustomerStatus(event="e1", customer=customer, response="shedding")


def override(stage: Stage, customer: str) -> None:
    payload = Override(event="e1", customer=customer)
    stage.arrive(PEOPLE, DISPLAY, OVERRIDE, payload)
    stage.arrive(DISPLAY, HOME, OVERRIDE, payload)


def test_whoever_overrides_is_out_of_the_other_way_and_the_others_out_of_this(ways: Stage) -> None:
    override(ways, "a")
    ways.judge.measurements = dict.fromkeys("abc", power(500.0))
    ways.until(EFFECT_HOLD_S + 2.0)
    assert {c: ways.instance("1.1.1B.1", c).state for c in "abc"} == {"a": NOT_APPLICABLE, "b": MET, "c": MET}
    assert {c: ways.instance("1.1.1A.2", c).state for c in "abc"} == {
        "a": MET,
        "b": NOT_APPLICABLE,
        "c": NOT_APPLICABLE,
    }
    assert (ways.state("1.1.1A.2"), ways.state("1.1.1B.1")) == (MET, MET)


def test_the_ways_meet_again_for_every_customer(ways: Stage) -> None:
    override(ways, "a")
    ways.judge.measurements = dict.fromkeys("abc", power(500.0))
    ways.until(EFFECT_HOLD_S + 2.0)
    for customer in "abc":
        ways.arrive(HOME, RADIO, STATUS, status(customer))
    assert ways.state("1.2") is MET
    assert ways.conformance.is_settled("1.2")


def test_a_driven_row_is_complete_when_somebody_has_decided(ways: Stage) -> None:
    assert not ways.conformance.is_settled("1.1.1A.1")
    override(ways, "a")
    assert ways.conformance.is_settled("1.1.1A.1"), "nobody has to override"


def test_when_nobody_overrides_that_way_is_not_applicable(ways: Stage) -> None:
    ways.judge.measurements = dict.fromkeys("abc", power(500.0))
    ways.until(EFFECT_HOLD_S + 2.0)
    assert (ways.state("1.1.1A.1"), ways.state("1.1.1A.2")) == (NOT_APPLICABLE, NOT_APPLICABLE)
    ways.arrive(HOME, RADIO, STATUS, status("a"))
    assert ways.instance("1.2", "a").state is MET


def test_a_home_that_does_not_shed_fails_its_own_way_and_waits_in_no_other(ways: Stage) -> None:
    ways.judge.measurements = dict.fromkeys("abc", power(0.0))
    ways.until(70.0)
    assert ways.state("1.1.1B.1") is NOT_MET
    ways.arrive(HOME, RADIO, STATUS, status("b"))
    ways.conformance.finish()
    assert ways.instance("1.2", "b").state is NOT_RUN
    assert ways.instance("1.2", "b").reason.startswith("waited for 1.1.1B.1")


def test_the_tables_name_the_rows_of_the_other_alternative() -> None:
    use_case = load()
    assert use_case.rivals("1.19.5.1B.1") == {"1.19.5.1A.1", "1.19.5.1A.2", "1.19.5.1A.3"}
    assert use_case.rivals("1.19.5.1A.2") == {"1.19.5.1B.1"}
    assert use_case.rivals("1.21.1A.1") == frozenset(), "net and credit meters are read concurrently, not instead"
    assert use_case.rivals("1.20") == frozenset()
