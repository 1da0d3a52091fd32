"""``run.json`` as typed data. What a run did not state is empty or None here, never guessed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reports.run_directory.layout import RowLine, scenario_key
from reports.run_directory.link_record import LinkRecord, link_record
from reports.verdict import RowState, Verdict


@dataclass(frozen=True, slots=True)
class RowItem:
    """Final state of a row, or of one instance of it. Times are seconds of the scenario's clock."""

    row: str
    state: RowState
    occurrence: str | None = None
    instance: str | None = None
    due_s: float | None = None
    time_s: float | None = None
    reason: str = ""
    evidence: tuple[str, ...] = ()
    text: str = ""
    producer: str = ""
    receiver: str = ""
    information: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A named time at which the report shows the voltage profile."""

    label: str
    time_s: float


@dataclass(frozen=True, slots=True)
class Precondition:
    """A precondition of the use case, how it was checked and whether it held (None where that could not be told).

    ``how`` is configuration, measurement or assumed; empty where the run does not say.
    """

    text: str
    party: str = ""
    how: str = ""
    held: bool | None = None
    evidence: str = ""
    citations: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """What a table says of it."""
        if self.held is None:
            return "assumed" if self.how == "assumed" else "not established"
        return "holds" if self.held else "does not hold"


@dataclass(frozen=True, slots=True)
class OperatingFigures:
    """What operating the feeder took; minutes outside Range A are of any meter, or of all meters summed."""

    operations: Mapping[str, int]
    reversed_operations: Mapping[str, int]
    violation_meter_min: float
    violation_min: float
    losses_kwh: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same stretch of time managed, as the scenario was played, and with autonomous controls only."""

    managed: OperatingFigures
    autonomous: OperatingFigures
    series: str


SMALLEST = 1e-9
"""Keeps a share of a limit of 0 finite."""


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """A response of a device under test held against its band.

    A limit that there is not is infinite, what was not measured is not-a-number.
    """

    what: str
    unit: str
    time_s: float
    stimulus: float
    response: float
    target: float
    error: float
    lower: float
    upper: float
    uncertainty: float
    verdict: Verdict
    stimulus_unit: str = ""
    details: tuple[str, ...] = ()

    @property
    def margin(self) -> float:
        """How far the whole uncertainty band is inside its limits; below 0 where it is not."""
        return min(self.response - self.lower, self.upper - self.response) - self.uncertainty

    @property
    def share(self) -> float:
        """The margin as a share of the band's half, or of the one limit: what is near to its limit is near 0."""
        limit = min((abs(end) for end in (self.lower, self.upper) if math.isfinite(end)), default=1.0)
        half = (self.upper - self.lower) / 2.0
        return self.margin / max(half if math.isfinite(half) else limit, SMALLEST)


