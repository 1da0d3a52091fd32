"""Did a run with a fault end as its case says, and where is that to be seen? Judged from the run directory alone."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.fault_cases import FaultCase
from reports.evidence import bounds, measured
from reports.run_directory import MeasurementLine, RowItem, RunDirectory
from reports.run_directory.layout import RUN_FILE
from reports.verdict import RowState, Verdict

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_BAD = {Verdict.FAIL, Verdict.ERROR}


@dataclass(frozen=True)
class Seen:
    """A place in a run where something shows: the row or clause, what is said there, and value against limit."""

    where: str
    told: str
    figure: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a run ended, where its fault showed (None: nowhere where it had to), and what is wrong with that."""

    verdict: Verdict
    seen: Seen | None
    objection: str = ""


def judge(case: FaultCase, directory: RunDirectory) -> Outcome:
    """Hold a run against its case; the objection is empty when it ended as the case says, where it says."""
    verdict = directory.run.verdict
    if objection := _not_this_case(case, directory):
        return Outcome(verdict, None, objection)
    places = _told_of(case, directory) if case.verdict is Verdict.PASS else _failed(directory)
    seen = next((place for place in places if _is_expected(case, place)), None)
    first = places[0] if places else None
    if verdict is not case.verdict:
        return Outcome(verdict, seen or first, f"it ended with {verdict}, and has to end with {case.verdict}")
    if seen is None:
        return Outcome(verdict, first, _nowhere(case, places))
    return Outcome(verdict, seen)


def judge_clean(directory: RunDirectory) -> Outcome:
    """Hold a run without any fault against what good equipment deserves."""
    run = directory.run
    met, expected = sum(s.met for s in run.scenarios), sum(s.expected for s in run.scenarios)
    judged = sum(line.verdict == Verdict.PASS for line in directory.measurements)
    seen = Seen("", f"{met} of {expected} rows met, {judged} measurements passed")
    if not judged:
        return Outcome(run.verdict, seen, "nothing was measured: that proves nothing")
    if run.verdict is Verdict.PASS and run.complete:
        return Outcome(run.verdict, seen)
    failed = _failed(directory)
    reason = "; ".join(scenario.reason for scenario in run.scenarios)
    return Outcome(run.verdict, failed[0] if failed else seen, f"good equipment ended with {run.verdict}: {reason}")


def _not_this_case(case: FaultCase, directory: RunDirectory) -> str:
    document = _document(directory)
    if not directory.run.complete:
        return "the run did not finish"
    if document.get("faults") != [case.fault.text]:
        return f"the run was not played with this fault, but with {document.get('faults')}"
    if [scenario.title for scenario in directory.run.scenarios] != [case.plays]:
        return f"the run played {[scenario.title for scenario in directory.run.scenarios]}"
    return ""


def _is_expected(case: FaultCase, place: Seen) -> bool:
    """Whether a place is one at which the case has to show; an error without a place shows in the scenario's reason."""
    named = place.where in case.caught_at or (case.verdict is Verdict.ERROR and _tells_of(place.told, case.caught_at))
    return named and (case.verdict is Verdict.PASS or _names(place.told, case.culprit))


def _names(told: str, culprit: str) -> bool:
    """Whether a text names the culprit; a name that only begins another one (`net_meter_1`, of 17) is not it."""
    ends = (r"(?<!\w)", r"(?!\w)") if _NAME.fullmatch(culprit) else ("", "")
    return re.search(re.escape(culprit).join(ends), told) is not None


def _tells_of(told: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(text in told for text in wanted)


def _nowhere(case: FaultCase, places: Sequence[Seen]) -> str:
    if case.verdict is Verdict.PASS:
        return f"nothing in the run says that it happened: looked for {', '.join(case.caught_at)}"
    found = "; ".join(f"{place.where or 'no row or clause'}: {place.told}" for place in places[:3]) or "nothing"
    wanted = " or ".join(case.caught_at) or "the scenario's reason"
    return f"it was not caught at {wanted} with {case.culprit!r} told there; what failed: {found}"


def _failed(directory: RunDirectory) -> list[Seen]:
    """List what failed: rows in the use case's order, then measurements, then what ended a scenario."""
    items = [item for scenario in directory.run.scenarios for item in scenario.items]
    rows = [_row(item, directory) for item in items if item.state is RowState.NOT_MET]
    lines = [line for line in directory.measurements if line.verdict in _BAD]
    reasons = [Seen("", scenario.reason) for scenario in directory.run.scenarios if scenario.reason]
    return [*rows, *(_measurement(line) for line in lines), *reasons]


def _row(item: RowItem, directory: RunDirectory) -> Seen:
    told = ": ".join(filter(None, (item.instance, item.reason)))
    cited = [line for line in directory.measurements if f"measurement:{line.seq}" in item.evidence]
    bad = [line for line in cited if line.verdict != Verdict.PASS]
    return Seen(item.row, told, _figure(bad[-1]) if bad else "")


def _measurement(line: MeasurementLine) -> Seen:
    told = f"{line.quantity}, by {line.source}"
    return Seen(line.clause or line.row or "", told, _figure(line))


def _figure(line: MeasurementLine) -> str:
    return f"{measured(line)}, {bounds(line)}"


def _told_of(case: FaultCase, directory: RunDirectory) -> list[Seen]:
    """Find what a case that has to pass is looked for by: a counter that is not zero, or a text that is in the record.

    What the fault itself is called is no evidence of it, so the run's list of faults is not looked at.
    """
    scenarios = _document(directory).get("scenarios", [])
    lines = [_measurement(line) for line in directory.measurements]
    found = [Seen(name, told) for name in case.caught_at for told in _telling(scenarios, name)]
    return [*found, *(Seen(name, s.told, s.figure) for name in case.caught_at for s in lines if name in s.told)]


def _telling(value: Any, name: str, path: str = "") -> Iterator[str]:
    """Yield counters of a name that are not zero, and texts that contain it, with where they stand."""
    if isinstance(value, dict):
        for key, below in value.items():
            place = f"{path}.{key}".lstrip(".")
            if name.replace(" ", "_") in key and isinstance(below, int | float) and below:
                yield f"{place}: {below:g}"
            yield from _telling(below, name, place)
    elif isinstance(value, list):
        for below in value:
            yield from _telling(below, name, path)
    elif isinstance(value, str) and name in value:
        yield f"{path}: {value}"


def _document(directory: RunDirectory) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((directory.path / RUN_FILE).read_bytes())
    return document
