"""`bench verify`, `sign`, `report` and `compare`: what can be said of recorded runs from their files alone."""

from collections.abc import Callable, Sequence
from pathlib import Path

from reports.compare import differences
from reports.pdf import add_pdf
from reports.rendering import render
from reports.run_directory import Finding, RunDirectory, integrity
from reports.run_directory.layout import MANIFEST_FILE, RUN_FILE
from reports.signing import check_signatures, is_signed, read_private_key, read_public_key
from reports.signing import sign as sign_run
from reports.verdict import Verdict

UNFINISHED = frozenset({"incomplete", "truncated"})
"""What a kill leaves: no seal, and last lines that stop before their end."""


def verify(path: Path, public_key: Path | None = None) -> tuple[str, Verdict]:
    """Check all hashes of a run, and its signatures where a key is given.

    FAIL names what is not as written, INCONCLUSIVE is a run, or its report, that did not finish. A damaged run.json is
    a finding. Raises ReportError when nothing there says that it was a run directory, or for a key that is none.
    """
    key = None if public_key is None else read_public_key(public_key)
    findings = integrity.verify(path) if (path / MANIFEST_FILE).is_file() else RunDirectory.open(path).verify()
    if key is not None:
        findings += check_signatures(path, key)
    if findings:
        return "\n".join(map(str, findings)), _verdict(findings)
    unchecked = "; its signature was not checked: give --public-key" if key is None and is_signed(path) else ""
    signed = "" if key is None else ", and signed by this key"
    return f"{path}: every byte is as it was written{signed}{unchecked}", Verdict.PASS


def _verdict(findings: Sequence[Finding]) -> Verdict:
    """Tell a run that was killed from one that somebody has changed."""
    killed = any(finding.kind == "incomplete" and finding.file == RUN_FILE for finding in findings)
    excused = UNFINISHED if killed else {"incomplete"}
    return Verdict.INCONCLUSIVE if all(finding.kind in excused for finding in findings) else Verdict.FAIL


def sign(path: Path, key: Path, passphrase: Callable[[], str]) -> str:
    """Sign a whole run with a private key and tell what was written; raises ReportError for a run that is not whole."""
    private_key = read_private_key(key, passphrase)
    return f"signed: {', '.join(str(path / name) for name in sign_run(path, private_key))}"


def report(path: Path) -> str:
    """Render a run again and tell where, with a certificate's PDF; raises ReportError for what is no run directory."""
    rendered = render(path)
    pdf = [add_pdf(rendered)] if RunDirectory.open(path).run.certification else []
    return "\n".join([f"report: {rendered / 'report.html'}", *pdf])


def compare(left: Path, right: Path) -> tuple[str, Verdict]:
    """Name what differs between two runs, `left | right`; FAIL when anything does. Raises ReportError."""
    runs = [RunDirectory.open(path) for path in (left, right)]
    lines = [f"{run.path}: the run did not finish" for run in runs if not run.run.complete]
    found = list(map(str, differences(*runs)))
    same = [] if found else ["the same was exchanged and found"]
    return "\n".join([*lines, *found, *same]), Verdict.FAIL if found else Verdict.PASS
