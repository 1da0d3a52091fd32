"""Names, columns and hashing of the run directory: what writer, reader and verification agree on.

Each line of a ``.jsonl`` file carries in ``prev`` the SHA-256 (hex) of the line before it, newline included; the first
line carries 64 zeros. So a changed, removed or inserted line breaks the chain at the next one, and the last line is
held by ``manifest.sha256``. ``seq`` is the line number, from 1. Times are seconds of the scenario's own clock.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

SCHEMA = 1
RUN_FILE = "run.json"
MANIFEST_FILE = "manifest.sha256"
SIGNATURE_FILE = "manifest.sig"
SERIES_FOLDER = "series"
RENDERED_FOLDER = "rendered"
FIRST_PREV = "0" * 64

LogName = Literal["trace", "rows", "wire", "measurements", "judgement"]


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A message on the bus."""

    seq: int
    time_s: float
    producer: str
    receiver: str
    information: str
    priority: Any = None
    correlation: str | None = None
    payload: Any = None
    evidence: Any = None
    scenario: str | None = None
    sent_s: float | None = None


@dataclass(frozen=True, slots=True)
class RowLine:
    """A state that the matcher gave a row (or one instance of it) at a time; the last line of an instance counts."""

    seq: int
    time_s: float
    scenario: str
    row: str
    occurrence: str | None = None
    instance: str | None = None
    state: str = ""
    reason: str | None = None
    evidence: Any = None


@dataclass(frozen=True, slots=True)
class WireLine:
    """An exchange with a device or instrument."""

    seq: int
    time_s: float
    endpoint: str
    protocol: str
    operation: str
    address: Any = None
    values: Any = None
    error: str | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class MeasurementLine:
    """A measured value with its uncertainty, the limits that it was held against and what came of it.

    ``outside`` is what it says outside its limits, where that is not FAIL.
    """

    seq: int
    time_s: float
    quantity: str
    value: float | None = None
    unit: str | None = None
    uncertainty: float | None = None
    lower: float | None = None
    upper: float | None = None
    source: str | None = None
    verdict: str | None = None
    row: str | None = None
    clause: str | None = None
    outside: str | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class JudgementLine:
    """A moment at which matcher and judge looked at the world, with what they asked and were told.

    ``moment`` is begin, hear, tick, occurrence, finish or end; ``trace`` and ``sent_s`` are of the message that was
    heard; ``rules`` come with begin, ``ground`` with end. ``questions`` and ``answers`` are those that are new, as JSON
    texts; they are numbered in the order of their coming, from 0 in each scenario. ``asked`` has a question's and its
    answer's number by turns, and is left out where it is what it was at the last moment of the kind.
    """

    seq: int
    time_s: float
    moment: str
    scenario: str | None = None
    trace: int | None = None
    sent_s: float | None = None
    asked: Any = None
    questions: Any = None
    answers: Any = None
    rules: Any = None
    ground: Any = None


LINE_TYPES: dict[LogName, type[Any]] = {
    "trace": TraceLine,
    "rows": RowLine,
    "wire": WireLine,
    "measurements": MeasurementLine,
    "judgement": JudgementLine,
}
COLUMNS: dict[LogName, tuple[str, ...]] = {
    log: tuple(field.name for field in fields(line)) for log, line in LINE_TYPES.items()
}


SPARSE: frozenset[LogName] = frozenset({"judgement"})
"""Logs of many lines that fill few columns: what is null is left out of them."""


def log_file(log: LogName) -> str:
    """File name of a log inside the run directory."""
    return f"{log}.jsonl"


def series_file(index: int, part: str = "") -> str:
    """Path of a scenario's time series inside the run directory; scenarios count from 1, `part` names a further one."""
    return f"{SERIES_FOLDER}/{index:04d}{f'-{part}' if part else ''}.parquet"


def scenario_key(scenario: str, variant: str | None = None) -> str:
    """What the ``scenario`` column holds: the scenario's id, with its variant where it has one (``1/1B``)."""
    return f"{scenario}/{variant}" if variant else scenario


def sha256(data: bytes) -> str:
    """SHA-256 as lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def split_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """Whole lines of a log, newlines included, and what a writer that was killed left behind the last one."""
    *lines, rest = data.split(b"\n")
    return [line + b"\n" for line in lines], rest


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def evidence_files(root: Path) -> list[str]:
    """Relative POSIX paths of every file that the manifest covers, sorted; ``rendered/`` has a manifest of its own.

    A link to a folder counts as a file: what it points at is none of the run's.
    """
    paths = (path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())
    names = (path.relative_to(root).as_posix() for path in paths)
    own = {MANIFEST_FILE, SIGNATURE_FILE}
    return sorted(name for name in names if name not in own and not name.startswith(f"{RENDERED_FOLDER}/"))


def manifest_text(hashes: dict[str, str]) -> str:
    """The manifest in the form that ``sha256sum --check`` reads, sorted by name."""
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))


def write_manifest(root: Path, coming: Mapping[str, bytes] = MappingProxyType({})) -> None:
    """Hash every evidence file under root and write the manifest beside them.

    `coming` are files that will be written, or written anew, once the manifest is there.
    """
    hashes = {name: file_sha256(root / name) for name in evidence_files(root)}
    hashes |= {name: sha256(data) for name, data in coming.items()}
    write_atomically(root / MANIFEST_FILE, manifest_text(hashes).encode())


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file so that a reader, or a power cut, sees the old content or the new one and nothing between."""
    temporary = temporary_of(path)
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def temporary_of(path: Path) -> Path:
    """Where a file stands while it is written; a kill in that moment leaves it there."""
    return path.with_name(f".{path.name}.tmp")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
