"""The matcher, on a use case made by hand: an alert of every meter, an operator's start, a command, its effect."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from by_hand import FakeJudge, Stage, alert, command, power, row

from bench.bus import Message
from bench.links import Passage
from bench.messages.equipment import BeginAutomation
from bench.messages.names import Information, Party
from bench.use_case.conformance import EFFECT_HOLD_S
from instruments.wire import WireExchange
from reports.run_directory import RunDirectory
from reports.verdict import RowState

MET, NOT_MET, NOT_RUN, INCONCLUSIVE = RowState.MET, RowState.NOT_MET, RowState.NOT_RUN, RowState.INCONCLUSIVE
ALERT, BEGIN, COMMAND = Information.VOLTAGE_EVENT, Information.BEGIN_AUTOMATION, Information.OPERATIONAL_COMMAND
METER, NETWORK, MDMS, PEOPLE = Party.NET_METER, Party.AMI_NETWORK, Party.MDMS, Party.DISTRIBUTION_OPERATIONS
APPLICATION, DMS, BATTERY = Party.DER_AUTOMATION, Party.DMS, Party.UTILITY_BATTERY

ROWS = (
    row("1.1", METER, NETWORK, ALERT, per="meter", limit_from="stimulus"),
    row("1.1.1", NETWORK, MDMS, ALERT, per="meter", limit_s=10.0),
    row("1.2", PEOPLE, APPLICATION, BEGIN, kind="driven", limit_s=""),
    row("1.3", DMS, NETWORK, COMMAND, per="device"),
    row("1.4", BATTERY, BATTERY, COMMAND, per="device", kind="effect", verb="responds to", limit_s=60.0),
    row("1.5", NETWORK, DMS, COMMAND, per="device"),
)
BEFORE = {"1.1.1": {"1.1"}, "1.2": {"1.1.1"}, "1.3": {"1.2"}, "1.4": {"1.3"}, "1.5": {"1.4"}}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The use case by hand, in which meter m1 has been out long enough to know it since 60 s."""
    made = Stage(tmp_path, ROWS, BEFORE, FakeJudge(requires={"1.1": {"m1": 60.0}, "1.1.1": {"m1": None}}))
    yield made
    made.writer.close()


def alerted(stage: Stage, *meters: str) -> None:
    for meter in meters or ("m1",):
        stage.arrive(METER, NETWORK, ALERT, alert(meter), f"alert-{meter}", ("wire:1", "trace:9"))
        stage.arrive(NETWORK, MDMS, ALERT, alert(meter))


def commanded(stage: Stage) -> None:
    """Play everything up to the command, which the battery is then due to follow."""
    alerted(stage)
    stage.arrive(PEOPLE, APPLICATION, BEGIN, BeginAutomation(event="e1"))
    stage.judge.requires |= {number: {"battery": None} for number in ("1.3", "1.4", "1.5")}
    stage.arrive(DMS, NETWORK, COMMAND, command())


def test_messages_in_their_order_are_met_and_cited(stage: Stage) -> None:
    stage.until(3.0)
    alerted(stage)
    assert (stage.state("1.1"), stage.state("1.1.1")) == (MET, MET)
    met = stage.instance("1.1", "m1")
    assert (met.time_s, met.evidence) == (3.0, ("trace:1", "wire:1")), "message and wire exchange are the evidence"
    assert stage.instance("1.1.1", "m1").occurrence == "e1"
    assert met.occurrence == "e1", "an alert starts an occurrence that gets its name from what follows"


def test_what_does_not_come_is_not_met_at_its_limit_and_not_before(stage: Stage) -> None:
    stage.until(90.0)
    assert stage.state("1.1") is NOT_RUN, "known since 60 s, 30 s to alert: at 90 s it may still come"
    assert not stage.conformance.is_settled("1.1")
    stage.until(91.0)
    assert stage.state("1.1") is NOT_MET
    assert stage.conformance.is_settled("1.1")
    reason = stage.instance("1.1", "m1").reason
    assert reason == f"no {ALERT} from {METER} to {NETWORK} for m1 by 90.0 s", "it has to say what was awaited"


