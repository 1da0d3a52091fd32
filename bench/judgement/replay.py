"""Judges a recorded run again, from its files alone: the same matcher and judge, told what they were told then."""

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from bench.bus import Delivery, Message, Priority
from bench.evidence import RowRecord
from bench.judgement.limits import ChangedLimits
from bench.judgement.memory import (
    JudgeBrokeError,
    Memory,
    Recalled,
    RecalledHindrances,
    RecalledLedger,
    RecordedClock,
)
from bench.judgement.rules import Rules
from bench.judgement.verdict import Ground, scenario_verdict
from bench.measurement import Limits, Measurement
from bench.messages.names import Information, Party
from bench.messages.payloads import PAYLOADS
from bench.truth.range_a import ServiceVoltages
from bench.use_case.call_judge import CallField
from bench.use_case.conformance import Conformance
from bench.use_case.judge import Der, Field, PlantJudge, Wiring
from bench.use_case.plan_judge import PlanField
from bench.use_case.row_items import row_items
from instruments.errors import ConfigError
from reports.errors import ReportError
from reports.run_directory import JudgementLine, MeasurementLine, RunDirectory, TraceLine, WireLine
from reports.verdict import RowState, Verdict

CUT_SHORT = "the record of the scenario stops before its end"


@dataclass(frozen=True)
class Proof:
    """A recorded measurement, and what it is when it is judged again."""

    line: MeasurementLine
    measurement: Measurement


@dataclass(frozen=True)
class Rejudged:
    """A scenario as it is judged again. `decided` are all decisions on rows in their order, each with its time, s.

    `proofs` are the measurements that it rests on by themselves, `of_rows` those that decided rows; `ground` is None
    where the record of the scenario stops before its end.
    """

    scenario: str
    rules: Rules | None
    states: Sequence[RowState] = ()
    items: Sequence[Mapping[str, Any]] = ()
    decided: Sequence[tuple[float, RowRecord]] = ()
    proofs: Sequence[Proof] = ()
    of_rows: Sequence[Proof] = ()
    ground: Ground | None = None

    @property
    def verdict(self) -> Verdict:
        """The scenario's verdict by what was recorded and the limits of now."""
        ground = self.ground or Ground(0, aborted=CUT_SHORT)
        return scenario_verdict(self.states, [proof.measurement.verdict for proof in self.proofs], ground)


@dataclass
class Record:
    """A run's files, looked up by number."""

    directory: RunDirectory
    trace: Mapping[int, TraceLine] = field(init=False)

    def __post_init__(self) -> None:
        self.trace = {line.seq: line for line in self.directory.trace}

    def wire(self, scenario: str | None) -> dict[int, WireLine]:
        """Return the exchanges of a scenario by number."""
        return {line.seq: line for line in self.directory.wire if line.scenario == scenario}

    @property
    def wire_cut_at(self) -> float:
        """The number from which on the wire log of a run that was killed may lack what is cited; else infinite."""
        lines = self.directory.wire
        return math.inf if self.directory.run.complete else (lines[-1].seq + 1 if lines else 1)

    def measured(self, after: int, up_to: int | None) -> list[MeasurementLine]:
        """Return the measurements behind one number up to another, or all that there are; raises ReportError."""
        lines = [m for m in self.directory.measurements if m.seq > after and (up_to is None or m.seq <= up_to)]
        if up_to is not None and [line.seq for line in lines] != list(range(after + 1, up_to + 1)):
            raise ReportError(f"of the measurements {after + 1} to {up_to} there are {len(lines)}")
        return lines

    def require_nothing_else(self, after: int, heard: Collection[int]) -> None:
        """Raise ReportError for measurements behind the last, and for messages that nobody heard."""
        if further := [line.seq for line in self.directory.measurements if line.seq > after]:
            raise ReportError(f"measurement {further[0]} belongs to no scenario")
        if unheard := self.trace.keys() - heard:
            raise ReportError(f"nobody has heard trace:{min(unheard)}")


def judge_again(directory: RunDirectory, limits: ChangedLimits) -> list[Rejudged]:
    """Judge every scenario of a run again; raises ReportError where its files do not hold what they should."""
    record, after, judged = Record(directory), 0, []
    for lines in _scenarios(directory.judgement):
        ground = _ground(lines[-1])
        measured = record.measured(after, ground.measurements if ground else None)
        after = ground.measurements if ground else after
        judged.append(_judge(record, lines, ground, measured, limits))
    if directory.run.complete:
        record.require_nothing_else(after, {line.trace for line in directory.judgement if line.trace})
    return judged


def _scenarios(lines: Sequence[JudgementLine]) -> Iterator[list[JudgementLine]]:
    """Part the record at the end of each scenario; the last part of a run that was killed has none."""
    part: list[JudgementLine] = []
    for line in lines:
        part.append(line)
        if line.moment == "end":
            yield part
            part = []
    if part:
        yield part


