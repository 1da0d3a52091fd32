"""Emulated source of PT and CT secondary quantities: what a tap-changer or capacitor control senses.

One voltage and one current; the phase is the angle of the current against the voltage.
"""

from dataclasses import dataclass

from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number

_LARGEST_ANGLE_DEG = 360.0


@dataclass(frozen=True)
class SensingRatings:
    """Ranges of the source: PT secondary voltage, CT secondary current (5 A nominal), frequency."""

    voltage_v: tuple[float, float] = (0.0, 150.0)
    current_a: float = 10.0
    frequency_hz: tuple[float, float] = (45.0, 65.0)


@dataclass(frozen=True)
class Secondary:
    """What is on the secondary terminals: V and A rms, angle of the current against the voltage."""

    voltage_v: float
    current_a: float
    angle_deg: float
    frequency_hz: float


DEAD = Secondary(0.0, 0.0, 0.0, 0.0)


class SensingSourceEmulator(ScpiEmulator):
    """Voltage and current source; an emulated control senses what is on `secondary`."""

    role = "sensing_source"
    model = "emulated sensing source"

    def __init__(self, name: str, ratings: SensingRatings | None = None) -> None:
        self.ratings = ratings or SensingRatings()
        self.secondary = DEAD
        super().__init__(name)

    def advance(self, dt_s: float) -> None:
        """Let `dt_s` pass; the output follows defects that come and go."""
        super().advance(dt_s)
        self._drive()

    def _reset(self) -> None:
        self._on = False
        self._voltage_v = self.ratings.voltage_v[0]
        self._current_a = self._angle_deg = 0.0
        self._frequency_hz = min(max(60.0, self.ratings.frequency_hz[0]), self.ratings.frequency_hz[1])
        self._drive()

    def _drive(self) -> None:
        if self._on:
            gain = self._gain()
            self.secondary = Secondary(
                self._voltage_v * gain, self._current_a * gain, self._actual_angle_deg(), self._frequency_hz
            )
        elif not self._has("does-not-switch-off"):
            self.secondary = DEAD

    def _actual_angle_deg(self) -> float:
        return self._angle_deg + 180.0 if self._has("reversed-current") else self._angle_deg

    def _table(self) -> dict[str, Handler]:
        ratings = self.ratings
        return {
            "[SOURce:]VOLTage#[:LEVel][:IMMediate][:AMPLitude]": self._set_voltage,
            "[SOURce:]VOLTage#[:LEVel][:IMMediate][:AMPLitude]?": lambda call: call.level(
                self._voltage_v, *ratings.voltage_v
            ),
            "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]": self._set_current,
            "[SOURce:]CURRent[:LEVel][:IMMediate][:AMPLitude]?": lambda call: call.level(
                self._current_a, 0.0, ratings.current_a
            ),
            "[SOURce:]PHASe[:ADJust]": self._set_angle,
            "[SOURce:]PHASe[:ADJust]?": lambda call: call.level(
                self._angle_deg, -_LARGEST_ANGLE_DEG, _LARGEST_ANGLE_DEG
            ),
            "[SOURce:]FREQuency[:CW]": self._set_frequency,
            "[SOURce:]FREQuency[:CW]?": lambda call: call.level(self._frequency_hz, *ratings.frequency_hz),
            "OUTPut[:STATe]": self._switch_output,
            "OUTPut[:STATe]?": lambda _: str(int(self._on)),
            "MEASure:VOLTage[:AC]?": lambda _: scpi_number(self.secondary.voltage_v),
            "MEASure:CURRent[:AC]?": lambda _: scpi_number(self.secondary.current_a),
            "MEASure:PHASe?": lambda _: scpi_number(self.secondary.angle_deg),
        }

    def _set_voltage(self, call: Call) -> None:
        self._voltage_v = call.number(*self.ratings.voltage_v)
        self._drive()

    def _set_current(self, call: Call) -> None:
        self._current_a = call.number(0.0, self.ratings.current_a)
        self._drive()

    def _set_angle(self, call: Call) -> None:
        self._angle_deg = call.number(-_LARGEST_ANGLE_DEG, _LARGEST_ANGLE_DEG)
        self._drive()

    def _set_frequency(self, call: Call) -> None:
        self._frequency_hz = call.number(*self.ratings.frequency_hz)
        self._drive()

    def _switch_output(self, call: Call) -> None:
        self._on = call.switch()
        self._drive()
