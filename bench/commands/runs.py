"""`bench verify`, `report` and `compare`: what can be said of recorded runs from their files alone."""

from pathlib import Path

from reports.compare import differences
from reports.rendering import render
from reports.run_directory import RunDirectory, integrity
from reports.run_directory.layout import MANIFEST_FILE
from reports.verdict import Verdict


def verify(path: Path) -> tuple[str, Verdict]:
    """Check all hashes of a run: FAIL names what is not as written, INCONCLUSIVE is a run that did not finish.

    A damaged run.json is a finding. Raises ReportError when nothing there says that it was a run directory.
    """
    findings = integrity.verify(path) if (path / MANIFEST_FILE).is_file() else RunDirectory.open(path).verify()
    if not findings:
        return f"{path}: every byte is as it was written", Verdict.PASS
    unfinished_only = all(finding.kind == "incomplete" for finding in findings)
    return "\n".join(map(str, findings)), Verdict.INCONCLUSIVE if unfinished_only else Verdict.FAIL


def report(path: Path) -> str:
    """Render a run again and tell where; raises ReportError when it is no run directory."""
    return f"report: {render(path) / 'report.html'}"


def compare(left: Path, right: Path) -> tuple[str, Verdict]:
    """Name what differs between two runs, `left | right`; FAIL when anything does. Raises ReportError."""
    runs = [RunDirectory.open(path) for path in (left, right)]
    lines = [f"{run.path}: the run did not finish" for run in runs if not run.run.complete]
    found = list(map(str, differences(*runs)))
    same = [] if found else ["the same was exchanged and found"]
    return "\n".join([*lines, *found, *same]), Verdict.FAIL if found else Verdict.PASS
