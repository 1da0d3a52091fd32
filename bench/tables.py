"""Tables that stand beside a feeder or a profile: read row by row, with the place of each row for an error's text."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from instruments.errors import ConfigError
from instruments.files import read_text

TableRow = Mapping[str, str]
SURPLUS = "surplus cells"


def table_rows(path: Path, what: str, columns: Sequence[str]) -> Iterator[tuple[str, TableRow]]:
    """Yield where each row of a table stands (file and line), and the row.

    Raises ConfigError when the table of `what` is missing, lacks a column, or a row is too short or too long.
    """
    if not path.is_file():
        raise ConfigError(f"{what} not found: {path}")
    reader = csv.DictReader(io.StringIO(read_text(path, what), newline=""), restkey=SURPLUS)
    try:
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(f"{path}, line 1: no column {', '.join(missing)}")
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            empty = [column for column in columns if row[column] is None]
            if empty:
                raise ConfigError(f"{where}: nothing under {', '.join(empty)}")
            if SURPLUS in row:
                raise ConfigError(f"{where}: more cells than the table has columns: {row[SURPLUS]}")
            yield where, row
    except csv.Error as error:
        raise ConfigError(f"{path}, line {reader.line_num}: {error}") from None
