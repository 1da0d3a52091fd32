"""An operator at the SCADA console, who orders single controls."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from instruments.errors import InstrumentError, Unanswered
from instruments.roles import CapacitorBankControl, LoadTapChangerControl


class Settings(Protocol):
    """Settings of a control by name."""

    def write(self, name: str, value: float | str | bool) -> None:
        """Write one and read it back."""
        ...


class AdjustableCapacitorControl(CapacitorBankControl, Protocol):
    """A capacitor control whose settings can be changed over its wire."""

    points: Settings


class AdjustableTapChangerControl(LoadTapChangerControl, Protocol):
    """A tap-changer control whose settings can be changed over its wire."""

    points: Settings


class ScadaConsole:
    """An operator at the SCADA console, who orders controls over their own wires and needs no application.

    Every method returns what each control said against its order, empty where it took it; raises TransportError when a
    link fails, and Unanswered when a gateway answers in the place of a control.
    """

    def __init__(
        self,
        capacitors: Mapping[str, AdjustableCapacitorControl],
        tap_changers: Mapping[str, AdjustableTapChangerControl],
    ) -> None:
        self._capacitors, self._tap_changers = capacitors, tap_changers

    def order_banks(self, close: bool) -> dict[str, str]:
        """Close or open every bank."""
        return {n: _said(c.close_bank if close else c.open_bank) for n, c in self._capacitors.items()}

    def block_banks(self, blocked: bool) -> dict[str, str]:
        """Block or free the VAR logic of every capacitor control."""
        return {n: _said(partial(c.set_blocked, blocked)) for n, c in self._capacitors.items()}

    def block_tap_changers(self, blocked: bool) -> dict[str, str]:
        """Block or free every tap-changer control."""
        return {n: _said(partial(c.set_blocked, blocked)) for n, c in self._tap_changers.items()}

    def move_var_threshold(self, device: str, open_below_kvar: float) -> dict[str, str]:
        """Set the reactive power below which a capacitor control opens its bank."""
        write = self._capacitors[device].points.write
        return {device: _said(partial(write, "open_below_reactive_power", open_below_kvar))}

    def move_band(self, device: str, centre_v: float) -> dict[str, str]:
        """Set the band centre of a tap-changer control, V on the PT secondary."""
        return {device: _said(partial(self._tap_changers[device].points.write, "band_centre", centre_v))}


def _said(order: Callable[[], None]) -> str:
    """Give an order; return what the control says against it."""
    try:
        order()
    except Unanswered:
        raise
    except InstrumentError as refusal:
        return str(refusal)
    return ""