def test_what_became_due_since_the_last_look_is_not_met_when_the_scenario_ends(stage: Stage) -> None:
    """Where nothing moves time goes in long steps: the end may come between a limit and the next look."""
    stage.until(90.0)
    stage.clock.run_until(95.0)
    assert stage.state("1.1") is NOT_RUN
    stage.conformance.finish()
    assert stage.state("1.1") is NOT_MET
    assert stage.state("1.1.1") is NOT_RUN


@pytest.mark.parametrize(("error", "told"), [("the target failed to respond", True), ("", False)])
def test_a_meter_that_does_not_answer_on_its_wire_is_named_as_the_cause(tmp_path: Path, error: str, told: bool) -> None:
    """The head-end cannot ask a meter that cannot be raised: the row is the head-end's, the fault is not."""
    asked = row("3.4", NETWORK, METER, ALERT, per="meter", wire="wire")
    made = Stage(tmp_path, (asked,), {}, FakeJudge(requires={"3.4": {"m1": 0.0}}))
    made.evidence.observer("m1")(WireExchange("modbus", "read", "40175+2", (), "an error before"))
    made.evidence.observer("m2")(WireExchange("modbus", "read", "40175+2", (), "another meter's"))
    made.evidence.observer("m1")(WireExchange("modbus", "read", "40175+2", (), error))
    made.until(31.0)
    made.writer.close()
    missed = made.instance("3.4", "m1")
    assert missed.state is NOT_MET
    assert missed.reason.endswith("m1 itself does not answer: the target failed to respond") is told
    assert missed.evidence == (("wire:3",) if told else ())


def test_what_depends_on_a_row_that_is_not_met_is_not_run_and_says_what_it_waited_for(stage: Stage) -> None:
    stage.until(200.0)
    stage.conformance.finish()
    assert [stage.state(number) for number in ("1.1.1", "1.2", "1.3", "1.4", "1.5")] == [NOT_RUN] * 5
    assert stage.instance("1.1.1", "m1").reason == "waited for 1.1"
    assert stage.instance("1.5").reason == "waited for 1.4"


def test_out_of_order_is_told_as_such_and_does_not_count(stage: Stage) -> None:
    stage.until(5.0)
    stage.arrive(NETWORK, MDMS, ALERT, alert())
    assert stage.notes("1.1.1") == "trace:1 came at 5.0 s, out of order: 1.1 not met yet"
    stage.arrive(METER, NETWORK, ALERT, alert(), "alert-1")
    stage.until(20.0)
    assert stage.state("1.1") is MET
    assert stage.state("1.1.1") is NOT_MET, "what came before its cause is not what the row asks for"
    assert "out of order" in stage.instance("1.1.1", "m1").reason


@pytest.mark.parametrize(
    ("producer", "receiver"),
    [(Party.CREDIT_METER, NETWORK), (METER, MDMS), (NETWORK, METER)],
    ids=["another producer", "another receiver", "the wrong way round"],
)
def test_a_message_between_others_is_not_taken(stage: Stage, producer: Party, receiver: Party) -> None:
    stage.arrive(producer, receiver, ALERT, alert())
    stage.until(100.0)
    assert stage.state("1.1") is NOT_MET
    one_end_is_right = (producer is METER) != (receiver is NETWORK)
    told = f"trace:1 came at 0.0 s, from {producer} to {receiver} and not from {METER} to {NETWORK}"
    assert stage.notes("1.1") == (told if one_end_is_right else "")


def test_another_information_object_is_not_taken(stage: Stage) -> None:
    alerted(stage)
    stage.arrive(PEOPLE, APPLICATION, ALERT, alert())
    assert stage.state("1.2") is NOT_RUN


