"""Registers that are no SunSpec ones in front of the same emulated equipment: cells, and how Acme codes numbers.

Acme is invented. Its layouts stand here and in `acme_registers`, written by hand from its manual, which does not exist;
no point map is read: a driver's map and these registers can only agree by both being right.
"""

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from instruments.emulators.modbus_server import ILLEGAL_ADDRESS, ILLEGAL_VALUE, ModbusRefusal, RegisterBank
from instruments.emulators.sunspec_image import SunSpecImage
from instruments.sunspec.layout import TEXT, from_words

WORD, HALF = 0xFFFF, 0x8000
Words = list[int]


@dataclass(frozen=True)
class Cell:
    """Registers that hold one value; without `put` they are only read."""

    size: int
    get: Callable[[], Words]
    put: Callable[[Words], None] | None = None


class AcmeBank:
    """Holding and input registers of one unit. `there` is called first, and raises where the equipment is gone."""

    def __init__(
        self,
        there: Callable[[], object],
        holding: Mapping[int, Cell],
        inputs: Mapping[int, Cell] | None = None,
        exchanged: bool = False,
    ) -> None:
        """Take cells by their first address; `exchanged`: the bytes of each register stand in the wrong order."""
        self._there, self._exchanged = there, exchanged
        self._cells = holding
        self._owners, self._input_owners = _owners(holding), _owners(inputs or {})

    def read(self, address: int, count: int) -> Words:
        """Return holding registers; raises ModbusRefusal, and what `there` raises."""
        return self._read(self._owners, address, count)

    def read_inputs(self, address: int, count: int) -> Words:
        """Return input registers; raises as `read`."""
        return self._read(self._input_owners, address, count)

    def write(self, address: int, values: Words) -> None:
        """Take the value of one cell; raises as `read`."""
        self._there()
        cell = self._cells.get(address)
        if cell is None or cell.put is None or cell.size != len(values):
            raise ModbusRefusal(ILLEGAL_ADDRESS)
        cell.put(self._turned(values))

    def _read(self, owners: Mapping[int, tuple[Cell, int]], address: int, count: int) -> Words:
        self._there()
        if not all(register in owners for register in range(address, address + count)):
            raise ModbusRefusal(ILLEGAL_ADDRESS)
        asked = [owners[register] for register in range(address, address + count)]
        shown = {id(cell): cell.get() for cell, place in asked}
        return self._turned([shown[id(cell)][place] for cell, place in asked])

    def _turned(self, words: Words) -> Words:
        return [word >> 8 | (word & 0xFF) << 8 for word in words] if self._exchanged else list(words)


def _owners(cells: Mapping[int, Cell]) -> dict[int, tuple[Cell, int]]:
    return {address + place: (cell, place) for address, cell in cells.items() for place in range(cell.size)}


def text(value: str, size: int) -> Cell:
    """Return a text of so many registers, two characters in each."""
    data = value.encode("ascii")[: 2 * size].ljust(2 * size, b"\0")
    words = list(struct.unpack(f">{size}H", data))
    return Cell(size, lambda: words)


def short(value: Callable[[], float]) -> Cell:
    """Return one register that shows a count."""
    return Cell(1, lambda: [round(_finite(value())) & WORD])


def long(value: Callable[[], float], size: int = 2) -> Cell:
    """Return registers that show a count in two's complement, the low word first."""

    def words() -> Words:
        count = round(_finite(value()))
        return [count >> 16 * place & WORD for place in range(size)]

    return Cell(size, words)


def real(value: Callable[[], float]) -> Cell:
    """Return a 32-bit float in two registers, the low word first."""
    return Cell(2, lambda: real_words(_finite(value())))


def real_words(value: float) -> Words:
    """Code a 32-bit float, the low word first."""
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return [low, high]


def real_value(words: Words) -> float:
    """Decode a 32-bit float whose low word is first; raises ModbusRefusal for one that is no number."""
    value = float(struct.unpack(">f", struct.pack(">HH", words[1], words[0]))[0])
    if not math.isfinite(value):
        raise ModbusRefusal(ILLEGAL_VALUE)
    return value


def signed(word: int) -> int:
    """Return what one register holds in two's complement."""
    return word - 0x10000 if word & HALF else word


class Behind:
    """The SunSpec registers of the equipment behind, as its own electronics reach them."""

    def __init__(self, image: SunSpecImage, way: RegisterBank | None = None) -> None:
        """Take the way that commands go to it, with all that is wrong with it."""
        self._image, self._way = image, way or image

    def number(self, model_id: int, name: str) -> float:
        """Return a value of this moment; NaN for one that the equipment does not have."""
        model = self._image.model(model_id)
        start = model.address + model.layout.points[name].offset
        model.prepare(range(start, start + model.layout.points[name].size))
        return model.get(name)

    def text(self, name: str) -> str:
        """Return a text of model 1."""
        model = self._image.model(1)
        point = model.layout.points[name]
        found = from_words(point, model.words(point)) if point.kind == TEXT else ""
        return str(found)

    def put(self, model_id: int, name: str, value: float) -> None:
        """Have the equipment take a value; raises ModbusRefusal where it does not."""
        model = self._image.model(model_id)
        self._way.write(model.address + model.layout.points[name].offset, model.coded(name, value))


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