@dataclass(frozen=True, slots=True)
class ScenarioRun:
    """One scenario (one variant of it) as it was run."""

    id: str
    variant: str = ""
    title: str = ""
    feature: str = ""
    verdict: Verdict = Verdict.NOT_RUN
    reason: str = ""
    expected: int = 0
    met: int = 0
    items: tuple[RowItem, ...] = ()
    not_encoded: tuple[str, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    people: str = ""
    series: str | None = None
    meters: Mapping[str, float] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    range_a_v: tuple[float, float] | None = None
    coupling: str = ""
    comparison: Comparison | None = None
    not_compared: str = ""
    links: LinkRecord = field(default_factory=LinkRecord)
    findings: tuple[CriterionLine, ...] = ()
    besides: tuple[Verdict, ...] = ()
    """What a type test came to besides its findings: it was stopped, the bench broke, a setting was not taken."""
    equipment_s: float = 0.0
    """How long the type test took in the equipment's own time, s."""

    @property
    def key(self) -> str:
        """What the ``scenario`` column of the logs holds for it."""
        return scenario_key(self.id, self.variant)


EMULATOR_MAKER = "derbench"
"""Whose name the emulators of this bench answer with, also where another process serves them as if they were real."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The run as a whole."""

    complete: bool
    verdict: Verdict
    counts: Mapping[str, int]
    simulated: bool
    seed: int | None
    started: str
    bench: Mapping[str, Any]
    versions: Mapping[str, Any]
    devices: Mapping[str, Mapping[str, Any]]
    scenarios: tuple[ScenarioRun, ...]
    faults: tuple[str, ...] = ()
    """Faults on demand that were in force, as the command line wrote them."""
    certification: Mapping[str, Any] = field(default_factory=dict)
    """Suite, device, nameplate and coverage where a run certifies a device; empty for others."""

    @property
    def emulators(self) -> tuple[str, ...]:
        """What counted as real and yet answered by the name of an emulator of this bench: `bench emulate` serves it."""
        real = {name: device for name, device in self.devices.items() if not device.get("emulated")}
        return tuple(name for name, device in real.items() if _maker(device) == EMULATOR_MAKER)

    @property
    def without_equipment(self) -> bool:
        """Whether any of it was no equipment, so that it says nothing of a real device."""
        return self.simulated or bool(self.emulators)


def _maker(device: Mapping[str, Any]) -> str:
    return str((device.get("identity") or {}).get("manufacturer") or "")


_CRITERION_NUMBERS = ("time_s", "stimulus", "response", "target", "error", "uncertainty")


def summary(document: Mapping[str, Any]) -> RunSummary:
    """Read ``run.json``.

    :raises KeyError, TypeError, ValueError: a part is not what the schema says
    """
    return RunSummary(
        complete=bool(document["complete"]),
        verdict=Verdict(document.get("verdict", Verdict.NOT_RUN)),
        counts=document.get("counts", {}),
        simulated=bool(document.get("simulated", True)),
        seed=document.get("seed"),
        started=str(document.get("started") or ""),
        bench=document.get("bench", {}),
        versions=document.get("versions", {}),
        devices=document.get("devices", {}),
        scenarios=tuple(_scenario(entry) for entry in document.get("scenarios", ())),
        faults=tuple(map(str, document.get("faults", ()))),
        certification=document.get("certification", {}),
    )


def _scenario(entry: Mapping[str, Any]) -> ScenarioRun:
    rows = entry.get("rows", {})
    limits = entry.get("range_a_v")
    comparison = entry.get("comparison") or {}
    return ScenarioRun(
        id=str(entry["id"]),
        variant=str(entry.get("variant") or ""),
        title=str(entry.get("title") or ""),
        feature=str(entry.get("feature") or ""),
        verdict=Verdict(entry.get("verdict", Verdict.NOT_RUN)),
        reason=str(entry.get("reason") or ""),
        expected=int(rows.get("expected", 0)),
        met=int(rows.get("met", 0)),
        items=tuple(_item(item) for item in rows.get("items", ())),
        not_encoded=tuple(map(str, rows.get("not_encoded", ()))),
        preconditions=tuple(_precondition(condition) for condition in entry.get("preconditions", ())),
        people=str(entry.get("people") or ""),
        series=entry.get("series"),
        meters={str(meter): float(km) for meter, km in entry.get("meters", {}).items()},
        moments=tuple(Moment(str(moment["label"]), float(moment["time_s"])) for moment in entry.get("moments", ())),
        range_a_v=(float(limits[0]), float(limits[1])) if limits else None,
        coupling=str(entry.get("coupling") or ""),
        comparison=_comparison(comparison) if "managed" in comparison else None,
        not_compared=str(comparison.get("absent") or ""),
        links=link_record(entry.get("links") or {}),
        findings=tuple(_criterion(finding) for finding in entry.get("findings", ())),
        besides=tuple(Verdict(verdict) for verdict in entry.get("besides", ())),
        equipment_s=float(entry.get("equipment_s", 0.0)),
    )


def _criterion(entry: Mapping[str, Any]) -> CriterionLine:
    numbers = {name: math.nan if entry[name] is None else float(entry[name]) for name in _CRITERION_NUMBERS}
    lower, upper = entry["lower"], entry["upper"]
    return CriterionLine(
        what=str(entry["what"]),
        unit=str(entry["unit"]),
        stimulus_unit=str(entry.get("stimulus_unit") or ""),
        details=tuple(map(str, entry.get("details", ()))),
        verdict=Verdict(entry["verdict"]),
        lower=-math.inf if lower is None else float(lower),
        upper=math.inf if upper is None else float(upper),
        **numbers,
    )


def _comparison(entry: Mapping[str, Any]) -> Comparison:
    return Comparison(_figures(entry["managed"]), _figures(entry["autonomous"]), str(entry["series"]))


def _figures(entry: Mapping[str, Any]) -> OperatingFigures:
    return OperatingFigures(
        operations={str(name): int(count) for name, count in entry["operations"].items()},
        reversed_operations={str(name): int(count) for name, count in entry["reversed_operations"].items()},
        violation_meter_min=float(entry["violation_meter_min"]),
        violation_min=float(entry["violation_min"]),
        losses_kwh=float(entry["losses_kwh"]),
    )


def _item(item: Mapping[str, Any]) -> RowItem:
    return RowItem(
        row=str(item["row"]),
        state=RowState(item["state"]),
        occurrence=item.get("occurrence"),
        instance=item.get("instance"),
        due_s=item.get("due_s"),
        time_s=item.get("time_s"),
        reason=str(item.get("reason") or ""),
        evidence=tuple(item.get("evidence") or ()),
        text=str(item.get("text") or ""),
        producer=str(item.get("producer") or ""),
        receiver=str(item.get("receiver") or ""),
        information=str(item.get("information") or ""),
    )


def _precondition(condition: Mapping[str, Any] | str) -> Precondition:
    if isinstance(condition, str):
        return Precondition(condition)
    held = condition.get("held")
    return Precondition(
        text=str(condition["text"]),
        party=str(condition.get("party") or ""),
        how=str(condition.get("how") or ""),
        held=None if held is None else bool(held),
        evidence=str(condition.get("evidence") or ""),
        citations=tuple(map(str, condition.get("citations") or ())),
    )


def scenarios_from_rows(lines: tuple[RowLine, ...]) -> tuple[ScenarioRun, ...]:
    """What a run that never wrote its scenarios still tells: the last state of every row, scenario by scenario."""
    last: dict[str, dict[tuple[str, str | None, str | None], RowItem]] = {}
    for line in lines:
        item = RowItem(
            line.row,
            RowState(line.state),
            line.occurrence,
            line.instance,
            time_s=line.time_s,
            reason=line.reason or "",
            evidence=tuple(line.evidence or ()),
        )
        last.setdefault(line.scenario, {})[line.row, line.occurrence, line.instance] = item
    return tuple(_unfinished(key, tuple(items.values())) for key, items in last.items())


def _unfinished(key: str, items: tuple[RowItem, ...]) -> ScenarioRun:
    scenario, _, variant = key.partition("/")
    reason = "The run ended before this scenario did; rows that are not listed were not reached."
    return ScenarioRun(scenario, variant, verdict=Verdict.ABORTED, reason=reason, items=items)
