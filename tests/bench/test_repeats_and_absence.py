"""The matcher where rows occur again with every further request, and where rows are to stay away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from by_hand import FakeJudge, Stage, power, row

from bench.messages.customers import CustomerStatus, Override
from bench.messages.names import Information, Party
from bench.messages.occurrences import event_of, further_of, occurrence
from bench.messages.resources import DispatchStatus, ReductionRequest, ResourceAssessment
from bench.use_case.conformance import EFFECT_HOLD_S
from bench.use_case.row_watch import RowWatch, worst_of_instances
from reports.run_directory import RunDirectory
from reports.verdict import RowState

MET, NOT_MET, NOT_RUN, INCONCLUSIVE = RowState.MET, RowState.NOT_MET, RowState.NOT_RUN, RowState.INCONCLUSIVE
ABSENT, NOT_APPLICABLE = RowState.ABSENT_AS_REQUIRED, RowState.NOT_APPLICABLE
DMS, NETWORK, RADIO, HOME = Party.DMS, Party.AMI_NETWORK, Party.PREMISE_INTERFACE, Party.CUSTOMER_ENERGY
DRAACS, WHOLESALE, EMS = Party.RESOURCE_CONTROL, Party.WHOLESALE_POWER, Party.ENERGY_MANAGEMENT
PEOPLE, OPERATORS, DISPLAY = Party.CUSTOMER, Party.DISTRIBUTION_OPERATIONS, Party.CUSTOMER_DISPLAY
STATUS, CALL, OVERRIDE = Information.CUSTOMER_STATUS, Information.REDUCTION_CALL, Information.OVERRIDE
ASSESSMENT, ASKED, REPORT = (
    Information.INSUFFICIENT_RESOURCES,
    Information.REDUCTION_REQUEST,
    Information.DISPATCH_STATUS,
)

REPEATED = (
    row("2.1", DMS, DMS, ASSESSMENT, kind="computation", verb="computes"),
    row("2.2", NETWORK, RADIO, STATUS, per="customer"),
    row("2.2.1A.1", PEOPLE, DISPLAY, OVERRIDE, per="customer", kind="driven", limit_s=""),
    row("2.2.1B.1", HOME, HOME, CALL, per="customer", kind="effect", verb="responds to", limit_s=60.0),
    row("2.3", RADIO, NETWORK, STATUS, per="customer"),
    row("2.4", DMS, EMS, REPORT),
)
ORDER = {
    "2.2": {"2.1"},
    "2.2.1A.1": {"2.2"},
    "2.2.1B.1": {"2.2"},
    "2.3": {"2.2.1A.1", "2.2.1B.1"},
    "2.4": {"2.3"},
}
RIVALS = {"2.2.1A.1": frozenset({"2.2.1B.1"}), "2.2.1B.1": frozenset({"2.2.1A.1"})}
REPEATING = ("2.2", "2.2.1A.1", "2.2.1B.1", "2.3", "2.4")
FIRST, SECOND, THIRD = "day-1", "day-1/2", "day-1/3"


def assessment(sufficient: bool = False) -> ResourceAssessment:
    return ResourceAssessment(
        event=FIRST,
        head_load_kw=8000.0,
        uncertainty_kw=10.0,
        limit_kw=7900.0,
        sufficient=sufficient,
        shortfall_kw=110.0,
        delivered_kw={},
        silent=(),
    )


def status(customer: str) -> CustomerStatus:
    return CustomerStatus(event=FIRST, customer=customer, response="shedding")


REPORTED = DispatchStatus(
    event=FIRST, requested_kw={}, delivered_kw={}, load_affected_kw=0.0, head_load_kw=8000.0, limit_kw=7900.0
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A need that was found; who is called is the test's business."""
    judge = FakeJudge(requires={"2.2": {}, "2.2.1B.1": dict.fromkeys("ab"), "2.3": {}})
    made = Stage(tmp_path, REPEATED, ORDER, judge, lambda n: RIVALS.get(n, frozenset()), repeating=REPEATING)
    made.arrive(DMS, DMS, ASSESSMENT, assessment(), FIRST)
    yield made
    made.writer.close()


