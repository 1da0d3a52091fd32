"""Emulated PV simulator that speaks as Chroma's 62000H-S does.

Dialect: the values of a curve are set one by one and taken over by a trigger, which refuses a set that no array has;
there is no irradiance. Written from what is known of the instruments, and not from our driver's table.
"""

from dataclasses import replace

from instruments.emulators.pv_source import Curve, PvSourceEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

VALUES = {"VOC": "voc_v", "ISC": "isc_a", "VMP": "vmp_v", "IMP": "imp_a"}
MODES = frozenset({"CVCC", "SAS"})


class ChromaPvEmulator(PvSourceEmulator):
    """PV simulator with one output."""

    model = "emulated 62000H-S"

    def _reset(self) -> None:
        super()._reset()
        self._mode = "CVCC"
        self._edited = Curve()

    def _table(self) -> dict[str, Handler]:
        return {
            "OUTPut:MODE": self._set_mode,
            "OUTPut:MODE?": lambda _: self._mode,
            **{f"SAS:{word}": self._setter(word) for word in VALUES},
            **{f"SAS:{word}?": self._getter(word) for word in VALUES},
            "TRIGger": lambda _: self._trigger(),
            "CONFigure:OUTPut": self._switched,
            "CONFigure:OUTPut?": lambda _: self._state,
            "OUTPut:STATe?": lambda _: self._state,
            "MEASure:VOLTage?": lambda _: scpi_number(self.voltage_v),
            "MEASure:CURRent?": lambda _: scpi_number(self.current_a),
        }

    @property
    def _state(self) -> str:
        return "ON" if self._on else "OFF"

    def _setter(self, word: str) -> Handler:
        highest = self.ratings.current_a if word.startswith("I") else self.ratings.voltage_v

        def take(call: Call) -> None:
            self._edited = replace(self._edited, **{VALUES[word]: call.number(0.0, highest)})

        return take

    def _getter(self, word: str) -> Handler:
        return lambda _: scpi_number(getattr(self._edited, VALUES[word]))

    def _trigger(self) -> None:
        if self._mode != "SAS":
            raise ScpiError(-221, "not in SAS mode")
        self._take_over(self._edited)

    def _set_mode(self, call: Call) -> None:
        if call.text() not in MODES:
            raise ScpiError(-224, call.text())
        self._mode = call.text()
