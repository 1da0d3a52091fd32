"""Starts a point map from a maker's register list."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from instruments.errors import ConfigError
from instruments.files import read_text

_COLUMNS = ("name", "address", "type")
_OPTIONAL_COLUMNS = ("access", "scale", "unit")


def scaffold_point_map(csv_path: Path) -> str:
    """Start a point map from a maker's register list; returns YAML that its author goes on with.

    The list is a CSV with the columns name, address, type, and where it has them access, scale, unit. Names become
    lower case with underscores. What a map needs and a list does not have stands in the text as a comment to resolve:
    the labels of an enumeration, the length of a string, the limits of a number that is written.

    Raises:
        ConfigError: the file cannot be read or lacks a column.
    """
    text = read_text(csv_path, "register list", "utf-8-sig")
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise ConfigError(f"cannot read the register list {csv_path}: {error}") from None
    missing = [column for column in _COLUMNS if not rows or column not in rows[0]]
    if missing:
        raise ConfigError(f"register list {csv_path}: no column {', '.join(missing)}, or no row")
    short = [number for number, row in enumerate(rows, start=2) if any(row[column] is None for column in _COLUMNS)]
    if short:
        raise ConfigError(f"register list {csv_path}, line {short[0]}: nothing under {', '.join(_COLUMNS)}")
    head = [
        f"point_map: {_label(csv_path.stem)}",
        "word_order: high_first  # to check in the maker's manual",
        "points:",
    ]
    return "\n".join([*head, *map(_scaffold_line, rows)]) + "\n"


def _scaffold_line(row: Mapping[str, str]) -> str:
    present = [(key, row[key].strip()) for key in (*_COLUMNS[1:], *_OPTIONAL_COLUMNS) if (row.get(key) or "").strip()]
    kind, access = row["type"].strip(), (row.get("access") or "r").strip()
    needs = {"enum": "labels", "string": "registers"}.get(kind) or (
        "limits" if access != "r" and kind != "bool" else ""
    )
    entry = ", ".join(f"{key}: {value}" for key, value in present)
    return f"  {_label(row['name'])}: {{{entry}}}" + (f"  # to add: {needs}" if needs else "")


def _label(text: str) -> str:
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in text.lower()).split()
    label = "_".join(words)
    return label if label[:1].isalpha() else f"point_{label}"