def called(stage: Stage, customer: str, correlation: str) -> None:
    stage.arrive(NETWORK, RADIO, STATUS, status(customer), correlation)


def answered(stage: Stage, customer: str, correlation: str) -> None:
    stage.arrive(RADIO, NETWORK, STATUS, status(customer), correlation)


def played(stage: Stage, customer: str, correlation: str) -> None:
    """Let one customer be called, shed for long enough, and answer; then let the DMS report."""
    called(stage, customer, correlation)
    stage.judge.measurements[customer] = power(500.0)
    stage.until(stage.clock.now_s + EFFECT_HOLD_S + 2.0)
    answered(stage, customer, correlation)
    stage.arrive(DMS, EMS, REPORT, REPORTED, correlation)


def further_watch(stage: Stage, number: str, correlation: str = SECOND) -> RowWatch:
    found = [w for w in stage.conformance.all_watches if (w.row.number, w.occurrence) == (number, correlation)]
    assert len(found) == 1, f"row {number} of {correlation} is watched {len(found)} times"
    return found[0]


def test_occurrences_are_named_by_event_and_number() -> None:
    assert [occurrence(FIRST, number) for number in (1, 2, 3)] == [FIRST, SECOND, THIRD]
    assert [further_of(name) for name in (FIRST, SECOND)] == ["", SECOND]
    assert [event_of(name) for name in (FIRST, SECOND, THIRD)] == [FIRST] * 3


def test_without_a_further_request_there_is_one_occurrence_and_nothing_is_awaited(stage: Stage) -> None:
    played(stage, "a", FIRST)
    assert [w.occurrence for w in stage.conformance.all_watches] == [""] * len(REPEATED)
    assert not stage.conformance.unsettled_further


def test_a_further_request_is_matched_by_itself_and_leaves_the_first_as_it_was(stage: Stage) -> None:
    played(stage, "a", FIRST)
    before = {number: stage.state(number) for number in ("2.2", "2.2.1B.1", "2.3", "2.4")}
    assert set(before.values()) == {MET}
    played(stage, "b", SECOND)
    assert {number: further_watch(stage, number).state for number in before} == before
    assert set(further_watch(stage, "2.2").instances) == {"b"}
    assert set(stage.conformance.watches["2.2"].instances) == {"a"}
    assert further_watch(stage, "2.3").instances["b"].occurrence == SECOND
    assert {number: stage.state(number) for number in before} == before


def test_the_row_that_begins_a_further_request_has_no_limit_from_what_is_long_past(stage: Stage) -> None:
    """The need was found once; a request that follows from how the first went may come at any time."""
    played(stage, "a", FIRST)
    stage.until(stage.clock.now_s + 500.0)
    called(stage, "b", SECOND)
    stage.until(stage.clock.now_s + 5.0)
    begun = further_watch(stage, "2.2").instances["b"]
    assert (begun.state, begun.due_s) == (MET, None), "a row that is met after its limit contradicts itself"
    waiting = further_watch(stage, "2.2.1B.1").instances["b"]
    assert waiting.due_s is not None, "what follows within the further request is due as ever"


def test_what_does_not_repeat_is_watched_once_and_holds_for_every_occurrence(stage: Stage) -> None:
    played(stage, "a", FIRST)
    called(stage, "b", SECOND)
    assert [w.occurrence for w in stage.conformance.all_watches if w.row.number == "2.1"] == [""]
    assert further_watch(stage, "2.2").state is MET, "row 2.1 of the first occurrence stands before it"


def test_a_further_occurrence_of_what_never_began_waits_for_the_row_that_does_not_repeat(tmp_path: Path) -> None:
    unfounded = Stage(tmp_path, REPEATED, ORDER, FakeJudge(), repeating=REPEATING)
    called(unfounded, "b", SECOND)
    unfounded.conformance.finish()
    unfounded.writer.close()
    assert further_watch(unfounded, "2.2").state is NOT_RUN
    assert "2.1 not met yet" in "; ".join(further_watch(unfounded, "2.2").notes)


