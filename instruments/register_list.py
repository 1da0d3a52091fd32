"""A maker's register list as it is published: a CSV with columns, addresses and types as each maker writes them."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from instruments.errors import ConfigError
from instruments.files import read_text
from instruments.point_map import MAX_STRING_REGISTERS, REGISTERS, WORDS

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "register name", "point", "parameter", "signal", "label", "description", "meaning", "variable"),
    "address": ("address", "register address", "modbus address", "start address", "addr", "register", "reg", "start"),
    "type": ("type", "data type", "datatype", "format", "data format", "value type"),
    "access": ("access", "r/w", "rw", "read/write", "mode", "permission"),
    "scale": ("scale", "factor", "scaling", "scale factor", "multiplier", "resolution", "coefficient"),
    "gain": ("gain", "divisor", "divider"),
    "unit": ("unit", "units", "uom", "dimension"),
    "size": ("size", "length", "registers", "quantity", "number of registers", "words", "count", "num"),
    "table": ("table", "register type", "function", "function code", "fc", "object type", "area"),
    "low": ("min", "minimum", "lower limit", "low", "from"),
    "high": ("max", "maximum", "upper limit", "high", "to"),
}
"""What a column is headed, by what it holds; case, dots and underscores do not matter."""
TYPES: Mapping[str, str] = {
    **dict.fromkeys(("u16", "uint16", "uint", "unsigned16", "word", "ushort", "bitfield16", "bitmap16"), "u16"),
    **dict.fromkeys(("bitfield", "bitmap", "acc16"), "u16"),
    **dict.fromkeys(("s16", "i16", "int16", "sint16", "int", "signed16", "short", "sunssf"), "s16"),
    **dict.fromkeys(("u32", "uint32", "unsigned32", "dword", "ulong", "acc32", "bitfield32", "bitmap32"), "u32"),
    **dict.fromkeys(("s32", "i32", "int32", "sint32", "signed32", "long", "dint"), "s32"),
    **dict.fromkeys(("u64", "uint64", "unsigned64", "qword", "acc64"), "u64"),
    **dict.fromkeys(("s64", "i64", "int64", "sint64", "signed64"), "s64"),
    **dict.fromkeys(("f32", "float32", "float", "real", "single", "real32", "ieee754"), "f32"),
    **dict.fromkeys(("bool", "boolean", "bit", "coil"), "bool"),
    **dict.fromkeys(("enum", "enum16", "enumeration"), "enum"),
    **dict.fromkeys(("string", "str", "char", "ascii", "text", "utf8"), "string"),
}
"""Types of points by what makers call them, without spaces and in lower case."""
ACCESS = {
    **dict.fromkeys(("", "r", "ro", "read", "read only", "readonly"), "r"),
    **dict.fromkeys(("rw", "r/w", "wr", "read/write", "read write", "readwrite", "r w"), "rw"),
    **dict.fromkeys(("w", "wo", "write", "write only", "writeonly"), "w"),
}
TABLES = {
    **dict.fromkeys(("", "holding", "holding register", "hr", "3", "03", "4x", "6", "16"), "holding"),
    **dict.fromkeys(("input", "input register", "ir", "4", "04", "3x"), "input"),
}
NUMBERED = {"3": "input", "4": "holding"}
"""First digit of addresses that count from 1 and have their table in front: 30001, 400001."""
UNITS = {
    unit.lower(): unit for unit in ("W", "kW", "var", "kvar", "VA", "kVA", "V", "kV", "A", "Hz", "Wh", "kWh", "s", "h")
}
"""Units whose case does not matter: none of them is another one with a prefix written otherwise."""


@dataclass(frozen=True)
class Row:
    """One register of a list, read; `remarks` are what its author has to check."""

    line: int
    name: str
    address: int
    type: str
    access: str = "r"
    scale: float = 1.0
    unit: str = ""
    registers: int | None = None
    table: str = "holding"
    limits: tuple[float, float] | None = None
    remarks: tuple[str, ...] = ()


def read_register_list(path: Path) -> list[Row]:
    """Read a list; raises ConfigError with every cell that cannot be understood, by line and column."""
    text = read_text(path, "register list", "utf-8-sig")
    header, lines = _table(path, text)
    columns = _columns(header)
    missing = [key for key in ("name", "address", "type") if key not in columns]
    if missing or not lines:
        told = f"no column {', '.join(missing)}" if missing else "no row"
        raise ConfigError(f"register list {path}: {told}; it is headed {', '.join(header) or 'by nothing'}")
    numbered = _is_numbered([cells[columns["address"]] for _, cells in lines if len(cells) > columns["address"]])
    faults: list[str] = []
    rows = [row for line, cells in lines for row in _row(_Cells(line, header, columns, cells), numbered, faults)]
    if faults:
        raise ConfigError("\n  ".join([f"register list {path} has {len(faults)} error(s):", *faults]))
    return rows


def _table(path: Path, text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Split a list into its header and its lines, each with its number in the file; empty ones are left out."""
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        numbered = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise ConfigError(f"cannot read the register list {path}, line {reader.line_num}: {error}") from None
    filled = [(line, cells) for line, cells in numbered if any(cells)]
    return (filled[0][1], filled[1:]) if filled else ([], [])


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Return where each kind of cell is; of several headings that could be meant, the first of `COLUMNS`."""
    heads = [" ".join(re.sub(r"[._\-]+", " ", cell.lower()).split()) for cell in header]
    found: dict[str, int] = {}
    for key, names in COLUMNS.items():
        place = next((heads.index(name) for name in names if name in heads), None)
        if place is not None and place not in found.values():
            found[key] = place
    return found


class _Cells:
    """The cells of one line by what they hold."""

    def __init__(self, line: int, header: Sequence[str], columns: Mapping[str, int], cells: Sequence[str]) -> None:
        self.line = line
        self._header, self._columns, self._cells = header, columns, cells

    def get(self, key: str) -> str:
        place = self._columns.get(key, len(self._cells))
        return self._cells[place] if place < len(self._cells) else ""

    def fault(self, key: str, told: str) -> str:
        return f"line {self.line}, column {self._header[self._columns[key]]!r}: {told}"


def _row(cells: _Cells, numbered: bool, faults: list[str]) -> Iterator[Row]:
    """Yield what a line holds, or tell its faults."""
    before = len(faults)
    if not cells.get("name"):
        faults.append(cells.fault("name", "there is no name"))
    address, span, table = _address(cells, numbered, faults)
    kind, characters = _type(cells, faults)
    access = _known(cells, "access", ACCESS, faults)
    if not numbered:
        table = _known(cells, "table", TABLES, faults)
    scale, limits, size = _scale(cells, faults), _limits(cells, faults), _size(cells, span, faults)
    registers, remarks = _registers(kind, size, characters)
    if len(faults) > before:
        return
    if size and kind in WORDS and size != WORDS[kind]:
        remarks = (*remarks, f"the list gives it {size} registers, and {kind} has {WORDS[kind]}")
    yield Row(
        cells.line,
        cells.get("name"),
        address,
        kind,
        access,
        scale,
        UNITS.get(cells.get("unit").lower(), cells.get("unit")),
        registers,
        table if access == "r" else "holding",
        limits if access != "r" else None,
        remarks,
    )


def _is_numbered(addresses: Sequence[str]) -> bool:
    """Tell whether all addresses count from 1 behind the number of their table, as 40001 does."""
    first = [re.split(r"\s*(?:-|\.\.|to)\s*", text)[0] for text in addresses if text]
    return bool(first) and all(re.fullmatch(r"[34](?!0{4,5}$)[0-9]{4,5}", text) for text in first)


def _address(cells: _Cells, numbered: bool, faults: list[str]) -> tuple[int, int, str]:
    """Return the first register, how many of them the cell names, and the table."""
    text = cells.get("address").lower()
    ends = [_register(part) for part in re.split(r"\s*(?:-|\.\.|to)\s*", text)] if text else []
    if not 1 <= len(ends) <= 2 or None in ends:  # noqa: PLR2004  a register, or from one to another
        faults.append(cells.fault("address", f"{cells.get('address')!r} is no register address"))
        return 0, 0, "holding"
    first, last = ends[0] or 0, ends[-1] or 0
    table = "holding"
    if numbered:
        digits = text[: 5 if len(re.split(r"\D", text)[0]) == 5 else 6]  # noqa: PLR2004
        table, base = NUMBERED[digits[0]], int(digits[0]) * 10 ** (len(digits) - 1) + 1
        first, last = first - base, last - base
    if not 0 <= first <= last < REGISTERS:
        faults.append(cells.fault("address", f"{cells.get('address')!r} lies outside 0 to {REGISTERS - 1}"))
    return first, last - first + 1 if len(ends) > 1 else 0, table


def _register(text: str) -> int | None:
    if found := re.fullmatch(r"0x([0-9a-f]{1,6})|([0-9a-f]{1,6})h", text):
        return int(found[1] or found[2], 16)
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else None


def _type(cells: _Cells, faults: list[str]) -> tuple[str, int]:
    """Return the type, and of a text the number that stands with it: STRING(16), char[8]."""
    text = re.sub(r"[\s_\-]+", "", cells.get("type").lower())
    if text in TYPES:
        return TYPES[text], 0
    found = re.fullmatch(r"(string|str|char|ascii|text|utf8)[(\[]?([0-9]{1,3})[)\]]?", text)
    if found:
        return "string", int(found[2])
    known = ", ".join(sorted(set(TYPES.values())))
    faults.append(cells.fault("type", f"{cells.get('type')!r} is no type that is known: {known}"))
    return "u16", 0


def _known(cells: _Cells, key: str, known: Mapping[str, str], faults: list[str]) -> str:
    text = " ".join(cells.get(key).lower().split())
    if text not in known:
        faults.append(cells.fault(key, f"{cells.get(key)!r} is none of {', '.join(filter(None, known))}"))
    return known.get(text, known[""])


def _scale(cells: _Cells, faults: list[str]) -> float:
    """Return what one count is worth; a gain is its inverse."""
    for key, inverse in (("scale", False), ("gain", True)):
        text = cells.get(key)
        if text in {"", "-"}:
            continue
        value = _number(text)
        if value is None or value <= 0.0:
            faults.append(cells.fault(key, f"{text!r} is no factor"))
            return 1.0
        return 1.0 / value if inverse else value
    return 1.0


def _limits(cells: _Cells, faults: list[str]) -> tuple[float, float] | None:
    ends = []
    for key in ("low", "high"):
        value = _number(cells.get(key))
        if cells.get(key) not in {"", "-"} and value is None:
            faults.append(cells.fault(key, f"{cells.get(key)!r} is no number"))
        ends.append(value)
    return (ends[0], ends[1]) if ends[0] is not None and ends[1] is not None else None


def _size(cells: _Cells, span: int, faults: list[str]) -> int:
    text = cells.get("size")
    if text in {"", "-"}:
        return span
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_STRING_REGISTERS:
        faults.append(cells.fault("size", f"{text!r} is no number of registers, 1 to {MAX_STRING_REGISTERS}"))
        return span
    return int(text)


def _registers(kind: str, size: int, characters: int) -> tuple[int | None, tuple[str, ...]]:
    """Return how many registers a text has, and what is to be checked or added about that."""
    if kind != "string":
        return None, ()
    if size:
        return size, ()
    if characters:
        return (characters + 1) // 2, (f"to check: {characters} taken for characters, two in a register",)
    return None, ("to add: registers",)


def _number(text: str) -> float | None:
    """Read a number as lists have it: 0.1, 0,1, 1/10, x0.1, 10^-1."""
    plain = text.lower().replace(" ", "").lstrip("x*×").replace(",", ".")
    if found := re.fullmatch(r"10\^?\(?(-[0-9]{1,2})\)?", plain):
        return 10.0 ** int(found[1])
    parts = plain.split("/")
    try:
        values = [
            float(part) for part in parts if re.fullmatch(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?(e[+-]?[0-9]{1,2})?", part)
        ]
    except ValueError:
        return None
    if len(values) != len(parts) or len(parts) > 2 or 0.0 in values[1:]:  # noqa: PLR2004  a number, or a fraction
        return None
    return values[0] / values[1] if len(values) > 1 else values[0]
