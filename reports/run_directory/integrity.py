"""Checks a run directory against its own hashes: the chain inside each log, and the manifest over all files.

Whoever may write the directory can also make all hashes anew; a copy of the manifest kept elsewhere guards against it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from reports.run_directory.layout import (
    COLUMNS,
    FIRST_PREV,
    MANIFEST_FILE,
    RENDERED_FOLDER,
    RUN_FILE,
    SERIES_FOLDER,
    evidence_files,
    file_sha256,
    log_file,
    manifest_text,
    sha256,
    split_lines,
    temporary_of,
)

Kind = Literal["changed", "missing", "added", "truncated", "incomplete"]
OFTEN_EMPTY = frozenset({SERIES_FOLDER, RENDERED_FOLDER, f"{RENDERED_FOLDER}/allure-results"})
"""Folders that a run without scenarios leaves without a file, and so does one that was killed."""
_MANIFEST_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the files are not what the writer left; ``line`` counts from 1, None means the whole file."""

    kind: Kind
    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file} line {self.line}"
        return f"{self.kind}: {place}: {self.message}"


def verify(root: Path) -> list[Finding]:
    """Check chain and manifest of a run directory, and the manifest of ``rendered/`` where there is one.

    :returns: what is wrong; empty when every byte is as written. A run that was killed has a finding ``incomplete``,
        and its logs are held by their chain alone; so has one that was killed while it was rendered.
    """
    stray = [*_check_places(root)]
    if (root / MANIFEST_FILE).exists() or _says_complete(root / RUN_FILE):
        findings = _check_sealed(root)
    else:
        why = "the run did not finish; the last lines are not sealed"
        findings = [*_check_logs(root), Finding("incomplete", RUN_FILE, None, why)]
    rendered = root / RENDERED_FOLDER
    if rendered.is_dir() and not (rendered / MANIFEST_FILE).exists():
        why = "it is not sealed: rendering did not finish; `bench report` makes it again"
        findings.append(Finding("incomplete", f"{RENDERED_FOLDER}/{MANIFEST_FILE}", None, why))
    elif rendered.is_dir():
        findings += _check_manifest(rendered, f"{RENDERED_FOLDER}/")
    return stray + findings


def _says_complete(path: Path) -> bool:
    if temporary_of(path).exists() and not path.exists():
        return False  # it was killed before it began
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return True  # a run directory always has a readable run.json: without one it is held to its manifest
    return not (isinstance(document, dict) and document.get("complete") is False)


def _check_sealed(root: Path) -> list[Finding]:
    """Check a run that has its manifest, which is written just before run.json says that the run is complete."""
    findings = [*_check_logs(root), *_check_manifest(root, "")]
    if _says_complete(root / RUN_FILE):
        return findings
    being_written = {RUN_FILE, temporary_of(root / RUN_FILE).name}
    unfinished = Finding("incomplete", RUN_FILE, None, "it is not the one that the manifest seals: it says incomplete")
    return [unfinished, *(finding for finding in findings if finding.file not in being_written)]


def _check_places(root: Path) -> Iterator[Finding]:
    """Find what a run directory never holds: links, other things than files, and folders with no file in them."""
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            yield Finding("changed", name, None, "it is a link, and what it points at is not in the run directory")
        elif path.is_dir():
            if not any(path.iterdir()) and name not in OFTEN_EMPTY:
                yield Finding("added", name, None, "an empty folder, which nobody made")
        elif not path.is_file():
            yield Finding("added", name, None, "it is no file")


def _check_logs(root: Path) -> Iterator[Finding]:
    present = [root / log_file(log) for log in COLUMNS]
    if not any(path.is_file() and path.stat().st_size for path in present) and not _says_complete(root / RUN_FILE):
        return  # killed at its very beginning, when its logs were being made
    listed = _listed(root / MANIFEST_FILE)
    for path in present:
        if path.is_file() or not listed or path.name in listed:  # a run of an older version may have fewer logs
            yield from _check_log(path)


def _check_log(path: Path) -> Iterator[Finding]:
    if not path.is_file():
        yield Finding("missing", path.name, None, "the file is not there")
        return
    prev, seq = FIRST_PREV, 1
    lines, cut_short = split_lines(path.read_bytes())
    for number, line in enumerate(lines, start=1):
        record = _record(line)
        yield from _check_line(path.name, number, record, prev, seq)
        prev = sha256(line)
        found = record.get("seq")
        seq = (found if isinstance(found, int) else seq) + 1
    if cut_short:
        yield Finding("truncated", path.name, len(lines) + 1, "the line stops before its end")


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _check_line(file: str, number: int, record: dict[str, Any], prev: str, seq: int) -> Iterator[Finding]:
    found = record.get("seq")
    if not isinstance(found, int):
        yield Finding("changed", file, number, "the line is no record")
    elif found > seq:
        yield Finding("missing", file, number, f"records {seq} to {found - 1} before it are gone")
    elif found < seq:
        yield Finding("added", file, number, f"record {found} comes again or out of order")
    elif record.get("prev") != prev:
        yield Finding(
            "changed", file, number, "its prev is not the hash of the line before: one of the two was changed"
        )


def _check_manifest(folder: Path, prefix: str) -> Iterator[Finding]:
    manifest = folder / MANIFEST_FILE
    name = prefix + MANIFEST_FILE
    if not manifest.is_file():
        yield Finding("missing", name, None, "the manifest is not there")
        return
    listed = _listed(manifest)
    if manifest_text(listed).encode() != manifest.read_bytes():
        yield Finding("changed", name, None, "it is not in the form in which it was written")
    present = set(evidence_files(folder))
    for file in sorted(present | set(listed)):
        if file not in listed:
            yield Finding("added", prefix + file, None, f"{name} does not list it")
        elif file not in present:
            yield Finding("missing", prefix + file, None, f"{name} lists it")
        elif (folder / file).is_file() and file_sha256(folder / file) != listed[file]:
            yield Finding(
                "changed", prefix + file, None, f"its hash is not the one in {name}: one of the two was changed"
            )


def _listed(manifest: Path) -> dict[str, str]:
    """Return the hashes that a manifest lists, by file; of lines in another form none."""
    if not manifest.is_file():
        return {}
    text = manifest.read_text(encoding="utf-8", errors="replace")
    return {match[2]: match[1] for line in text.splitlines() if (match := _MANIFEST_LINE.fullmatch(line))}