def test_the_state_of_a_row_is_the_worst_of_its_occurrences(stage: Stage) -> None:
    played(stage, "a", FIRST)
    assert stage.conformance.states["2.4"] is MET
    called(stage, "b", SECOND)
    assert stage.conformance.states["2.3"] is NOT_RUN, "the second has been called and has not answered"
    stage.judge.objections["2.4"] = "tells another load than was found"
    stage.judge.measurements["b"] = power(500.0)
    stage.until(stage.clock.now_s + EFFECT_HOLD_S + 2.0)
    answered(stage, "b", SECOND)
    stage.arrive(DMS, EMS, REPORT, REPORTED, SECOND)
    assert stage.state("2.4") is MET
    assert stage.conformance.states["2.4"] is NOT_MET, "a bad second occurrence does not hide behind a good first"


def test_every_further_occurrence_has_its_own_rows(stage: Stage) -> None:
    for customer, correlation in (("a", FIRST), ("b", SECOND), ("c", THIRD)):
        stage.judge.requires["2.2.1B.1"] = {customer: None}
        played(stage, customer, correlation)
    assert [set(further_watch(stage, "2.2", name).instances) for name in (SECOND, THIRD)] == [{"b"}, {"c"}]
    assert not stage.conformance.unsettled_further


def test_a_further_occurrence_is_settled_when_all_of_its_rows_are(stage: Stage) -> None:
    played(stage, "a", FIRST)
    called(stage, "b", SECOND)
    assert stage.conformance.unsettled_further
    stage.judge.measurements["b"] = power(500.0)
    stage.until(stage.clock.now_s + EFFECT_HOLD_S + 2.0)
    assert stage.conformance.unsettled_further, "b has not answered yet"
    answered(stage, "b", SECOND)
    assert stage.conformance.unsettled_further, "nobody has reported yet"
    stage.arrive(DMS, EMS, REPORT, REPORTED, SECOND)
    assert not stage.conformance.unsettled_further, "whether people decline again is their business"


def test_a_further_occurrence_that_fails_is_settled_too(stage: Stage) -> None:
    played(stage, "a", FIRST)
    stage.judge.requires["2.2.1B.1"] = {"b": None}
    called(stage, "b", SECOND)
    stage.judge.measurements["b"] = power(0.0)
    stage.until(stage.clock.now_s + 62.0)
    assert further_watch(stage, "2.2.1B.1").state is NOT_MET
    assert stage.conformance.states["2.2.1B.1"] is NOT_MET
    assert stage.state("2.2.1B.1") is MET


def test_an_effect_of_one_occurrence_is_not_held_for_another(stage: Stage) -> None:
    """The holding of a measurement counts from when it was asked for in this occurrence."""
    played(stage, "a", FIRST)
    stage.judge.measurements["b"] = power(500.0)
    stage.until(stage.clock.now_s + 60.0)
    called(stage, "b", SECOND)
    stage.until(stage.clock.now_s + EFFECT_HOLD_S / 2)
    assert further_watch(stage, "2.2.1B.1").state is not MET


def test_a_customer_who_declines_in_a_further_call_takes_no_other_way_in_that_call_alone(stage: Stage) -> None:
    played(stage, "a", FIRST)
    called(stage, "b", SECOND)
    stage.arrive(PEOPLE, DISPLAY, OVERRIDE, Override(event=SECOND, customer="b"), SECOND)
    assert further_watch(stage, "2.2.1A.1").instances["b"].state is MET
    assert further_watch(stage, "2.2.1B.1").instances["b"].state is NOT_APPLICABLE
    assert stage.instance("2.2.1B.1", "a").state is MET


def test_an_answer_to_a_further_call_does_not_count_for_the_first(stage: Stage) -> None:
    called(stage, "a", FIRST)
    stage.judge.measurements["a"] = power(500.0)
    stage.until(stage.clock.now_s + EFFECT_HOLD_S + 2.0)
    answered(stage, "a", SECOND)
    assert stage.conformance.watches["2.3"].instances["a"].state is NOT_RUN
    assert "out of order" in "; ".join(further_watch(stage, "2.3").notes)