def test_a_late_message_is_not_met_and_tells_both_times(stage: Stage) -> None:
    stage.arrive(METER, NETWORK, ALERT, alert(), "alert-1")
    stage.until(10.0)
    stage.clock.run_until(10.9)
    stage.arrive(NETWORK, MDMS, ALERT, alert())
    assert stage.state("1.1.1") is NOT_MET
    assert stage.instance("1.1.1", "m1").reason == "came at 10.9 s, after its limit of 10.0 s"


def test_a_message_at_its_very_limit_is_in_time(stage: Stage) -> None:
    stage.arrive(METER, NETWORK, ALERT, alert(), "alert-1")
    stage.until(10.0)
    stage.arrive(NETWORK, MDMS, ALERT, alert())
    assert stage.state("1.1.1") is MET


def test_nothing_is_met_after_it_was_missed(stage: Stage) -> None:
    stage.arrive(METER, NETWORK, ALERT, alert(), "alert-1")
    stage.until(12.0)
    stage.arrive(NETWORK, MDMS, ALERT, alert())
    assert stage.state("1.1.1") is NOT_MET
    assert stage.notes("1.1.1") == "trace:2 came at 12.0 s, when the row was NOT_MET already"


def test_a_doubled_message_is_noted_and_changes_nothing(stage: Stage) -> None:
    alerted(stage)
    stage.until(2.0)
    stage.judge.objections["1.1.1"] = "it would not stand a second time"
    stage.arrive(NETWORK, MDMS, ALERT, alert())
    assert stage.state("1.1.1") is MET
    assert stage.notes("1.1.1") == "trace:3 came at 2.0 s, again"


def test_what_is_not_true_is_not_met(stage: Stage) -> None:
    stage.judge.objections["1.1"] = "its service was healthy"
    stage.arrive(METER, NETWORK, ALERT, alert(), "alert-1")
    assert stage.state("1.1") is NOT_MET
    assert stage.instance("1.1", "m1").reason == f"its service was healthy (sent by the {METER})"


def lost(stage: Stage, meter: str, frames: int) -> None:
    """Let an alert of a meter be sent, and lost so many times."""
    message = Message(METER, NETWORK, ALERT, alert(meter), "alert-1")
    passage = Passage(1, "AMI link", lost=frames)
    stage.links.begin(message, passage)
    stage.links.give_up(message, passage, stage.clock.now_s)


def test_a_row_whose_message_a_link_has_lost_says_so(stage: Stage) -> None:
    lost(stage, "m1", 4)
    stage.until(91.0)
    reason = stage.instance("1.1", "m1").reason
    assert reason.endswith("for m1 by 90.0 s; the AMI link has lost it 4 times")


def test_what_a_link_has_lost_of_another_meter_explains_nothing(stage: Stage) -> None:
    lost(stage, "m7", 4)
    stage.until(91.0)
    assert stage.instance("1.1", "m1").reason.endswith("for m1 by 90.0 s")


def test_what_came_out_of_order_tells_what_has_held_up_the_row_before(stage: Stage) -> None:
    lost(stage, "m1", 4)
    stage.arrive(NETWORK, MDMS, ALERT, alert())
    assert stage.notes("1.1.1").endswith("out of order: 1.1 not met yet; the AMI link has lost it 4 times")


def test_a_row_that_came_in_time_tells_what_its_link_did(stage: Stage) -> None:
    stage.arrive(METER, NETWORK, ALERT, alert(), "alert-1", hindrance="the AMI link has lost it once")
    assert (stage.state("1.1"), stage.instance("1.1", "m1").reason) == (MET, "the AMI link has lost it once")


