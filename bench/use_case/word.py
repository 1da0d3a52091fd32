"""The text of a Word document (.docx) as the reader of use-case documents takes it.

Paragraphs are lines and rows of tables are lines of tab-separated cells, in the order of the document; an empty line
ends a table. What the document holds besides is named, not silently left out.
"""

import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from bench.use_case.document import TABLE_HEADINGS
from instruments.errors import ConfigError

ZIP_MARK = b"PK\x03\x04"
MOST_BYTES = 200_000_000
"""Size to which a document may unpack: beyond it is no use case."""
SILENT = frozenset({"sectPr", "bookmarkStart", "bookmarkEnd", "proofErr", "permStart", "permEnd"})
"""Parts of a body that hold no text."""
NESTED = "table inside a table's cell"


@dataclass(frozen=True)
class WordText:
    """What was taken from a document: its text, and what of it could not be read."""

    text: str
    unread: tuple[str, ...]


def is_word(path: Path) -> bool:
    """Say whether a file is a Word document, by its name or by how it begins; False where it cannot be opened."""
    try:
        with path.open("rb") as file:
            return path.suffix.lower() == ".docx" or file.read(len(ZIP_MARK)) == ZIP_MARK
    except OSError:
        return False


def read_word(path: Path) -> WordText:
    """Read a Word document; raises ConfigError for a file that is none, or is damaged."""
    try:
        _refuse_bomb(path)
        return _read(path)
    except ConfigError:
        raise
    except Exception as error:  # a damaged file makes the library, and what unpacks for it, raise anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigError(f"{path} cannot be read as a Word document (.docx): {reason}") from error


def _refuse_bomb(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        raise ConfigError(f"{path} is no Word document: a .docx is a zip archive, and this file is none")
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > MOST_BYTES:
        raise ConfigError(f"{path} would unpack to {size} bytes, more than a use case can have")


def _read(path: Path) -> WordText:
    document = docx.Document(str(path))
    lines: list[str] = []
    unread: Counter[str] = Counter()
    for part in document.element.body.iterchildren():
        kind = str(part.tag).rpartition("}")[2]
        if kind == "p":
            lines += [_plain(Paragraph(part, document).text), ""]
        elif kind == "tbl":
            lines += [*_rows(Table(part, document), unread), ""]
        elif kind not in SILENT:
            unread[f"part of kind {kind!r}"] += 1
    return WordText("\n".join(lines), tuple(f"{count} x {what}" for what, count in unread.items()))


def _rows(table: Table, unread: Counter[str]) -> Iterator[str]:
    """Write a table's rows; an empty row would end the table, so it is left out."""
    rows = [_cells(row, unread) for row in table.rows]
    filled = [cells for cells in rows if any(cells)]
    if filled and not any("\t".join(cells).startswith(tuple(TABLE_HEADINGS)) for cells in filled):
        unread[f"table that is none of the template's, beginning with {' | '.join(filled[0])[:80]!r}"] += 1
    return ("\t".join(cells) for cells in filled)


def _cells(row: Any, unread: Counter[str]) -> list[str]:
    """Return a row's cells: text of one that spans several columns once, of one that spans rows in each of them."""
    texts = [""] * row.grid_cols_before
    before: _Cell | None = None
    for cell in row.cells:
        texts.append("" if cell is before else _plain(cell.text))
        unread.update([NESTED] * (len(cell.tables) if cell is not before else 0))
        before = cell
    return texts + [""] * row.grid_cols_after


def _plain(text: str) -> str:
    """Make one line of a text: tabs and breaks mean something else here."""
    return " ".join(text.split())