def test_the_record_tells_occurrences_apart(stage: Stage) -> None:
    played(stage, "a", FIRST)
    played(stage, "b", SECOND)
    told = {(line.row, line.instance): line.occurrence for line in RunDirectory.open(stage.writer.path).rows}
    assert (told["2.3", "a"], told["2.3", "b"]) == (FIRST, SECOND)


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        ((), NOT_RUN),
        ((MET, ABSENT), MET),
        ((NOT_APPLICABLE, MET), MET),
        ((NOT_APPLICABLE, NOT_APPLICABLE), NOT_APPLICABLE),
        ((MET, NOT_RUN), NOT_RUN),
        ((MET, INCONCLUSIVE, NOT_RUN), INCONCLUSIVE),
        ((INCONCLUSIVE, NOT_MET, MET), NOT_MET),
    ],
)
def test_of_several_states_the_worst_counts(states: tuple[RowState, ...], worst: RowState) -> None:
    assert worst_of_instances(states) is worst


SUFFICES = (
    row("2.5", DMS, DMS, ASSESSMENT, kind="computation", verb="computes"),
    row("2.6", OPERATORS, WHOLESALE, ASKED, kind="driven", limit_s=""),
    row("2.6.1", DRAACS, NETWORK, CALL, limit_s=10.0),
    row("2.7", DMS, EMS, REPORT),
)
ONE_AFTER_THE_OTHER = {"2.6": {"2.5"}, "2.6.1": {"2.6"}, "2.7": {"2.6.1"}}
STAYING_AWAY = ("2.6", "2.6.1", "2.7")


@pytest.fixture
def sufficient(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, SUFFICES, ONE_AFTER_THE_OTHER, FakeJudge(), absent=STAYING_AWAY)
    yield made
    made.writer.close()


def states(stage: Stage) -> list[RowState]:
    return [stage.conformance.states[number] for number in STAYING_AWAY]


def test_rows_that_rightly_stay_away_are_absent_as_required(sufficient: Stage) -> None:
    sufficient.arrive(DMS, DMS, ASSESSMENT, assessment(sufficient=True))
    sufficient.until(200.0)
    assert states(sufficient) == [NOT_RUN] * 3, "as long as the scenario runs they may still come"
    sufficient.conformance.finish()
    assert states(sufficient) == [ABSENT] * 3
    lines = [line for line in RunDirectory.open(sufficient.writer.path).rows if line.row in STAYING_AWAY]
    assert {line.row for line in lines} == set(STAYING_AWAY), "every one of them is in the record"


def test_rows_are_not_absent_where_nothing_came_before_them(sufficient: Stage) -> None:
    """Nobody has held the load against its limit: that nobody asked for less load shows nothing."""
    sufficient.until(200.0)
    sufficient.conformance.finish()
    assert states(sufficient) == [NOT_RUN] * 3
    assert sufficient.instance("2.6").reason == "waited for 2.5"


def test_rows_that_stay_away_although_they_were_needed_are_not_met(sufficient: Stage) -> None:
    sufficient.judge.objections["absent 2.6"] = "110 kW were missing"
    sufficient.arrive(DMS, DMS, ASSESSMENT, assessment())
    sufficient.conformance.finish()
    assert states(sufficient) == [NOT_MET, NOT_RUN, NOT_RUN]
    assert sufficient.instance("2.6").reason == "did not come: 110 kW were missing"


def test_a_message_of_a_row_that_is_to_stay_away_is_not_met_and_cited(sufficient: Stage) -> None:
    sufficient.arrive(DMS, DMS, ASSESSMENT, assessment(sufficient=True))
    sufficient.until(20.0)
    asked = ReductionRequest(event="e1", system_load_kw=8000.0, reduction_kw=110.0, duration_s=3600.0)
    sufficient.arrive(OPERATORS, WHOLESALE, ASKED, asked)
    sufficient.conformance.finish()
    assert states(sufficient) == [NOT_MET, NOT_RUN, NOT_RUN]
    came = sufficient.instance("2.6")
    assert (came.reason, came.evidence) == ("came at 20.0 s, although the resources sufficed", ("trace:2",))


def test_a_row_that_is_to_stay_away_is_never_due(sufficient: Stage) -> None:
    sufficient.arrive(DMS, DMS, ASSESSMENT, assessment(sufficient=True))
    sufficient.until(1000.0)
    assert not sufficient.conformance.watches["2.6.1"].instances
