"""An operator at the SCADA console, who orders single controls."""

from collections.abc import Mapping
from typing import Protocol

from instruments.errors import InstrumentError
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

    Every method raises TransportError when a link fails and InstrumentError when a control refuses.
    """

    def __init__(
        self,
        capacitors: Mapping[str, AdjustableCapacitorControl],
        tap_changers: Mapping[str, AdjustableTapChangerControl],
    ) -> None:
        self._capacitors, self._tap_changers = capacitors, tap_changers

    def order_banks(self, close: bool) -> dict[str, str]:
        """Close or open every bank; return what each control said against it, empty where it took the order."""
        said = dict.fromkeys(self._capacitors, "")
        for name, control in self._capacitors.items():
            try:
                (control.close_bank if close else control.open_bank)()
            except InstrumentError as refusal:
                said[name] = str(refusal)
        return said

    def block_banks(self, blocked: bool) -> None:
        """Block or free the VAR logic of every capacitor control."""
        for control in self._capacitors.values():
            control.set_blocked(blocked)

    def block_tap_changers(self, blocked: bool) -> None:
        """Block or free every tap-changer control."""
        for control in self._tap_changers.values():
            control.set_blocked(blocked)

    def move_var_threshold(self, device: str, open_below_kvar: float) -> None:
        """Set the reactive power below which a capacitor control opens its bank."""
        self._capacitors[device].points.write("open_below_reactive_power", open_below_kvar)

    def move_band(self, device: str, centre_v: float) -> None:
        """Set the band centre of a tap-changer control, V on the PT secondary."""
        self._tap_changers[device].points.write("band_centre", centre_v)
