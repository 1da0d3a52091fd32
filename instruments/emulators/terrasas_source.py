"""Emulated PV simulator that speaks as AMETEK's TerraSAS does.

Dialect: lines end with CR; curves are described, added under a name, and given to an output by a channel list; what is
set holds once it is executed. Written from what is known of the instruments, and not from our driver's table.
"""

import re
from dataclasses import replace

from instruments.emulators.pv_source import Curve, PvSourceEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

CHANNELS = 1
STANDARD_W_M2 = 1000.0
HIGHEST_W_M2 = 1500.0
_LIST = re.compile(r"\(@(\d+)\)")


class TerraSasEmulator(PvSourceEmulator):
    """PV simulator with one output."""

    model = "emulated TerraSAS"
    termination = "\r"

    def _reset(self) -> None:
        super()._reset()
        self._described = Curve()
        self._library: dict[str, Curve] = {}
        self._chosen: Curve | None = None
        self._irradiance_w_m2 = STANDARD_W_M2

    def _table(self) -> dict[str, Handler]:
        return {
            "CURVe:VIP": self._describe_ends,
            "CURVe:MPP": self._describe_peak,
            "CURVe:ADD": self._add,
            "[SOURce:]CURVe": self._choose,
            "[SOURce:]IRRadiance": self._set_irradiance,
            "[SOURce:]EXECute": self._execute,
            "OUTPut[:STATe]": self._switch_channel,
            "OUTPut[:STATe]?": lambda call: str(int(self._asked(call, 0) and self._on)),
            "OUTPut:PROTection:CLEar": self._clear_protection,
            "MEASure[:SCALar]:VOLTage[:DC]?": lambda call: scpi_number(self._asked(call, 0) * self.voltage_v),
            "MEASure[:SCALar]:CURRent[:DC]?": lambda call: scpi_number(self._asked(call, 0) * self.current_a),
            "SYSTem:CHANnel:COUNt?": lambda _: str(CHANNELS),
        }

    def _describe_ends(self, call: Call) -> None:
        voc_v, isc_a = call.number(0.0, self.ratings.voltage_v), call.number(0.0, self.ratings.current_a, 1)
        self._described = replace(self._described, voc_v=voc_v, isc_a=isc_a)

    def _describe_peak(self, call: Call) -> None:
        vmp_v, imp_a = call.number(0.0, self.ratings.voltage_v), call.number(0.0, self.ratings.current_a, 1)
        self._described = replace(self._described, vmp_v=vmp_v, imp_a=imp_a)

    def _add(self, call: Call) -> None:
        if not self._described.is_sound:
            raise ScpiError(-221, "no curve of an array")
        self._library[call.text()] = self._described

    def _choose(self, call: Call) -> None:
        self._asked(call, 1)
        if call.text() not in self._library:
            raise ScpiError(-224, "no such curve")
        self._chosen = self._library[call.text()]

    def _set_irradiance(self, call: Call) -> None:
        self._asked(call, 1)
        self._irradiance_w_m2 = call.number(0.0, HIGHEST_W_M2)

    def _execute(self, call: Call) -> None:
        self._asked(call, 0)
        if self._chosen is None:
            raise ScpiError(-221, "no curve chosen")
        self._take_over(replace(self._chosen, share=self._irradiance_w_m2 / STANDARD_W_M2))

    def _clear_protection(self, call: Call) -> None:
        self._asked(call, 0)

    def _switch_channel(self, call: Call) -> None:
        self._asked(call, 1)
        self._switch(call.switch())

    def _asked(self, call: Call, index: int) -> int:
        """Return the output that a channel list means, 1; raises ScpiError for one that there is not."""
        found = _LIST.fullmatch(call.text(index))
        if found is None:
            raise ScpiError(-104, call.text(index))
        if int(found[1]) != CHANNELS:
            raise ScpiError(-222, call.text(index))
        return CHANNELS
