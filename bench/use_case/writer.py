"""Writing a use case as a folder of tables, such as `bench.use_case.tables.load` reads."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from bench.use_case.model import Record, UseCase
from instruments.errors import ConfigError


def write(use_case: UseCase, folder: Path) -> None:
    """Write all tables into a folder that is not there yet; `ConfigError` when it is, or cannot be made."""
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(f"cannot write a use case to {folder}: {error.strerror}") from error
    head = {
        "id": use_case.id,
        "title": use_case.title,
        "source": use_case.source,
        "scenarios": {key: scenario.model_dump() for key, scenario in use_case.scenarios.items()},
        "sequences": [place.model_dump(exclude_none=True) for place in use_case.sequences],
    }
    text = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=120)
    (folder / "use_case.yaml").write_text(text, encoding="utf-8")
    _write_table(folder / "rows.csv", use_case.rows.values())
    _write_table(folder / "actors.csv", use_case.actors.values())
    _write_table(folder / "information_objects.csv", use_case.information_objects.values())
    _write_table(folder / "preconditions.csv", use_case.preconditions)


def _write_table(path: Path, records: Iterable[Record]) -> None:
    lines = [_cells(record) for record in records]
    with path.open("w", encoding="utf-8", newline="") as stream:
        if lines:
            table = csv.DictWriter(stream, fieldnames=list(lines[0]), lineterminator="\n")
            table.writeheader()
            table.writerows(lines)


def _cells(record: Record) -> Mapping[str, object]:
    """Name a record's cells as the table's columns."""
    names = {name: str(info.validation_alias or name) for name, info in type(record).model_fields.items()}
    return {names[name]: "" if value is None else value for name, value in record.model_dump().items()}
