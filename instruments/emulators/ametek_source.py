"""Emulated AC source that speaks as AMETEK's MX and RS do.

Dialect: a phase is selected, or all are coupled, before they are spoken of; angles lead; measurements are those of the
selected phase. Written from what is known of the instruments (facts of public drivers and of the manual), and not from
the table that our driver uses.
"""

from collections.abc import Sequence

from instruments.emulators.ac_source import LARGEST_ANGLE_DEG, OneSwitchSource
from instruments.emulators.ametek_list import LONGEST_S, SHORTEST_S, TransientList, column_of
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError
from instruments.emulators.transient import LineBuilder, Transient

TRANSIENT_COMPLETE = 8
"""Bit 3 of the operation condition."""
SLOWEST = 0.001
"""Of slew rates, V/s and Hz/s."""
_COUPLINGS = ("ALL", "NONE")
_MODES = ("FIX", "LIST")


class AmetekSourceEmulator(OneSwitchSource):
    """Three-phase source with a selected phase."""

    model = "emulated MX"

    def _reset(self) -> None:
        self._coupled, self._selected = True, 0
        self._modes = {"voltage": "FIX", "frequency": "FIX"}
        self._list = TransientList(self.node.phases)
        self._slew_v_per_s, self._slew_hz_per_s = self._slew_limits
        self._has_played = False
        super()._reset()

    @property
    def _slew_limits(self) -> tuple[float, float]:
        return self.ratings.voltage_slew_v_per_s, self.ratings.frequency_slew_hz_per_s

    def _table(self) -> dict[str, Handler]:
        highest_v = self.ratings.voltage_v[1]
        fastest_v, fastest_hz = self._slew_limits
        return {
            "INSTrument:COUPle": self._couple,
            "INSTrument:COUPle?": lambda _: "ALL" if self._coupled else "NONE",
            "INSTrument:NSELect": self._select,
            "INSTrument:NSELect?": lambda _: str(self._selected + 1),
            "[SOURce:]VOLTage[:LEVel][:AC]": self._set_voltage,
            "[SOURce:]VOLTage[:LEVel][:AC]?": lambda _: scpi_number(self._voltage_v[self._selected]),
            "[SOURce:]VOLTage:RANGe?": lambda _: scpi_number(highest_v),
            "[SOURce:]PHASe": self._set_angle,
            "[SOURce:]PHASe?": lambda _: scpi_number(self._angle_deg[self._selected]),
            "[SOURce:]FREQuency": self._set_frequency,
            "[SOURce:]FREQuency?": lambda call: call.level(self._frequency_hz, *self.ratings.frequency_hz),
            "[SOURce:]CURRent": self._set_current_limit,
            "[SOURce:]CURRent?": lambda call: call.level(self._current_limit_a, 0.0, self.ratings.current_a),
            "OUTPut[:STATe]": self._switch_output,
            "OUTPut[:STATe]?": lambda _: str(int(self._on)),
            "[SOURce:]VOLTage:SLEW": self._set_voltage_slew,
            "[SOURce:]VOLTage:SLEW?": lambda call: call.level(self._slew_v_per_s, SLOWEST, fastest_v),
            "[SOURce:]FREQuency:SLEW": self._set_frequency_slew,
            "[SOURce:]FREQuency:SLEW?": lambda call: call.level(self._slew_hz_per_s, SLOWEST, fastest_hz),
            "[SOURce:]VOLTage:MODE": lambda call: self._set_mode("voltage", call),
            "[SOURce:]FREQuency:MODE": lambda call: self._set_mode("frequency", call),
            "[SOURce:]LIST:DWELl": self._list_dwell,
            "[SOURce:]LIST:VOLTage": self._list_voltage,
            "[SOURce:]LIST:VOLTage:SLEW": self._list_voltage_slew,
            "[SOURce:]LIST:FREQuency": self._list_frequency,
            "[SOURce:]LIST:FREQuency:SLEW": self._list_frequency_slew,
            "[SOURce:]LIST:COUNt": lambda call: _require(call, "1"),
            "[SOURce:]LIST:STEP": lambda call: _require(call, "AUTO"),
            "TRIGger:TRANsient:SOURce": lambda call: _require(call, "IMM"),
            "TRIGger:SYNChronize:SOURce": lambda call: _require(call, "IMM"),
            "INITiate[:IMMediate]": self._initiate,
            "ABORt": self._abort,
            "STATus:OPERation:CONDition?": lambda _: str(TRANSIENT_COMPLETE * self._has_played),
            "OUTPut:PROTection:CLEar": lambda _: self._clear_protection(),
            "MEASure:VOLTage:AC?": lambda _: scpi_number(self.node.voltage_v[self._selected]),
            "MEASure:CURRent:AC?": lambda _: scpi_number(self.node.current_a[self._selected]),
            "MEASure:POWer:AC?": lambda _: scpi_number(-self.node.power().p_w[self._selected]),
            "MEASure:FREQuency?": lambda _: scpi_number(self.node.frequency_hz),
        }

    def _couple(self, call: Call) -> None:
        if call.text() not in _COUPLINGS:
            raise ScpiError(-224, call.text())
        self._coupled = call.text() == "ALL"

    def _select(self, call: Call) -> None:
        self._selected = int(call.number(1, self.node.phases)) - 1

    def _meant(self) -> range:
        return range(self.node.phases) if self._coupled else range(self._selected, self._selected + 1)

    def _set_voltage(self, call: Call) -> None:
        before, value = self._asked()[0], call.number(*self.ratings.voltage_v)
        self._assign(self._voltage_v, self._meant(), value)
        if self._slew_v_per_s < self._slew_limits[0]:
            self._slew_from(before)

    def _slew_from(self, before: Sequence[float]) -> None:
        """Let the output go from its voltages to the new ones at the slew rate that is set."""
        lasts_s = max(abs(new - old) for new, old in zip(self._voltage_v, before, strict=True)) / self._slew_v_per_s
        lines = []
        for new, old in zip(self._voltage_v, before, strict=True):
            drawn = LineBuilder(old)
            drawn.slew(new, self._slew_v_per_s, lasts_s)
            lines.append(drawn.line)
        self._start(Transient(lasts_s, tuple(lines), ((0.0, self._frequency_hz),)))

    def _set_mode(self, quantity: str, call: Call) -> None:
        if call.text() not in _MODES:
            raise ScpiError(-224, call.text())
        self._modes[quantity] = call.text()

    def _set_voltage_slew(self, call: Call) -> None:
        self._slew_v_per_s = call.number(SLOWEST, self._slew_limits[0])

    def _set_frequency_slew(self, call: Call) -> None:
        self._slew_hz_per_s = call.number(SLOWEST, self._slew_limits[1])

    def _list_dwell(self, call: Call) -> None:
        self._list.dwell_s = column_of(call, SHORTEST_S, LONGEST_S)

    def _list_voltage(self, call: Call) -> None:
        values = column_of(call, *self.ratings.voltage_v)
        for phase in self._meant():
            self._list.voltage_v[phase] = values

    def _list_voltage_slew(self, call: Call) -> None:
        values = column_of(call, SLOWEST, self._slew_limits[0])
        for phase in self._meant():
            self._list.voltage_slew[phase] = values

    def _list_frequency(self, call: Call) -> None:
        self._list.frequency_hz = column_of(call, *self.ratings.frequency_hz)

    def _list_frequency_slew(self, call: Call) -> None:
        self._list.frequency_slew = column_of(call, SLOWEST, self._slew_limits[1])

    def _initiate(self, _call: Call) -> None:
        if set(self._modes.values()) != {"LIST"}:
            raise ScpiError(-221, "no mode of transients")
        self._has_played = False
        self._start(self._list.transient(self._voltage_v, self._frequency_hz))

    def _abort(self, _call: Call) -> None:
        self._transient = None
        self._drive()

    def _end_transient(self) -> None:
        self._has_played = True

    def _set_angle(self, call: Call) -> None:
        value = call.number(-LARGEST_ANGLE_DEG, LARGEST_ANGLE_DEG)
        self._assign(self._angle_deg, self._meant(), value)


def _require(call: Call, word: str) -> None:
    """Refuse what is not the one value that is known of a setting."""
    if call.text() != word:
        raise ScpiError(-224, call.text())
