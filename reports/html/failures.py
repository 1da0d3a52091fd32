"""What the reader of a failed run needs first: what was awaited, what came last on the way, what the wire said."""

from collections.abc import Iterable
from dataclasses import dataclass

from reports.evidence import sentence, wire_endpoint
from reports.rows import RowGroup
from reports.run_directory import RunDirectory, ScenarioRun, TraceLine
from reports.verdict import RowState

LAST = 6


@dataclass(frozen=True)
class Failure:
    """A row that was not met, with what was going on around it."""

    group: RowGroup
    messages: list[str]
    exchanges: list[str]
    endpoints: list[str]


def failures(directory: RunDirectory, scenario: ScenarioRun, groups: Iterable[RowGroup]) -> list[Failure]:
    """Rows of a scenario that are NOT_MET, in their order."""
    return [_failure(directory, scenario, group) for group in groups if group.state is RowState.NOT_MET]


def _failure(directory: RunDirectory, scenario: ScenarioRun, group: RowGroup) -> Failure:
    until_s = float("inf") if group.due_s is None else group.due_s
    trace = [line for line in directory.trace if line.time_s <= until_s and directory.belongs(line, scenario)]
    messages = _on_the_way(trace, group)
    endpoints = _endpoints(directory, group, messages)
    exchanges = [
        line
        for line in directory.wire
        if line.endpoint in endpoints and line.time_s <= until_s and directory.belongs(line, scenario)
    ]
    return Failure(
        group,
        [f"trace:{line.seq} at {sentence(line)}" for line in messages],
        [f"wire:{line.seq} at {sentence(line)}" for line in exchanges[-LAST:]],
        endpoints,
    )


def _endpoints(directory: RunDirectory, group: RowGroup, messages: list[TraceLine]) -> list[str]:
    """Devices that the failing instances name or cite, or that the last messages on the way cite."""
    named = [item.instance for item in group.items if item.state is RowState.NOT_MET and item.instance]
    citations = [*group.evidence, *(cited for line in messages for cited in line.evidence or ())]
    cited = [wire_endpoint(directory, citation) for citation in citations]
    return list(dict.fromkeys([*named, *(endpoint for endpoint in cited if endpoint)]))


def _on_the_way(trace: list[TraceLine], group: RowGroup) -> list[TraceLine]:
    """Last messages about the row's information or between its partners; the last of all where there are none."""
    item = group.failing_first[0]
    partners = {item.producer, item.receiver}
    near = [line for line in trace if line.information == item.information or partners & {line.producer, line.receiver}]
    return (near or trace)[-LAST:]
