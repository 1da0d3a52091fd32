"""The SunSpec interface of emulated equipment with what can be wrong with it: what it shows, takes, refuses and loses.

The registers behind it are sound; each defect is one question at the place where a request passes.
"""

from collections.abc import Callable
from typing import TypeVar

from instruments.emulators.faults import Fault, FaultSet
from instruments.emulators.modbus_server import (
    DEVICE_FAILURE,
    ILLEGAL_ADDRESS,
    ILLEGAL_VALUE,
    ModbusRefusal,
    NoAnswer,
)
from instruments.emulators.sunspec_image import BASE, MARKER, SunSpecImage
from instruments.sunspec.layout import WORD

T = TypeVar("T")
SECOND_BASE = 50000


class DefectiveInterface:
    """Register bank of a SunSpec image whose equipment has `faults`, by its own time."""

    def __init__(self, image: SunSpecImage, faults: FaultSet, time_s: Callable[[], float]) -> None:
        self._image, self._faults, self._time_s = image, faults, time_s
        self._kept: dict[int, int] = {}
        """What was written where nothing may be, and is kept all the same."""

    def read(self, address: int, count: int) -> list[int]:
        """Return registers; raises ModbusRefusal, and NoAnswer where the equipment is gone."""
        if self._faults.is_empty:
            return self._image.read(address, count)
        self._require_there()
        if address == SECOND_BASE and self._defect("second-marker"):
            return list(MARKER[:count])
        if self._defect("no-marker") and address <= BASE < address + count:
            return [0] * count
        words = self._refused_as_it_is(lambda: self._image.read(address, count))
        overlay = self._kept | self._overlay()
        return [overlay.get(address + n, word) for n, word in enumerate(words)]

    def write(self, address: int, values: list[int]) -> None:
        """Take all of the registers or none; raises as `read`."""
        self._require_there()
        name = self._image.point_at(address)
        refused = self._defect("refuses-curves")
        if refused and self._is_in(address, int(refused.value)) and name.startswith(("Crv[", "Ctl[")):
            raise ModbusRefusal(DEVICE_FAILURE)
        if name != "ES" and self._is_swallowed(address):
            return
        try:
            self._refused_as_it_is(lambda: self._image.write(address, values))
        except ModbusRefusal as refusal:
            if not self._is_taken(refusal.code, name):
                raise
            self._kept |= {address + n: value for n, value in enumerate(values)}
        else:
            for n in range(len(values)):
                self._kept.pop(address + n, None)

    def _defect(self, kind: str) -> Fault | None:
        return self._faults.active(kind, self._time_s())

    def _require_there(self) -> None:
        if self._defect("drops-out") or self._defect("reboots"):
            raise NoAnswer

    def _refused_as_it_is(self, work: Callable[[], T]) -> T:
        """Carry out a request; the defect is in the code of its refusal."""
        try:
            return work()
        except ModbusRefusal as refusal:
            if refusal.code == ILLEGAL_ADDRESS and self._defect("wrong-exception"):
                raise ModbusRefusal(DEVICE_FAILURE) from refusal
            raise

    def _is_swallowed(self, address: int) -> bool:
        """Whether a write is answered with success, and nothing becomes of it."""
        kinds = {702: "forgets-configuration", 703: "forgets-settings"}
        return any(self._defect(kind) and self._is_in(address, model_id) for model_id, kind in kinds.items())

    def _is_taken(self, code: int, name: str) -> bool:
        """Whether what has to be refused is answered with success."""
        if code == ILLEGAL_VALUE:
            return self._defect("takes-any-value") is not None
        if code != ILLEGAL_ADDRESS:
            return False
        if name.startswith("Crv[1]"):
            return self._defect("curve-in-force-can-be-written") is not None
        return self._defect("read-only-can-be-written") is not None and bool(name)

    def _overlay(self) -> dict[int, int]:
        """Return the registers that do not show what is behind them."""
        wrong: dict[int, int] = {}
        if self._defect("chain-without-end"):
            model = self._image.model(715)
            wrong |= {model.address + model.layout.length: 1, model.address + model.layout.length + 1: 66}
        if self._defect("wrong-model-length"):
            wrong[self._place(715, "L")] = self._image.model(715).layout.length - 1
        for kind, model_id, name, raw in (
            ("mandatory-point-missing", 701, "ACType", WORD),
            ("states-another-unit", 1, "DA", 99),
            ("rating-missing", 702, "WOvrExtRtgPF", WORD),
            ("scale-factor-out-of-range", 703, "V_SF", 99),
            ("symbol-unknown", 701, "ACType", 7),
            ("never-alarms", 701, "Alrm", 0),
        ):
            if self._defect(kind):
                wrong |= self._words(model_id, name, raw)
        if self._defect("serial-number-missing"):
            wrong |= self._words(1, "SN", 0)
        if fault := self._defect("impossible-nameplate"):
            model = self._image.model(702)
            (stated,) = model.words(model.layout.points["VAMaxRtg"])
            wrong[self._place(702, "VAMaxRtg")] = min(round(stated * fault.value), WORD - 1)
        return wrong

    def _words(self, model_id: int, name: str, raw: int) -> dict[int, int]:
        """Return registers of a point that all hold a value, the last one it."""
        model = self._image.model(model_id)
        point, start = model.layout.points[name], self._place(model_id, name)
        return {start + n: raw if n == point.size - 1 else 0 for n in range(point.size)}

    def _place(self, model_id: int, name: str) -> int:
        model = self._image.model(model_id)
        return model.address + model.layout.points[name].offset

    def _is_in(self, address: int, model_id: int) -> bool:
        model = self._image.model(model_id)
        return model.address <= address < model.address + model.layout.length
