"""Type tests that several processes carried out, each into a run directory of its own, put together into one.

The one has the content that a single process would have written: scenarios in the order in which they were asked for,
with their lines numbered and chained anew.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.certification.session import CertificationSession, ClauseTitle
from reports.run_directory import scenario_key
from reports.run_directory.layout import COLUMNS, RUN_FILE, LogName, log_file, split_lines
from reports.verdict import Verdict

PARTS = "workers"
"""Folder of the run directory in which the processes write while they are at work."""


@dataclass(frozen=True)
class Part:
    """What one process wrote, whole or as its end left it."""

    path: Path
    run: Mapping[str, Any]
    lines: Mapping[LogName, Mapping[str, list[bytes]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Part":
        """Read the run directory of a process."""
        run = json.loads((path / RUN_FILE).read_bytes())
        return cls(path, run, {log: _by_scenario(path / log_file(log)) for log in COLUMNS})

    def entry(self, title: ClauseTitle) -> dict[str, Any] | None:
        """Return what it recorded of a type test; None of one that was none of its."""
        key = (title.clause, title.variant)
        return next((dict(entry) for entry in self.run["scenarios"] if (entry["id"], entry["variant"]) == key), None)


def put_together(session: CertificationSession, stopped: bool) -> None:
    """Take what the processes recorded into the session, and take their own folder away.

    A type test that was on when its process ended is ABORTED when somebody stopped the run, else ERROR.
    """
    folder = session.writer.path / PARTS
    parts = [Part.read(path) for path in sorted(folder.iterdir()) if (path / RUN_FILE).is_file()]
    for part in parts:
        _take_findings_about_devices(session, part)
    for title in session.asked:
        _take(session, parts, title, stopped)
    shutil.rmtree(folder)


def _take_findings_about_devices(session: CertificationSession, part: Part) -> None:
    about, found = part.run["certification"], session.found
    session.asked = session.asked or [ClauseTitle(**title) for title in about["asked"]]
    found.nameplate = found.nameplate or about["nameplate"]
    found.settings = found.settings or about["settings"]
    for name, device in part.run["devices"].items():
        found.identities.setdefault(name, device["identity"])


def _take(session: CertificationSession, parts: list[Part], title: ClauseTitle, stopped: bool) -> None:
    recorded = [(part, entry) for part in parts if (entry := part.entry(title)) is not None]
    if not recorded:
        return  # the session tells what was not begun
    part, entry = recorded[-1]
    for log, lines in part.lines.items():
        for line in lines.get(scenario_key(title.clause, title.variant), ()):
            session.writer.adopt(log, line)
    if entry.get("unfinished"):
        verdict = Verdict.ABORTED if stopped else Verdict.ERROR
        session.not_carried_out(title, verdict, "the process that carried this out ended before it was over")
        return
    if entry.get("series"):
        entry["series"] = session.writer.adopt_series(len(session.scenarios) + 1, part.path / entry["series"])
    session.scenarios.append(entry)


def _by_scenario(path: Path) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for line in _lines(path):
        found.setdefault(str(json.loads(line).get("scenario")), []).append(line)
    return found


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the whole lines of a log; what a process that was ended left behind the last is none."""
    if path.is_file():
        yield from split_lines(path.read_bytes())[0]
