"""Emulated PV simulator that speaks as Keysight's APV does.

Dialect: the four values of a curve come together and are checked together; a bad set is an execution error, and the old
curve stays. Irradiance scales its current in percent. Written from what is known of the instruments, and not from our
driver's table.
"""

from dataclasses import replace

from instruments.emulators.pv_source import Curve, PvSourceEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

VALUES = {"IMP": "imp_a", "ISC": "isc_a", "VMP": "vmp_v", "VOC": "voc_v"}
MODES = {"FIX": "FIX", "FIXED": "FIX", "CURV": "CURV", "CURVE": "CURV", "TABL": "TABL", "TABLE": "TABL"}


class KeysightPvEmulator(PvSourceEmulator):
    """PV simulator with one output."""

    model = "emulated APV"

    def _reset(self) -> None:
        super()._reset()
        self._mode = "FIX"
        self._pending: dict[str, float] = {}
        self._held = Curve()

    def _table(self) -> dict[str, Handler]:
        return {
            "[SOURce:]SAS:MODE": self._set_mode,
            "[SOURce:]SAS:MODE?": lambda _: self._mode,
            **{f"[SOURce:]SAS:CURVe:{word}": self._setter(word) for word in VALUES},
            **{f"[SOURce:]SAS:CURVe:{word}?": self._getter(word) for word in VALUES},
            "[SOURce:]SAS:SCALe:CURRent": self._scale,
            "[SOURce:]SAS:SCALe:CURRent?": lambda _: scpi_number(100.0 * self._held.share),
            "OUTPut[:STATe]": self._switched,
            "OUTPut[:STATe]?": lambda _: str(int(self._on)),
            "MEASure[:SCALar]:VOLTage[:DC]?": lambda _: scpi_number(self.voltage_v),
            "MEASure[:SCALar]:CURRent[:DC]?": lambda _: scpi_number(self.current_a),
        }

    def _setter(self, word: str) -> Handler:
        highest = self.ratings.current_a if word.startswith("I") else self.ratings.voltage_v

        def take(call: Call) -> None:
            self._pending[VALUES[word]] = call.number(0.0, highest)
            if len(self._pending) == len(VALUES):
                wanted, self._pending = self._pending, {}
                self._hold(replace(self._held, **wanted))

        return take

    def _getter(self, word: str) -> Handler:
        return lambda _: scpi_number(getattr(self._held, VALUES[word]))

    def _hold(self, curve: Curve) -> None:
        if not curve.is_sound:
            raise ScpiError(-221, "no curve of an array")
        self._held = curve
        self._use()

    def _scale(self, call: Call) -> None:
        self._held = replace(self._held, share=call.number(0.0, 100.0) / 100.0)
        self._use()

    def _set_mode(self, call: Call) -> None:
        if call.text() not in MODES:
            raise ScpiError(-224, call.text())
        self._mode = MODES[call.text()]
        self._use()

    def _use(self) -> None:
        """Put the curve that it holds on the output, where it is to be one."""
        self.curve = self._held if self._mode == "CURV" else Curve()
