"""Allure results from the files of a run: a result per scenario, a step per row occurrence, evidence attached.

Times in Allure are milliseconds since an epoch; here they are those of the scenario's clock, counted from zero.
"""

import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from allure_commons.model2 import Attachment, Label, Parameter, Status, StatusDetails, TestResult, TestStepResult
from attr import asdict

from reports.evidence import describe
from reports.rows import RowGroup, group_rows
from reports.run_directory import RunDirectory, ScenarioRun
from reports.verdict import RowState, Verdict

_NAMESPACE = uuid.UUID("5b0f6a52-7c1e-4a5e-9d8b-3d2f0c6e8a11")
_STATUS = {
    Verdict.PASS: Status.PASSED,
    Verdict.FAIL: Status.FAILED,
    Verdict.ERROR: Status.BROKEN,
    Verdict.ABORTED: Status.BROKEN,
    Verdict.INCONCLUSIVE: Status.UNKNOWN,
    Verdict.NOT_RUN: Status.SKIPPED,
    None: Status.SKIPPED,
}


def write_allure_results(directory: RunDirectory, folder: Path) -> None:
    """Write result files and attachments; equal runs give equal files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, scenario in enumerate(directory.run.scenarios, start=1):
        result = _result(directory, scenario, number, folder)
        _write_json(folder / result.file_pattern.format(prefix=result.uuid), result)


def _result(directory: RunDirectory, scenario: ScenarioRun, number: int, folder: Path) -> Any:
    groups = group_rows(scenario.items)
    identity = str(uuid.uuid5(_NAMESPACE, scenario.key))
    return TestResult(
        uuid=str(uuid.uuid5(_NAMESPACE, f"{number} {scenario.key}")),
        historyId=identity,
        testCaseId=identity,
        fullName=f"{scenario.feature or 'scenario'}: {scenario.key}",
        name=f"Scenario {scenario.key} {scenario.title}".strip(),
        status=_STATUS[scenario.verdict],
        statusDetails=_details(_scenario_message(scenario, groups)),
        stage="finished",
        steps=[_step(directory, scenario, group, folder) for group in groups],
        labels=_labels(directory, scenario),
        parameters=_parameters(directory, scenario),
        start=0,
        stop=_milliseconds(max((group.times_s[1] for group in groups if group.times_s), default=0.0)),
    )


def _scenario_message(scenario: ScenarioRun, groups: Iterable[RowGroup]) -> str:
    failed = [f"row {group.name}: {reason}" for group in groups if _failed(group) for reason in group.reasons[:3]]
    return "\n".join(filter(None, [scenario.reason, *failed]))


def _failed(group: RowGroup) -> bool:
    return group.state in (RowState.NOT_MET, RowState.INCONCLUSIVE)


def _step(directory: RunDirectory, scenario: ScenarioRun, group: RowGroup, folder: Path) -> Any:
    times_s = group.times_s or (0.0, 0.0)
    parameters = {"state": group.state.value, "instances": group.count, "due_s": group.due_s}
    return TestStepResult(
        name=f"row {group.name}: {group.text}",
        status=_STATUS[group.state.verdict],
        statusDetails=_details("\n".join(group.reasons)),
        stage="finished",
        parameters=[Parameter(name=name, value=str(value)) for name, value in parameters.items() if value],
        attachments=_attachments(directory, scenario, group, folder),
        start=_milliseconds(times_s[0]),
        stop=_milliseconds(times_s[1]),
    )


def _attachments(directory: RunDirectory, scenario: ScenarioRun, group: RowGroup, folder: Path) -> list[Any]:
    lines = [f"{citation}  {describe(directory, citation)}" for citation in group.evidence]
    texts = {"reason": "\n".join(group.reasons), "evidence": "\n".join(lines)}
    return [_attach(f"{scenario.key} {group.name}", name, text, folder) for name, text in texts.items() if text]


def _attach(place: str, name: str, text: str, folder: Path) -> Any:
    file = f"{uuid.uuid5(_NAMESPACE, f'{place} {name}')}-attachment.txt"
    (folder / file).write_text(text + "\n", encoding="utf-8", errors="replace")
    return Attachment(name=name, source=file, type="text/plain")


def _labels(directory: RunDirectory, scenario: ScenarioRun) -> list[Any]:
    labels = {
        "framework": "derbench",
        "feature": scenario.feature or scenario.title,
        "story": scenario.key,
        "suite": "use case",
        "tag": "simulated" if directory.run.without_equipment else "equipment",
    }
    return [Label(name=name, value=value) for name, value in labels.items() if value]


def _parameters(directory: RunDirectory, scenario: ScenarioRun) -> list[Any]:
    run = directory.run
    values = {
        "bench": run.bench.get("path"),
        "bench sha256": run.bench.get("sha256"),
        "seed": run.seed,
        "verdict": scenario.verdict.value,
        "rows met": f"{scenario.met} of {scenario.expected}",
    }
    return [Parameter(name=name, value=str(value)) for name, value in values.items() if value is not None]


def _details(message: str) -> Any:
    return StatusDetails(message=message) if message else None


def _milliseconds(time_s: float) -> int:
    return round(time_s * 1000)


def _write_json(path: Path, item: Any) -> None:
    data = asdict(item, filter=lambda _attribute, value: bool(value) or value in (False, 0))
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