def test_a_late_row_tells_what_its_link_did(stage: Stage) -> None:
    stage.arrive(METER, NETWORK, ALERT, alert(), "alert-1")
    stage.until(10.0)
    stage.clock.run_until(10.9)
    stage.arrive(NETWORK, MDMS, ALERT, alert(), hindrance="the enterprise bus has held it back for 10 s")
    assert stage.instance("1.1.1", "m1").reason == (
        "came at 10.9 s, after its limit of 10.0 s; the enterprise bus has held it back for 10 s"
    )


def test_a_message_that_should_never_have_been_sent_fails_its_row_whatever_came_before(stage: Stage) -> None:
    stage.judge.objections["forbidden 1.1.1"] = "nobody has alerted"
    stage.arrive(NETWORK, MDMS, ALERT, alert())
    assert stage.state("1.1.1") is NOT_MET
    assert stage.instance("1.1.1", "m1").reason == f"nobody has alerted (sent by the {NETWORK})"


def test_messages_of_two_occurrences_are_not_mixed(stage: Stage) -> None:
    alerted(stage)
    stage.arrive(PEOPLE, APPLICATION, BEGIN, BeginAutomation(event="e2"), "e2")
    assert stage.state("1.2") is NOT_MET
    assert stage.instance("1.2").reason == "belongs to e2, but row 1.1.1 before it to e1"


def test_each_meter_goes_its_own_way(stage: Stage) -> None:
    """Row 1.1.1 of one meter follows row 1.1 of the same meter, and waits for no other."""
    stage.judge.requires["1.1"] = {"m1": 60.0, "m2": 60.0}
    alerted(stage, "m1")
    assert stage.instance("1.1.1", "m1").state is MET
    stage.arrive(NETWORK, MDMS, ALERT, alert("m2"))
    assert "m2" not in stage.conformance.watches["1.1.1"].instances, "nothing of m2 came before"
    assert "out of order: 1.1 not met yet" in stage.notes("1.1.1")
    alerted(stage, "m2")
    assert stage.instance("1.1.1", "m2").state is MET


def test_a_row_of_many_is_met_by_all_of_them_only(stage: Stage) -> None:
    stage.judge.requires["1.1"] = {"m1": 60.0, "m2": 60.0}
    stage.until(61.0)
    alerted(stage, "m1")
    assert not stage.conformance.is_settled("1.1")
    stage.until(91.0)
    assert stage.state("1.1") is NOT_MET
    assert (stage.instance("1.1", "m1").state, stage.instance("1.1", "m2").state) == (MET, NOT_MET)


def test_a_row_is_not_complete_while_another_meter_is_about_to_alert(stage: Stage) -> None:
    stage.judge.soon["1.1"] = {"m2"}
    alerted(stage, "m1")
    assert stage.state("1.1") is MET
    assert not stage.conformance.is_settled("1.1"), "m2 has been out for an interval: its alert belongs to the row"
    alerted(stage, "m2")
    assert stage.conformance.is_settled("1.1")


def test_a_device_that_fails_keeps_all_later_rows_from_being_met(stage: Stage) -> None:
    """Two batteries are commanded; only one follows. The other must not vanish from the rows behind its effect."""
    commanded(stage)
    both: dict[str, float | None] = {"battery": None, "battery_2": None}
    stage.judge.requires |= dict.fromkeys(("1.3", "1.4", "1.5"), both)
    stage.arrive(DMS, NETWORK, COMMAND, command("battery_2"))
    stage.judge.measurements = {"battery": power(500.0), "battery_2": power(0.0)}
    stage.until(30.0)
    assert stage.instance("1.4", "battery").state is MET
    stage.arrive(NETWORK, DMS, COMMAND, command("battery"))
    assert stage.instance("1.5", "battery").state is MET
    assert stage.state("1.5") is NOT_RUN, "battery_2 has not come as far as this row"
    stage.until(70.0)
    stage.conformance.finish()
    assert (stage.state("1.4"), stage.state("1.5")) == (NOT_MET, NOT_RUN)
    assert stage.instance("1.5", "battery_2").reason == "waited for 1.4"


