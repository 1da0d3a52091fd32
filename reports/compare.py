"""What differs between two runs, from the top down: what was played, what came of it, what was measured and said.

Wall time is no difference: when a run was started says nothing of what happened in it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import zip_longest
from typing import Any

from reports.run_directory import MeasurementLine, RowItem, RunDirectory, RunSummary, ScenarioRun, TraceLine

SHOWN = 160
"""Characters of one thing that a line shows."""
JUDGED = ("verdict", "value", "uncertainty", "lower", "upper", "unit", "source")
"""What makes up a measurement, besides its name and its time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same in both runs; None stands for what a run does not have."""

    subject: str
    left: str | None
    right: str | None

    def __str__(self) -> str:
        return f"{self.subject}: {_shown(self.left)} | {_shown(self.right)}"


def differences(left: RunDirectory, right: RunDirectory) -> list[Difference]:
    """Compare two runs from the top down; an empty list says that the same was exchanged and found."""
    return [
        *_values("", _head(left.run), _head(right.run)),
        *_values("certification", _certified(left.run), _certified(right.run)),
        *_scenarios(left, right),
        *_measurements(left, right),
        *_first_trace_line(left, right),
    ]


def _shown(text: str | None) -> str:
    if text is None:
        return "absent"
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}..."


def _values(subject: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[Difference]:
    """Name what differs key by key; where only one has it, the other lacks it."""
    for key in {**left, **right}:
        if left.get(key) != right.get(key):
            name = " ".join(filter(None, (subject, key)))
            yield Difference(name, _text(left.get(key)), _text(right.get(key)))


def _text(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return None if value is None else str(value)


def _head(run: RunSummary) -> dict[str, Any]:
    """Return what was played and by what, as one level of names."""
    head: dict[str, Any] = {
        "verdict": run.verdict.value,
        "complete": "yes" if run.complete else "no",
        "simulated": "yes" if run.without_equipment else "no",
        "seed": run.seed,
        "faults": list(run.faults),
    }
    head |= {f"bench {key}": value for key, value in run.bench.items()}
    head |= {f"version of {name}": value for name, value in run.versions.items()}
    for name, device in run.devices.items():
        identity = device.get("identity") or {}
        head[f"device {name}"] = "emulated" if device.get("emulated") else "real"
        head |= {f"device {name} {key}": value for key, value in device.items() if key not in {"identity", "emulated"}}
        head |= {f"device {name} {key}": value for key, value in identity.items()}
    return head


def _certified(run: RunSummary) -> dict[str, Any]:
    """Return what a certification was about and what each clause came to, as one level of names."""
    about = run.certification
    told = {key: about[key] for key in ("suite", "version", "device", "partial", "unconfirmed") if key in about}
    for part in ("file", "nameplate", "settings"):
        told |= {f"{part} {key}": value for key, value in (about.get(part) or {}).items()}
    clauses = about.get("coverage", ())
    return told | {f"clause {entry['clause']} {entry['title']}": entry["verdict"] for entry in clauses}


def _scenarios(left: RunDirectory, right: RunDirectory) -> Iterator[Difference]:
    ours = {scenario.key: scenario for scenario in left.run.scenarios}
    theirs = {scenario.key: scenario for scenario in right.run.scenarios}
    for key in ours | theirs:
        one, other = ours.get(key), theirs.get(key)
        if one is None or other is None or one.verdict is not other.verdict:
            yield Difference(f"scenario {key}", _verdict(one), _verdict(other))
        if one is not None and other is not None:
            yield from _values(f"scenario {key} precondition", _preconditions(one), _preconditions(other))
            yield from _rows(key, one, other)


def _verdict(scenario: ScenarioRun | None) -> str | None:
    return None if scenario is None else scenario.verdict.value


def _preconditions(scenario: ScenarioRun) -> dict[str, str]:
    return {f"{c.text!r}": f"{c.word} ({c.evidence or c.how})" for c in scenario.preconditions}


def _rows(key: str, one: ScenarioRun, other: ScenarioRun) -> Iterator[Difference]:
    ours, theirs = _named(one.items, _row_name), _named(other.items, _row_name)
    cites: list[str] = []
    for name in ours | theirs:
        left, right = ours.get(name), theirs.get(name)
        if left is not None and right is not None and _outcome(left) == _outcome(right):
            if _reason(left) != _reason(right):
                yield Difference(f"scenario {key} row {name}", _reason(left), _reason(right))
            elif left.evidence != right.evidence:
                cites.append(name)
        else:
            yield Difference(f"scenario {key} row {name}", _whole(left), _whole(right))
    if cites:
        first, count = cites[0], f"{len(cites)} row outcomes alike cite other evidence, first {cites[0]}"
        yield Difference(f"scenario {key} {count}", _cited(ours[first]), _cited(theirs[first]))


def _named(items: Iterable[Any], name_of: Any) -> dict[str, Any]:
    """Return items by name; those that come again under one name are counted."""
    count: Counter[str] = Counter()
    named: dict[str, Any] = {}
    for item in items:
        name = name_of(item)
        count[name] += 1
        named[name if count[name] == 1 else f"{name} #{count[name]}"] = item
    return named


def _row_name(item: RowItem) -> str:
    return " ".join(filter(None, (item.row, item.occurrence, item.instance)))


def _outcome(item: RowItem) -> str:
    return item.state.value if item.time_s is None else f"{item.state.value} at {item.time_s:g} s"


def _whole(item: RowItem | None) -> str | None:
    return None if item is None else _outcome(item) + (f" ({item.reason})" if item.reason else "")


def _reason(item: RowItem) -> str:
    due = "" if item.due_s is None else f", due by {item.due_s:g} s"
    return f"{_outcome(item)}{due}" + (f" ({item.reason})" if item.reason else "")


def _cited(item: RowItem) -> str:
    return ", ".join(item.evidence) or "none"


def _measurements(left: RunDirectory, right: RunDirectory) -> Iterator[Difference]:
    """Name what was measured otherwise; of a scenario that only one run has, nothing more is told than that."""
    shared = {scenario.key for scenario in left.run.scenarios} & {scenario.key for scenario in right.run.scenarios}
    ours, theirs = (
        _named((line for line in run.measurements if not line.scenario or line.scenario in shared), _measured_name)
        for run in (left, right)
    )
    for name in ours | theirs:
        one, other = ours.get(name), theirs.get(name)
        columns = [column for column in JUDGED if _differs(one, other, column)]
        if columns:
            yield Difference(f"measurement {name}", _measured(one, columns), _measured(other, columns))


def _measured_name(line: MeasurementLine) -> str:
    where = f"scenario {line.scenario}" if line.scenario else ""
    row = f"row {line.row}" if line.row else ""
    return " ".join(filter(None, (where, row, line.quantity)))


def _measured(line: MeasurementLine | None, columns: Sequence[str]) -> str | None:
    if line is None:
        return None
    return " ".join([str(line.verdict), *(f"{c} {getattr(line, c)}" for c in columns if c != "verdict")])


def _first_trace_line(left: RunDirectory, right: RunDirectory) -> Iterator[Difference]:
    for number, (one, other) in enumerate(zip_longest(left.trace, right.trace), start=1):
        if one != other:
            columns = [field.name for field in fields(TraceLine) if _differs(one, other, field.name)]
            lines = (_line(one, columns, other), _line(other, columns, one))
            yield Difference(f"trace line {number} ({', '.join(columns)})", *lines)
            return


def _differs(one: Any, other: Any, column: str) -> bool:
    return one is None or other is None or getattr(one, column) != getattr(other, column)


def _line(line: TraceLine | None, columns: Sequence[str], other: TraceLine | None) -> str | None:
    """Say what a message was, and what of it is not told by that and differs from the other's."""
    if line is None:
        return None
    text = f"{line.time_s:g} s {line.producer} → {line.receiver}: {line.information}"
    hidden = [] if other is None else [c for c in columns if c not in {"producer", "receiver", "information"}]
    told = (f"{c} {_part(getattr(line, c), getattr(other, c))}" for c in hidden)
    return f"{text} ({'; '.join(told)})" if hidden else text


def _part(value: Any, other: Any) -> str:
    """Return of a mapping what differs, and anything else as it is."""
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        return str({key: entry for key, entry in value.items() if key not in other or other[key] != entry})
    return str(_text(value))
