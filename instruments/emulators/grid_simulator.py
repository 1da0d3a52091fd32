"""Emulated AC grid simulator of generic SCPI.

Dialect: numeric suffix for the phase, none for all phases; one output switch; measurements of all phases in one answer.
"""

from instruments.emulators.ac_source import LARGEST_ANGLE_DEG, AcSourceRatings, OneSwitchSource, numbers
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number

__all__ = ["OVER_CURRENT", "AcSourceRatings", "GridSimulatorEmulator"]

OVER_CURRENT = 2
"""Questionable condition bit 1: the output tripped on over-current and stays off until the protection is cleared."""


class GridSimulatorEmulator(OneSwitchSource):
    """AC source that speaks generic SCPI."""

    model = "emulated grid simulator"

    def _table(self) -> dict[str, Handler]:
        return {
            "[SOURce:]VOLTage#[:LEVel][:IMMediate][:AMPLitude]": self._set_voltage,
            "[SOURce:]VOLTage#[:LEVel][:IMMediate][:AMPLitude]?": self._answer_voltage,
            "[SOURce:]PHASe#[:ADJust]": self._set_angle,
            "[SOURce:]PHASe#[:ADJust]?": self._answer_angle,
            "[SOURce:]FREQuency[:CW]": self._set_frequency,
            "[SOURce:]FREQuency[:CW]?": lambda call: call.level(self._frequency_hz, *self.ratings.frequency_hz),
            "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]": self._set_current_limit,
            "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]?": lambda call: call.level(
                self._current_limit_a, 0.0, self.ratings.current_a
            ),
            "OUTPut[:STATe]": self._switch_output,
            "OUTPut[:STATe]?": lambda _: str(int(self._on)),
            "OUTPut:PROTection:CLEar": lambda _: self._clear_protection(),
            "MEASure:VOLTage[:AC]?": lambda _: numbers(self.node.voltage_v),
            "MEASure:CURRent[:AC]?": lambda _: numbers(self.node.current_a),
            "MEASure:POWer[:AC][:REAL]?": lambda _: numbers(-p for p in self.node.power().p_w),
            "MEASure:POWer[:AC]:REACtive?": lambda _: numbers(-q for q in self.node.power().q_var),
            "MEASure:FREQuency?": lambda _: scpi_number(self.node.frequency_hz),
        }

    def _set_voltage(self, call: Call) -> None:
        value = call.number(*self.ratings.voltage_v)
        self._assign(self._voltage_v, self._suffixed(call), value)

    def _set_angle(self, call: Call) -> None:
        value = call.number(-LARGEST_ANGLE_DEG, LARGEST_ANGLE_DEG)
        self._assign(self._angle_deg, self._suffixed(call), value)

    def _answer_voltage(self, call: Call) -> str:
        phases = self._suffixed(call)
        return ",".join(call.level(self._voltage_v[phase], *self.ratings.voltage_v) for phase in phases)

    def _answer_angle(self, call: Call) -> str:
        return numbers(self._angle_deg[phase] for phase in self._suffixed(call))