def test_a_row_waits_for_every_meter_that_began_the_occurrence(stage: Stage) -> None:
    alerted(stage, "m1")
    stage.arrive(METER, NETWORK, ALERT, alert("m2"), "alert-2")
    assert not stage.conformance.is_settled("1.1.1")


def test_an_effect_counts_once_it_has_held(stage: Stage) -> None:
    commanded(stage)
    stage.judge.measurements["battery"] = power(495.0)
    stage.until(EFFECT_HOLD_S - 1.0)
    assert stage.state("1.4") is NOT_RUN, "a battery that only passes through its set-point has not responded"
    stage.until(EFFECT_HOLD_S + 1.0)
    assert stage.state("1.4") is MET
    assert stage.instance("1.4", "battery").evidence == ("measurement:1",)


def test_an_effect_that_is_left_again_starts_to_hold_anew(stage: Stage) -> None:
    commanded(stage)
    for value in (*[495.0] * 9, 300.0, *[495.0] * 9):
        stage.judge.measurements["battery"] = power(value)
        stage.until(stage.clock.now_s + 1.0)
    assert stage.state("1.4") is NOT_RUN


@pytest.mark.parametrize(
    ("value", "uncertainty", "state"),
    [
        (0.0, 5.0, NOT_MET),
        (-500.0, 5.0, NOT_MET),
        (450.0, 5.0, NOT_MET),
        (468.0, 5.0, INCONCLUSIVE),
        (500.0, 40.0, INCONCLUSIVE),
        (None, 0.0, INCONCLUSIVE),
    ],
    ids=["ignored", "wrong sign", "scaled by 0.9", "at its limit", "coarse instrument", "no instrument"],
)
def test_an_effect_that_cannot_be_shown_is_never_met(
    stage: Stage, value: float | None, uncertainty: float, state: RowState
) -> None:
    commanded(stage)
    stage.judge.measurements["battery"] = power(value, uncertainty)
    stage.until(60.0)
    assert stage.state("1.4") is NOT_RUN
    stage.until(61.0)
    assert stage.state("1.4") is state
    assert stage.instance("1.4", "battery").evidence == ("measurement:1",)


def test_an_effect_that_nobody_measured_is_inconclusive(stage: Stage) -> None:
    commanded(stage)
    stage.until(61.0)
    assert stage.state("1.4") is INCONCLUSIVE
    assert stage.instance("1.4", "battery").reason == "nothing was measured"


def test_an_effect_reached_too_late_to_hold_is_not_met(stage: Stage) -> None:
    commanded(stage)
    stage.judge.measurements["battery"] = power(0.0)
    stage.until(59.0)
    stage.judge.measurements["battery"] = power(500.0)
    stage.until(70.0)
    assert stage.state("1.4") is not MET


def test_a_devices_own_word_does_not_meet_an_effect(stage: Stage) -> None:
    commanded(stage)
    stage.arrive(BATTERY, BATTERY, COMMAND, command())
    assert stage.state("1.4") is NOT_RUN


def test_a_command_to_nobody_is_never_met(stage: Stage) -> None:
    """A selection without a battery leaves its rows NOT_RUN: what did not happen is not passed."""
    alerted(stage)
    stage.arrive(PEOPLE, APPLICATION, BEGIN, BeginAutomation(event="e1"))
    stage.until(100.0)
    stage.conformance.finish()
    assert [stage.state(number) for number in ("1.3", "1.4", "1.5")] == [NOT_RUN] * 3


def test_every_row_is_in_the_record_whatever_happened(stage: Stage) -> None:
    stage.until(91.0)
    stage.conformance.finish()
    lines = RunDirectory.open(stage.writer.path).rows
    assert {line.row for line in lines} == {made.number for made in ROWS}
    assert (lines[0].row, lines[0].instance, lines[0].state) == ("1.1", "m1", NOT_MET)
