"""Emulated AC source that speaks as Keysight's AC6800 does.

Dialect: one phase; the frequency takes its two limits besides; a numbered list of errors. Written from what is known of
the instruments, and not from the table that our driver uses.
"""

from instruments.emulators.ac_source import OneSwitchSource, numbers
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

_FREQUENCY_PARAMETERS = 3


class KeysightSourceEmulator(OneSwitchSource):
    """One-phase source."""

    model = "emulated AC6800"

    def _reset(self) -> None:
        self._limits_hz = self.ratings.frequency_hz
        super()._reset()

    def _table(self) -> dict[str, Handler]:
        return {
            "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]": self._set_voltage,
            "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]?": lambda call: call.level(
                self._voltage_v[0], *self.ratings.voltage_v
            ),
            "[SOURce:]FREQuency[:CW]": self._set_limited_frequency,
            "[SOURce:]FREQuency[:CW]?": lambda call: call.level(self._frequency_hz, *self.ratings.frequency_hz),
            "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]": self._set_current_limit,
            "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]?": lambda call: call.level(
                self._current_limit_a, 0.0, self.ratings.current_a
            ),
            "OUTPut[:STATe]": self._switch_output,
            "OUTPut[:STATe]?": lambda _: str(int(self._on)),
            "OUTPut:PROTection:CLEar": lambda _: self._clear_protection(),
            "MEASure:VOLTage:AC?": lambda _: numbers(self.node.voltage_v),
            "MEASure:CURRent:AC?": lambda _: numbers(self.node.current_a),
            "MEASure:POWer:AC[:REAL]?": lambda _: numbers(-p for p in self.node.power().p_w),
            "MEASure:POWer:AC:REACtive?": lambda _: numbers(-q for q in self.node.power().q_var),
            "MEASure:FREQuency?": lambda _: scpi_number(self.node.frequency_hz),
        }

    def _set_voltage(self, call: Call) -> None:
        self._assign(self._voltage_v, (0,), call.number(*self.ratings.voltage_v))

    def _set_limited_frequency(self, call: Call) -> None:
        """Set the frequency, and with three parameters the limits that later ones are held to."""
        lowest, highest = self._limits_hz
        if len(call.parameters) == _FREQUENCY_PARAMETERS:
            lowest, highest = (call.number(*self.ratings.frequency_hz, index=index) for index in (1, 2))
        elif len(call.parameters) > 1:
            raise ScpiError(-108)
        self._frequency_hz = call.number(lowest, highest)
        self._limits_hz = (lowest, highest)
        self._drive()
