"""Emulated AC grid simulator: holds the voltage of a node as commanded over SCPI, until a phase draws too much current.

Dialect: numeric suffix for the phase, none for all phases; one output switch; measurements of all phases in one answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from instruments.emulators.electrical import ElectricalNode, symmetric_angles_deg
from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

OVER_CURRENT = 2
"""Questionable condition bit 1: the output tripped on over-current and stays off until the protection is cleared."""

_LARGEST_ANGLE_DEG = 360.0


@dataclass(frozen=True)
class AcSourceRatings:
    """Ranges that an AC source accepts: phase to neutral voltage, frequency, and rms current per phase."""

    voltage_v: tuple[float, float] = (0.0, 300.0)
    frequency_hz: tuple[float, float] = (40.0, 70.0)
    current_a: float = 100.0
    trip_delay_s: float = 0.1


class GridSimulatorEmulator(ScpiEmulator):
    """AC source in front of equipment; `node` is the copper at its output."""

    role = "grid_simulator"
    model = "emulated grid simulator"

    def __init__(self, name: str, node: ElectricalNode, ratings: AcSourceRatings | None = None) -> None:
        self.node = node
        self.ratings = ratings or AcSourceRatings()
        self._over_current_s = 0.0
        self._current_limit_a = self.ratings.current_a
        super().__init__(name)

    def advance(self, dt_s: float) -> None:
        """Let `dt_s` pass: a current above its limit for the trip delay switches the output off and latches."""
        super().advance(dt_s)
        over = max(self.node.current_a) > self._current_limit_a
        self._over_current_s = self._over_current_s + dt_s if over else 0.0
        if over and self._over_current_s >= self.ratings.trip_delay_s:
            self.scpi.status.questionable.set(OVER_CURRENT)
            self._on = False
        self._drive()

    @property
    def tripped(self) -> bool:
        """Whether over-current switched the output off and nobody cleared it yet."""
        return bool(self.scpi.status.questionable.condition & OVER_CURRENT)

    def _reset(self) -> None:
        self._on = False
        self._voltage_v = [0.0] * self.node.phases
        self._angle_deg = list(symmetric_angles_deg(self.node.phases))
        self._frequency_hz = min(max(60.0, self.ratings.frequency_hz[0]), self.ratings.frequency_hz[1])
        self._current_limit_a = self.ratings.current_a
        self._clear_protection()
        self._drive()

    def _clear_protection(self) -> None:
        self._over_current_s = 0.0
        self.scpi.status.questionable.set(0)

    def _drive(self) -> None:
        """Put on the copper what the settings, and the defects of this source, make of it."""
        if self._on:
            gain = self._gain()
            voltage_v, angle_deg = [voltage * gain for voltage in self._voltage_v], list(self._angle_deg)
            if self._has("swapped-phases"):
                voltage_v[:2], angle_deg[:2] = voltage_v[1::-1], angle_deg[1::-1]
            self.node.apply(voltage_v, self._frequency_hz, angle_deg)
        elif not self._has("does-not-switch-off"):
            self.node.de_energize()

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
            "MEASure:VOLTage[:AC]?": lambda _: _list(self.node.voltage_v),
            "MEASure:CURRent[:AC]?": lambda _: _list(self.node.current_a),
            "MEASure:POWer[:AC][:REAL]?": lambda _: _list(-p for p in self.node.power().p_w),
            "MEASure:POWer[:AC]:REACtive?": lambda _: _list(-q for q in self.node.power().q_var),
            "MEASure:FREQuency?": lambda _: scpi_number(self.node.frequency_hz),
        }

    def _set_voltage(self, call: Call) -> None:
        self._assign(self._voltage_v, call, *self.ratings.voltage_v)

    def _set_angle(self, call: Call) -> None:
        self._assign(self._angle_deg, call, -_LARGEST_ANGLE_DEG, _LARGEST_ANGLE_DEG)

    def _assign(self, settings: list[float], call: Call, lowest: float, highest: float) -> None:
        value = call.number(lowest, highest)
        for phase in self._phases(call):
            settings[phase] = value
        self._drive()

    def _phases(self, call: Call) -> range:
        """Phases that a suffix means, all of them without one; raises ScpiError -114 for a phase that is not there."""
        suffix = call.suffixes[0]
        if suffix is None:
            return range(self.node.phases)
        if not 1 <= suffix <= self.node.phases:
            raise ScpiError(-114, str(suffix))
        return range(suffix - 1, suffix)

    def _answer_voltage(self, call: Call) -> str:
        return ",".join(call.level(self._voltage_v[phase], *self.ratings.voltage_v) for phase in self._phases(call))

    def _answer_angle(self, call: Call) -> str:
        return _list(self._angle_deg[phase] for phase in self._phases(call))

    def _set_frequency(self, call: Call) -> None:
        self._frequency_hz = call.number(*self.ratings.frequency_hz)
        self._drive()

    def _set_current_limit(self, call: Call) -> None:
        self._current_limit_a = call.number(0.0, self.ratings.current_a)

    def _switch_output(self, call: Call) -> None:
        on = call.switch()
        if on and self.tripped:
            raise ScpiError(-221, "protection tripped")
        self._on = on
        self._drive()


def _list(values: Iterable[float]) -> str:
    return ",".join(scpi_number(value) for value in values)
