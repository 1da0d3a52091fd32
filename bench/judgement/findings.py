"""What a run says of itself, held against what judging it again gives."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

from bench.evidence import RowRecord
from bench.judgement.replay import Rejudged
from bench.measurement import Measurement
from reports.run_directory import MeasurementLine, RowLine, RunDirectory, ScenarioRun
from reports.verdict import RowState, worst

OUTCOME = ("state", "time_s", "due_s", "occurrence", "reason", "evidence")
"""What makes up the outcome of a row, that which a reader wants to know first at the front."""
NOTHING: Mapping[str, Any] = {}
NEVER = "not there"


@dataclass(frozen=True)
class Change:
    """One thing that is not as the run has it: what it was, and what it is when it is judged again."""

    subject: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.subject}: was {self.was}, is {self.now}"


def changes(run: RunDirectory, judged: Sequence[Rejudged]) -> list[Change]:
    """Hold verdicts, rows and measurements of a run against the same judged again.

    What a run that did not finish has not written into run.json is not missed.
    """
    found = [change for scenario in judged for change in _measured(scenario)]
    if not run.run.complete:
        return found
    verdict = worst(scenario.verdict for scenario in judged)
    if verdict is not run.run.verdict:
        found.insert(0, Change("verdict", run.run.verdict.value, verdict.value))
    return found + list(_scenarios(run.run.scenarios, judged))


def changed_decisions(run: RunDirectory, judged: Sequence[Rejudged]) -> Iterator[Change]:
    """Hold rows.jsonl against the decisions on rows when they are made again, up to the first that is another.

    Of a run that did not finish, the files end at different moments: what is in one of them only, is no change.
    """
    again = chain.from_iterable(scenario.decided for scenario in judged)
    for number, (line, made) in enumerate(zip_longest(run.rows, again), start=1):
        if not run.run.complete and (line is None or made is None):
            return
        was, now = NOTHING if line is None else _of_line(line), NOTHING if made is None else _of_decision(*made)
        if was != now:
            yield Change(f"rows.jsonl line {number}", *_worded(was, now))
            return


def _scenarios(recorded: Sequence[ScenarioRun], judged: Sequence[Rejudged]) -> Iterator[Change]:
    for entry, again in zip_longest(recorded, judged):
        if entry is None or again is None or entry.key != again.scenario:
            was = NEVER if entry is None else f"{entry.key} {entry.verdict}"
            now = NEVER if again is None else f"{again.scenario} {again.verdict}"
            yield Change("scenario", was, now)
            continue
        if entry.verdict is not again.verdict:
            yield Change(f"scenario {entry.key}", entry.verdict.value, again.verdict.value)
        yield from _rows(entry, again)


def _rows(entry: ScenarioRun, again: Rejudged) -> Iterator[Change]:
    was = _named({name: getattr(item, name) for name in _COLUMNS} for item in entry.items)
    now = _named({name: item[name] for name in _COLUMNS} for item in again.items)
    for name in was | now:
        one, other = was.get(name, NOTHING), now.get(name, NOTHING)
        if one != other:
            yield Change(f"scenario {entry.key} row {name}", *_worded(one, other))
    states = again.states
    met, expected = sum(s.is_met for s in states), sum(s is not RowState.NOT_APPLICABLE for s in states)
    if (met, expected) != (entry.met, entry.expected):
        yield Change(f"scenario {entry.key} rows met", f"{entry.met} of {entry.expected}", f"{met} of {expected}")


_COLUMNS = ("row", "instance", *OUTCOME)


def _named(items: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the outcomes by row and instance; those of further occurrences, behind the first, are counted."""
    named: dict[str, Mapping[str, Any]] = {}
    count: Counter[str] = Counter()
    for item in items:
        name = " ".join(filter(None, (item["row"], item["instance"])))
        count[name] += 1
        named[name if count[name] == 1 else f"{name} #{count[name]}"] = _plain(item)
    return named


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(item[name]) if name == "evidence" else item[name] for name in OUTCOME}


def _of_line(line: RowLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in _DECISION}


def _of_decision(time_s: float, record: RowRecord) -> dict[str, Any]:
    decided = {name: getattr(record, name) for name in _DECISION if name != "time_s"}
    return decided | {"time_s": round(time_s, 6), "state": record.state.value, "evidence": list(record.evidence)}


_DECISION = ("row", "occurrence", "instance", "state", "time_s", "reason", "evidence")


def _worded(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, str]:
    """Say of both what is not the same in them, behind state and time."""
    columns = [name for name in (*_DECISION, "due_s") if was.get(name) != now.get(name)]
    return _outcome(was, columns), _outcome(now, columns)


def _outcome(found: Mapping[str, Any], columns: Sequence[str]) -> str:
    if not found:
        return NEVER
    time_s = found["time_s"]
    text = str(found["state"]) + ("" if time_s is None else f" at {time_s:g} s")
    more = [f"{name} {found.get(name)!r}" for name in columns if name not in {"state", "time_s", "evidence"}]
    cited = [f"citing {_cited(found.get('evidence'))}"] if "evidence" in columns else []
    return f"{text} ({'; '.join(more + cited)})" if more or cited else text


def _cited(evidence: Any) -> str:
    return ", ".join(map(str, evidence)) or "nothing" if isinstance(evidence, list) else repr(evidence)


def _measured(scenario: Rejudged) -> Iterator[Change]:
    for proof in (*scenario.proofs, *scenario.of_rows):
        was, now = _of_measurement(proof.line), _of_rejudged(proof.measurement)
        if was != now:
            columns = [name for name in now if was[name] != now[name]]
            subject = f"measurement:{proof.line.seq} {proof.line.quantity}"
            yield Change(subject, _pairs(was, columns), _pairs(now, columns))


def _of_measurement(line: MeasurementLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in ("verdict", "value", "uncertainty", "lower", "upper")}


def _of_rejudged(measurement: Measurement) -> dict[str, Any]:
    limits = measurement.limits
    return {
        "verdict": measurement.verdict.value,
        "value": measurement.value if measurement.is_measured else None,
        "uncertainty": measurement.uncertainty,
        "lower": limits.lower,
        "upper": limits.upper,
    }


def _pairs(found: Mapping[str, Any], columns: Sequence[str]) -> str:
    return " ".join([found["verdict"], *(f"{name} {found[name]}" for name in columns if name != "verdict")])