def _ground(line: JudgementLine) -> Ground | None:
    if line.moment != "end":
        return None
    try:
        return Ground.read(line.ground)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReportError(f"judgement.jsonl line {line.seq} tells no ground of a verdict: {error}") from error


def _judge(
    record: Record,
    lines: Sequence[JudgementLine],
    ground: Ground | None,
    measured: Sequence[MeasurementLine],
    limits: ChangedLimits,
) -> Rejudged:
    key = lines[0].scenario or ""
    if lines[0].moment != "begin":
        return Rejudged(key, None, ground=ground, proofs=[_proof(line, limits) for line in measured])
    try:
        recorded = Rules.read(lines[0].rules)
    except (AttributeError, KeyError, TypeError, ValueError, ConfigError) as error:
        raise ReportError(f"judgement.jsonl line {lines[0].seq} tells no rules: {error}") from error
    rules = recorded.with_limits(limits.rows)
    player = _Player(record, key, rules, limits)
    player.play(lines[1:])
    proofs = [_proof(line, limits) for line in measured if line.seq not in player.cited]
    watches = player.conformance.all_watches
    states = list(player.conformance.states.values())
    found = player.ledger.measured
    of_rows = [Proof(line, found[line.seq]) for line in measured if line.seq in found]
    return Rejudged(key, recorded, states, row_items(watches), player.ledger.decided, proofs, of_rows, ground)


class _Player:
    """Takes matcher and judge through the recorded moments of a scenario."""

    def __init__(self, record: Record, scenario: str, rules: Rules, limits: ChangedLimits) -> None:
        self._trace, self._clock = record.trace, RecordedClock()
        self._memory = Memory(self._clock, limits.of)
        self.ledger = RecalledLedger(self._memory, record.wire(scenario), record.wire_cut_at)
        self._judge = self._make_judge(rules)
        self._links = RecalledHindrances(self._memory)
        self.conformance = Conformance(
            judge=self._judge, evidence=self.ledger, clock=self._clock, hindrances=self._links, **rules.matcher()
        )
        self.cited: set[int] = set()

    def _make_judge(self, rules: Rules) -> PlantJudge:
        def recalled(name: str, kind: type[Any]) -> Any:
            return Recalled(name, kind, self._memory)

        ask = self._memory.ask
        der = Der(
            recalled("planning", PlanField),
            rules.meters,
            rules.read_after_s,
            lambda row: cast("float | None", ask("der.since_s", row)),
        )
        wiring = Wiring(lambda party, name: cast("str | None", ask("wiring.endpoint", party, name)))
        voltages, calls = recalled("voltages", ServiceVoltages), recalled("calls", CallField)
        return PlantJudge(voltages, recalled("field", Field), calls, wiring, self.ledger, der)

    def play(self, lines: Sequence[JudgementLine]) -> None:
        """Go through all moments; where the judge broke, as it did when the run was on, go on with the next."""
        for line in lines:
            self._memory.take(line)
            self.cited |= self._memory.measured
            try:
                self._look(line)
            except JudgeBrokeError:
                continue

    def _look(self, line: JudgementLine) -> None:
        match line.moment:
            case "hear":
                delivery = self._delivery(line)
                self._judge.witness(delivery)
                self.conformance.hear(delivery)
            case "tick":
                self.conformance.tick()
            case "occurrence":
                self.conformance.begin_occurrence()
            case "finish":
                self.conformance.finish()
            case "end":
                pass
            case _:
                raise ReportError(f"judgement.jsonl line {line.seq}: {line.moment!r} is no moment")

    def _delivery(self, line: JudgementLine) -> Delivery:
        told = self._trace.get(line.trace or 0)
        if told is None or line.sent_s is None:
            raise ReportError(f"judgement.jsonl line {line.seq} hears trace:{line.trace}, which is not there")
        try:
            return Delivery(told.seq, line.sent_s, line.time_s, _message(told), self._links.passage(told.seq))
        except (ValueError, TypeError, KeyError, ConfigError) as error:  # pydantic's errors are ValueErrors
            raise ReportError(f"trace.jsonl line {told.seq} is no message: {error}") from error


def _message(line: TraceLine) -> Message:
    information = Information(line.information)
    return Message(
        Party(line.producer),
        Party(line.receiver),
        information,
        PAYLOADS[information].model_validate_json(json.dumps(line.payload)),
        str(line.correlation),
        Priority(line.priority),
        tuple(map(str, line.evidence)),
    )


def _proof(line: MeasurementLine, limits: ChangedLimits) -> Proof:
    return Proof(line, limits.of(read_measurement(line)))


def read_measurement(line: MeasurementLine) -> Measurement:
    """Return a recorded measurement as it was made."""
    return Measurement(
        line.quantity,
        line.value,
        line.unit or "",
        line.uncertainty or 0.0,
        line.time_s,
        line.source or "",
        Limits(line.lower, line.upper),
        line.row,
        line.clause,
        Verdict(line.outside) if line.outside else Verdict.FAIL,
    )
