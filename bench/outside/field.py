"""The field, as an outside system may read and operate it: by the same drivers as the bench's own DMS, on record."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from bench.actors.field_control import ScadaControls
from bench.messages.equipment import EquipmentState
from bench.outside.protocol import FieldAnswer, FieldRequest
from instruments.errors import InstrumentError


@dataclass(frozen=True)
class Field:
    """What reads equipment, all resources and the load at the feeder's head, and what operates the controls."""

    read_equipment: Callable[[], tuple[EquipmentState, ...]]
    read_resources: Callable[[], tuple[EquipmentState, ...]]
    read_load_kw: Callable[[], float | None]
    controls: ScadaControls
    citing: Callable[[], AbstractContextManager[list[str]]]

    def carry_out(self, request: FieldRequest) -> FieldAnswer:
        """Read, or give an order; what is refused, or not on this bench, was not taken.

        Raises TransportError where equipment does not answer: the bench's own link is broken, and whoever asked is not
        to be judged by that.
        """
        with self.citing() as citations:
            found = self._tried(request) if self._has(request) else _taken(False)
        return found.model_copy(update={"number": request.number, "evidence": tuple(citations)})

    def _has(self, request: FieldRequest) -> bool:
        """Whether the device of an order is on this bench, and of the kind that the order is for."""
        kind = self.controls.tap_changers if "tap" in request.order else self.controls.capacitors
        return not request.device or request.device in kind

    def _tried(self, request: FieldRequest) -> FieldAnswer:
        try:
            return self._orders()[request.order](request.device)
        except InstrumentError:
            return _taken(False)

    def _orders(self) -> Mapping[str, Callable[[str], FieldAnswer]]:
        controls = self.controls
        return {
            "read equipment": lambda _: _answer(equipment=self.read_equipment()),
            "read resources": lambda _: _answer(equipment=self.read_resources()),
            "read load": lambda _: _answer(load_kw=self.read_load_kw()),
            "block var switching": lambda device: _taken(controls.block_var_switching(device, True)),
            "release var switching": lambda device: _taken(controls.block_var_switching(device, False)),
            "close capacitor": lambda device: _taken(controls.switch_capacitor(device, True)),
            "open capacitor": lambda device: _taken(controls.switch_capacitor(device, False)),
            "take tap changer": self._take_tap_changer,
            "raise tap": lambda device: _taken(controls.step(device, 1)),
            "lower tap": lambda device: _taken(controls.step(device, -1)),
            "give tap changer back": lambda device: _done(partial(controls.give_back_tap_changer, device)),
            "block tap changers": lambda _: _done(partial(controls.block_tap_changers, True)),
            "release tap changers": lambda _: _done(partial(controls.block_tap_changers, False)),
        }

    def _take_tap_changer(self, device: str) -> FieldAnswer:
        tap = self.controls.take_tap_changer(device)
        return FieldAnswer(number=0, taken=tap is not None, tap=tap)


def _answer(equipment: tuple[EquipmentState, ...] = (), load_kw: float | None = None) -> FieldAnswer:
    return FieldAnswer(number=0, taken=True, equipment=equipment, load_kw=load_kw)


def _taken(taken: bool) -> FieldAnswer:
    return FieldAnswer(number=0, taken=taken)


def _done(order: Callable[[], None]) -> FieldAnswer:
    order()
    return _taken(True)
