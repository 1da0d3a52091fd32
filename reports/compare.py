"""What differs between two runs: verdicts, row states and times, and the first message that is not the same."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import zip_longest

from reports.run_directory import RowItem, RunDirectory, ScenarioRun, TraceLine


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same in both runs; None stands for what a run does not have."""

    subject: str
    left: str | None
    right: str | None

    def __str__(self) -> str:
        return f"{self.subject}: {self.left or 'absent'} | {self.right or 'absent'}"


def differences(left: RunDirectory, right: RunDirectory) -> list[Difference]:
    """Compare two runs from the top down; an empty list says that the same was exchanged and found."""
    found = [*_scenarios(left, right), *_first_trace_line(left, right)]
    if left.run.verdict is not right.run.verdict:
        found.insert(0, Difference("verdict", left.run.verdict.value, right.run.verdict.value))
    return found


def _scenarios(left: RunDirectory, right: RunDirectory) -> Iterator[Difference]:
    ours = {scenario.key: scenario for scenario in left.run.scenarios}
    theirs = {scenario.key: scenario for scenario in right.run.scenarios}
    for key in ours | theirs:
        one, other = ours.get(key), theirs.get(key)
        if one is None or other is None or one.verdict is not other.verdict:
            yield Difference(f"scenario {key}", _verdict(one), _verdict(other))
        if one is not None and other is not None:
            yield from _rows(key, one, other)


def _verdict(scenario: ScenarioRun | None) -> str | None:
    return None if scenario is None else scenario.verdict.value


def _rows(key: str, one: ScenarioRun, other: ScenarioRun) -> Iterator[Difference]:
    ours, theirs = _outcomes(one), _outcomes(other)
    for name in ours | theirs:
        if ours.get(name) != theirs.get(name):
            yield Difference(f"scenario {key} row {name}", ours.get(name), theirs.get(name))


def _outcomes(scenario: ScenarioRun) -> dict[str, str]:
    return {_name(item): _outcome(item) for item in scenario.items}


def _name(item: RowItem) -> str:
    return " ".join(filter(None, (item.row, item.occurrence, item.instance)))


def _outcome(item: RowItem) -> str:
    return item.state.value if item.time_s is None else f"{item.state.value} at {item.time_s:g} s"


def _first_trace_line(left: RunDirectory, right: RunDirectory) -> Iterator[Difference]:
    for number, (one, other) in enumerate(zip_longest(left.trace, right.trace), start=1):
        if one != other:
            columns = [field.name for field in fields(TraceLine) if _differs(one, other, field.name)]
            yield Difference(f"trace line {number} ({', '.join(columns)})", _line(one), _line(other))
            return


def _differs(one: TraceLine | None, other: TraceLine | None, column: str) -> bool:
    return one is None or other is None or getattr(one, column) != getattr(other, column)


def _line(line: TraceLine | None) -> str | None:
    if line is None:
        return None
    return f"{line.time_s:g} s {line.producer} → {line.receiver}: {line.information}"
