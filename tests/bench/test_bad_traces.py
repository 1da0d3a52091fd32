"""What the matcher makes of bad input: traces like recorded ones, each spoilt in one way, and told as what they are."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from by_hand import FakeJudge, Stage, alert, command, power, row
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.bus import Delivery
from bench.messages.equipment import BeginAutomation, OperationalCommand, Payload, VoltageOutOfRangeEvent
from bench.messages.names import Information, Party
from bench.use_case.conformance import EFFECT_HOLD_S
from bench.use_case.model import Row
from reports.verdict import RowState

MET, NOT_MET, NOT_RUN = RowState.MET, RowState.NOT_MET, RowState.NOT_RUN
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
NUMBERS = [made.number for made in ROWS]
BEFORE = {"1.1.1": {"1.1"}, "1.2": {"1.1.1"}, "1.3": {"1.2"}, "1.4": {"1.3"}, "1.5": {"1.4"}}
TRUE_V = {"m1": 113.0, "m2": 112.0}
COMMANDED_KW = 500.0


@dataclass
class Physics(FakeJudge):
    """A judge who knows the true voltages and the true power, and holds every payload against them."""

    flows_kw: float = COMMANDED_KW

    def objection(self, row: Row, delivery: Delivery) -> str | None:
        payload = delivery.message.payload
        if isinstance(payload, VoltageOutOfRangeEvent) and abs(payload.voltage_v - TRUE_V[payload.meter]) > 0.5:
            return f"{payload.voltage_v:.1f} V is told of {payload.meter}, which has {TRUE_V[payload.meter]:.1f} V"
        if row.number == "1.5" and isinstance(payload, OperationalCommand):
            told_kw = payload.command.power_kw
            return (
                None if abs(told_kw - self.flows_kw) < 30.0 else f"{told_kw:.0f} kW told, {self.flows_kw:.0f} kW flow"
            )
        return None


@dataclass(frozen=True)
class Entry:
    """A line of a trace."""

    time_s: float
    producer: Party
    receiver: Party
    information: Information
    payload: Payload
    correlation: str = "e1"


Trace = Mapping[str, Entry]

GOOD: Trace = {
    "alert m1": Entry(1.0, METER, NETWORK, ALERT, alert("m1", 113.0), "alert-1"),
    "alert m2": Entry(2.0, METER, NETWORK, ALERT, alert("m2", 112.0), "alert-2"),
    "filed m1": Entry(3.0, NETWORK, MDMS, ALERT, alert("m1", 113.0)),
    "filed m2": Entry(4.0, NETWORK, MDMS, ALERT, alert("m2", 112.0)),
    "begin": Entry(6.0, PEOPLE, APPLICATION, BEGIN, BeginAutomation(event="e1")),
    "command": Entry(8.0, DMS, NETWORK, COMMAND, command("battery", COMMANDED_KW)),
    "status": Entry(25.0, NETWORK, DMS, COMMAND, command("battery", COMMANDED_KW)),
}
END_S = 120.0


@dataclass
class Played:
    """A stage after a trace, with what the tests ask of it."""

    stage: Stage
    states: dict[str, RowState] = field(default_factory=dict)

    def words(self, number: str) -> str:
        """All that the matcher says of a row: reasons of its instances, and what it noted."""
        watch = self.stage.conformance.watches[number]
        return "; ".join([*(i.reason for i in watch.instances.values()), *watch.notes])


def play(folder: Path, trace: Trace, measured_kw: float = COMMANDED_KW) -> Played:
    """Let the lines of a trace arrive at their times, and the scenario run on to its end."""
    meters: dict[str, float | None] = {"m1": 0.0, "m2": 0.0}
    judge = Physics(requires={"1.1": meters, "1.1.1": dict.fromkeys(meters)}, flows_kw=measured_kw)
    judge.requires |= {number: {"battery": None} for number in ("1.3", "1.4", "1.5")}
    judge.measurements["battery"] = power(measured_kw)
    stage = Stage(folder, ROWS, BEFORE, judge)
    for entry in sorted(trace.values(), key=lambda entry: entry.time_s):
        stage.until(entry.time_s)
        sent = (entry.producer, entry.receiver, entry.information, entry.payload, entry.correlation)
        stage.arrive(*sent, evidence=("wire:1",))
    stage.until(END_S)
    stage.conformance.finish()
    stage.writer.close()
    return Played(stage, {number: stage.state(number) for number in NUMBERS})


def without(*names: str) -> Trace:
    return {name: entry for name, entry in GOOD.items() if name not in names}


def changed(name: str, **columns: object) -> Trace:
    return {**GOOD, name: replace(GOOD[name], **columns)}  # type: ignore[arg-type]


def doubled(name: str, after_s: float = 1.0) -> Trace:
    return {**GOOD, f"{name} again": replace(GOOD[name], time_s=GOOD[name].time_s + after_s)}


def test_the_trace_is_good_before_it_is_spoilt(tmp_path: Path) -> None:
    played = play(tmp_path, GOOD)
    assert set(played.states.values()) == {MET}
    assert all(not played.stage.notes(number) for number in NUMBERS)


@dataclass(frozen=True)
class Spoilt:
    """A trace, the row that has to be blamed with its state, and what has to be said there."""

    name: str
    trace: Trace
    row: str
    state: RowState
    words: tuple[str, ...]


BROKEN = (
    Spoilt(
        "an alert is missing", without("alert m2", "filed m2"), "1.1", NOT_MET, (f"no {ALERT} from {METER}", "for m2")
    ),
    Spoilt("a forwarded alert is missing", without("filed m2"), "1.1.1", NOT_MET, ("for m2 by 12.0 s",)),
    Spoilt("a person does nothing", without("begin"), "1.2", NOT_RUN, ("the scenario ended before it could happen",)),
    Spoilt("a command is missing", without("command"), "1.3", NOT_MET, (f"no {COMMAND} from {DMS}", "for battery")),
    Spoilt("a report is missing", without("status"), "1.5", NOT_MET, (f"no {COMMAND} from {NETWORK}", "for battery")),
    Spoilt(
        "an alert is filed before it came",
        changed("filed m1", time_s=0.5),
        "1.1.1",
        NOT_MET,
        ("trace:1 came at 0.5 s, out of order: 1.1 not met yet",),
    ),
    Spoilt(
        "a command is sent before anybody began",
        changed("command", time_s=5.0),
        "1.3",
        NOT_MET,
        ("came at 5.0 s, out of order: 1.2 not met yet",),
    ),
    Spoilt(
        "a report comes before the effect",
        changed("status", time_s=9.0),
        "1.5",
        NOT_MET,
        ("came at 9.0 s, out of order: 1.4 not met yet",),
    ),
    Spoilt(
        "a report comes too late", changed("status", time_s=70.0), "1.5", NOT_MET, ("came at 70.0 s, when the row was",)
    ),
    Spoilt(
        "another producer",
        changed("filed m1", producer=DMS),
        "1.1.1",
        NOT_MET,
        ("for m1 by 11.0 s", f"came at 3.0 s, from {DMS} to {MDMS} and not from {NETWORK} to {MDMS}"),
    ),
    Spoilt(
        "another receiver",
        changed("command", receiver=APPLICATION),
        "1.3",
        NOT_MET,
        (f"came at 8.0 s, from {DMS} to {APPLICATION} and not from {DMS} to {NETWORK}",),
    ),
    Spoilt(
        "a voltage that the service does not have",
        changed("alert m1", payload=alert("m1", 118.0)),
        "1.1",
        NOT_MET,
        ("118.0 V is told of m1, which has 113.0 V",),
    ),
    Spoilt(
        "a power that does not flow",
        changed("status", payload=command("battery", 900.0)),
        "1.5",
        NOT_MET,
        ("900 kW told, 500 kW flow",),
    ),
    Spoilt(
        "a command of another occurrence",
        changed("command", correlation="e2"),
        "1.3",
        NOT_MET,
        ("belongs to e2, but row 1.2 before it to e1",),
    ),
    Spoilt(
        "one meter's alert filed under another occurrence",
        changed("filed m2", correlation="e2"),
        "1.1.1",
        NOT_MET,
        ("belongs to e2, but row 1.1 before it to e1",),
    ),
    Spoilt(
        "a report of another occurrence",
        changed("status", correlation="e7"),
        "1.5",
        NOT_MET,
        ("belongs to e7, but row 1.4 before it",),
    ),
)


@pytest.mark.parametrize("spoilt", BROKEN, ids=lambda spoilt: spoilt.name)
def test_a_spoilt_trace_is_told_as_what_it_is_at_its_row(spoilt: Spoilt, tmp_path: Path) -> None:
    played = play(tmp_path, spoilt.trace)
    assert played.states[spoilt.row] is spoilt.state, f"{spoilt.row}: {played.words(spoilt.row)}"
    said = played.words(spoilt.row)
    assert all(word in said for word in spoilt.words), said
    at = NUMBERS.index(spoilt.row)
    assert {played.states[n] for n in NUMBERS[:at]} <= {MET}, f"blamed as well: {played.states}"
    assert {played.states[n] for n in NUMBERS[at + 1 :]} <= {NOT_RUN}, f"cannot have happened: {played.states}"


@pytest.mark.parametrize("name", ["alert m1", "filed m2", "begin", "command", "status"])
def test_a_doubled_line_is_noted_and_takes_nothing_back(name: str, tmp_path: Path) -> None:
    played = play(tmp_path, doubled(name))
    assert set(played.states.values()) == {MET}
    (note,) = [played.stage.notes(number) for number in NUMBERS if played.stage.notes(number)]
    assert note.endswith(f"came at {GOOD[name].time_s + 1.0} s, again")


def test_a_doubled_line_with_another_value_does_not_replace_the_first(tmp_path: Path) -> None:
    lie = replace(GOOD["status"], time_s=26.0, payload=command("battery", 900.0))
    played = play(tmp_path, {**GOOD, "another status": lie})
    assert played.states["1.5"] is MET
    assert played.stage.instance("1.5", "battery").time_s == 25.0
    assert "came at 26.0 s, again" in played.stage.notes("1.5")


def test_a_device_that_says_what_it_does_not_do_is_judged_by_the_measurement(tmp_path: Path) -> None:
    played = play(tmp_path, GOOD, measured_kw=0.0)
    assert (played.states["1.4"], played.states["1.5"]) == (NOT_MET, NOT_RUN)
    assert "active power of battery 0.00" in played.words("1.4")


def test_a_whole_second_occurrence_between_the_lines_of_the_first_meets_none_of_its_rows(tmp_path: Path) -> None:
    """Every line of e2 comes half a second after that of e1: the rows stay with e1."""
    second = {
        f"{name} of e2": replace(entry, time_s=entry.time_s + 0.5, correlation="e2") for name, entry in GOOD.items()
    }
    played = play(tmp_path, {**GOOD, **second})
    assert set(played.states.values()) == {MET}
    found = {i.occurrence for w in played.stage.conformance.watches.values() for i in w.instances.values()}
    assert found <= {"e1", ""}, found


@pytest.mark.parametrize("name", ["filed m1", "begin", "command", "status"])
def test_a_line_of_the_second_occurrence_in_place_of_the_firsts_is_not_taken_for_it(name: str, tmp_path: Path) -> None:
    played = play(tmp_path, changed(name, correlation="e2"))
    assert MET in played.states.values()
    assert set(played.states.values()) != {MET}
    told = "; ".join(played.words(number) for number in NUMBERS)
    assert "belongs to e" in told, told


ORDER: tuple[Callable[[list[str]], bool], ...] = (
    lambda names: names.index("alert m1") < names.index("filed m1"),
    lambda names: names.index("alert m2") < names.index("filed m2"),
    lambda names: max(names.index("filed m1"), names.index("filed m2")) < names.index("begin"),
    lambda names: names.index("begin") < names.index("command") < names.index("status"),
)
"""What the rows ask of the order of the lines; the two meters go their own ways."""


@settings(max_examples=60)
@given(st.permutations(list(GOOD)))
def test_only_an_order_that_the_rows_allow_meets_them_all(names: list[str]) -> None:
    """The lines come in any order, two seconds apart, the report after the effect has had time to hold."""
    times_s = {name: 0.5 * number + (EFFECT_HOLD_S + 5.0) * (name == "status") for number, name in enumerate(names)}
    by_time = sorted(times_s, key=times_s.__getitem__)
    with tempfile.TemporaryDirectory() as folder:
        played = play(Path(folder), {name: replace(GOOD[name], time_s=times_s[name]) for name in names})
    assert (set(played.states.values()) == {MET}) == all(allowed(by_time) for allowed in ORDER), by_time
