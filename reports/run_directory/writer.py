"""Writes a run directory as the run goes: a killed run leaves a valid prefix, and no line is ever rewritten."""

import difflib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from reports.errors import ReportError
from reports.run_directory.layout import (
    COLUMNS,
    FIRST_PREV,
    RUN_FILE,
    SCHEMA,
    SPARSE,
    LogName,
    log_file,
    series_file,
    sha256,
    write_atomically,
    write_manifest,
)


def _plain(value: Any) -> Any:
    """Turn a NumPy scalar or array into what JSON has; anything else is refused."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


_encode = json.JSONEncoder(allow_nan=False, default=_plain).encode
_SEQ, _PREV = b'{"seq": ', b', "prev": "'
"""How a line begins, and how its end begins."""


class _ChainedLog:
    """One append-only file of JSON lines."""

    def __init__(self, path: Path, columns: tuple[str, ...], *, sparse: bool) -> None:
        self._sparse = sparse
        self._name = path.name
        self._columns = columns[1:]
        self._known = frozenset(self._columns)
        self._file = path.open("xb")
        self._lock = Lock()
        self._seq = 0
        self._prev = FIRST_PREV

    @property
    def count(self) -> int:
        return self._seq

    def append(self, record: Mapping[str, Any]) -> int:
        if not self._known.issuperset(record):
            raise ReportError(self._unknown_columns(record))
        with self._lock:
            line = self._line(record)
            self._write(line)
            self._seq += 1
            self._prev = sha256(line)
            return self._seq

    def adopt(self, line: bytes) -> None:
        """Append a line of another log of the kind: its content stays, number and place in the chain are made anew."""
        begin, end = line.find(b","), line.rfind(_PREV)
        if not line.startswith(_SEQ) or begin < 0 or end < begin:
            raise ReportError(f"{self._name}: {line[:40]!r} is no line of another log of the kind")
        with self._lock:
            made = b'%s%d%s%s%s"}\n' % (_SEQ, self._seq + 1, line[begin:end], _PREV, self._prev.encode())
            self._write(made)
            self._seq += 1
            self._prev = sha256(made)

    def _write(self, line: bytes) -> None:
        try:
            self._file.write(line)
            self._file.flush()
        except (OSError, ValueError) as error:  # ValueError: the log is closed
            raise ReportError(f"cannot write to {self._name}: {error}") from error

    def _line(self, record: Mapping[str, Any]) -> bytes:
        full: dict[str, Any] = {"seq": self._seq + 1}
        for column in self._columns:
            value = record.get(column)
            if value is not None or not self._sparse:
                full[column] = value
        full["prev"] = self._prev
        try:
            return _encode(full).encode("ascii") + b"\n"
        except (ValueError, TypeError) as error:
            raise ReportError(f"{self._name}: {error} in {record!r}; where nothing was measured, give null") from error

    def _unknown_columns(self, record: Mapping[str, Any]) -> str:
        unknown = sorted(set(record) - self._known)
        near = difflib.get_close_matches(unknown[0], self._columns, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{self._name} has no column {', '.join(map(repr, unknown))} (it has {', '.join(self._columns)}){hint}"

    def close(self) -> None:
        if not self._file.closed:
            os.fsync(self._file.fileno())
            self._file.close()


class RunWriter:
    """The run directory of a run that is going on. Appending is safe from several threads."""

    def __init__(self, path: Path, logs: dict[LogName, _ChainedLog]) -> None:
        self.path = path
        self._logs = logs

    @classmethod
    def create(cls, path: Path | str, run: Mapping[str, Any] | None = None) -> Self:
        """Start a run directory.

        :param path: a directory that is empty or does not exist yet
        :param run: what is known of ``run.json`` at the start (seed, bench, versions); it reads ``"complete": false``
        :raises ReportError: the directory holds something already or cannot be made
        """
        root = Path(path)
        _make_empty(root)
        write_atomically(root / RUN_FILE, _run_document({"verdict": "NOT_RUN", **(run or {})}, complete=False))
        logs = {
            log: _ChainedLog(root / log_file(log), columns, sparse=log in SPARSE) for log, columns in COLUMNS.items()
        }
        return cls(root, logs)

    def append(self, log: LogName, record: Mapping[str, Any]) -> int:
        """Append a line and flush it; columns that the record leaves out are null.

        :returns: the line's ``seq``, to be cited as evidence (``wire:88``)
        :raises ReportError: an unknown column, a number that is not finite, a value that JSON cannot carry
        """
        return self._logs[log].append(record)

    def adopt(self, log: LogName, line: bytes) -> None:
        """Append a line that another run directory's writer has written, as the next of this run.

        :raises ReportError: it is no such line
        """
        self._logs[log].adopt(line)

    def written(self, log: LogName) -> int:
        """Return how many lines a log has, which is the number of its last."""
        return self._logs[log].count

    def write_series(self, index: int, table: Mapping[str, Any], part: str = "") -> str:
        """Write a scenario's time series, one row a plant step.

        :param index: number of the scenario in ``run.json``, from 1
        :param table: columns of equal length (sequences or NumPy arrays), ``time_s`` among them
        :param part: name of a further series of the same scenario, such as the run that it is compared with
        :returns: the file's path inside the run directory, for ``run.json``
        :raises ReportError: no ``time_s``, columns of unequal length, a scenario that has its series already
        """
        name, target = self._new_series(index, part)
        if "time_s" not in table:
            raise ReportError(f"{name}: the table has no column time_s")
        try:
            columns = pa.table({column: pa.array(values) for column, values in table.items()})
        except (ValueError, TypeError) as error:  # pyarrow's errors derive from these
            raise ReportError(f"{name}: {error}") from error
        pq.write_table(columns, target, compression="zstd")
        return name

    def adopt_series(self, index: int, file: Path) -> str:
        """Take a series that another run directory holds, as that of scenario `index`; return as `write_series`."""
        name, target = self._new_series(index)
        shutil.copyfile(file, target)
        return name

    def _new_series(self, index: int, part: str = "") -> tuple[str, Path]:
        name = series_file(index, part)
        target = self.path / name
        if target.exists():
            raise ReportError(f"{name} is written already; a series is never written over")
        target.parent.mkdir(exist_ok=True)
        return name, target

    def note(self, run: Mapping[str, Any]) -> None:
        """Write what is known of ``run.json`` by now, for who reads what a kill has left; it reads incomplete."""
        write_atomically(self.path / RUN_FILE, _run_document(run, complete=False))

    def finish(self, run: Mapping[str, Any]) -> None:
        """Close the logs, hash everything into ``manifest.sha256``, and then write ``run.json`` as complete.

        In this order a kill in between leaves a run that says of itself that it is incomplete.
        """
        self.close()
        data = _run_document(run, complete=True)
        write_manifest(self.path, {RUN_FILE: data})
        write_atomically(self.path / RUN_FILE, data)

    def close(self) -> None:
        """Close the logs and leave the run incomplete (a way out for a run that could not finish)."""
        for log in self._logs.values():
            log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _run_document(run: Mapping[str, Any], *, complete: bool) -> bytes:
    document = {"schema": SCHEMA, "complete": complete} | dict(run) | {"schema": SCHEMA, "complete": complete}
    try:
        text = json.dumps(document, indent=1, allow_nan=False, default=_plain)
    except (ValueError, TypeError) as error:
        raise ReportError(f"{RUN_FILE}: {error}") from error
    return text.encode("ascii") + b"\n"


def require_empty(root: Path) -> None:
    """Refuse a directory that cannot be that of a new run, and make nothing; raises ReportError.

    A command asks before it starts anything: what is found in the directory afterwards is of this run then.
    """
    nearest = next(path for path in (root.absolute(), *root.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise ReportError(f"cannot make the run directory {root}: {nearest} is a file")
    if nearest == root.absolute() and any(root.iterdir()):
        raise ReportError(f"run directory {root} is not empty; a run is never written over another: choose a new one")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ReportError(f"cannot make the run directory {root}: nobody may write into {nearest} here, choose another")


def _make_empty(root: Path) -> None:
    try:
        require_empty(root)
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(f"cannot make the run directory {root}: {error.strerror}") from error
