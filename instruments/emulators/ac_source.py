"""What emulated AC sources do, whatever language they speak: hold the voltage of a node, until one trips.

The languages are subclasses, each with its own table of commands; `ac_sources` finds them by name.
"""

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

from instruments.emulators.electrical import ElectricalNode, symmetric_angles_deg
from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError
from instruments.emulators.transient import Transient, value_at, values_at

LARGEST_ANGLE_DEG = 360.0


@dataclass(frozen=True)
class AcSourceRatings:
    """Ranges that an AC source accepts: phase to neutral voltage, frequency, and rms current per phase.

    The slew rates, V/s and Hz/s, are the fastest that it can change at.
    """

    voltage_v: tuple[float, float] = (0.0, 300.0)
    frequency_hz: tuple[float, float] = (40.0, 70.0)
    current_a: float = 100.0
    trip_delay_s: float = 0.1
    voltage_slew_v_per_s: float = 200_000.0
    frequency_slew_hz_per_s: float = 1000.0


class AcSourceEmulator(ScpiEmulator):
    """AC source in front of equipment; `node` is the copper at its output.

    A transient is seen by what is on the node at the ends of the steps of time, and not in between.
    """

    role = "grid_simulator"
    over_current_bit = 1
    """Bit of the questionable condition that says that it tripped on over-current."""

    def __init__(self, name: str, node: ElectricalNode, ratings: AcSourceRatings | None = None) -> None:
        self.node = node
        self.ratings = ratings or AcSourceRatings()
        self._over_current_s = 0.0
        self._tripped = False
        self._current_limit_a = self.ratings.current_a
        self._transient: Transient | None = None
        self._played_s = 0.0
        super().__init__(name)

    def advance(self, dt_s: float) -> None:
        """Let `dt_s` pass: a current above its limit for the trip delay switches the output off and latches."""
        super().advance(dt_s)
        self._play_on(dt_s)
        over = max(self.node.current_a) > self._current_limit_a
        self._over_current_s = self._over_current_s + dt_s if over else 0.0
        if over and self._over_current_s >= self.ratings.trip_delay_s:
            self._trip()
        self._drive()

    @property
    def tripped(self) -> bool:
        """Whether over-current switched the output off and nobody cleared it yet."""
        return self._tripped

    @property
    def is_playing(self) -> bool:
        """Whether it is in the middle of a transient."""
        return self._transient is not None

    def _trip(self) -> None:
        self._tripped, self._transient = True, None
        self.scpi.status.questionable.set(1 << self.over_current_bit)
        self._open_output()

    @abstractmethod
    def _open_output(self) -> None:
        """Open all switches of the output."""

    @property
    @abstractmethod
    def _is_on(self) -> bool:
        """Whether all switches of the output are closed."""

    @abstractmethod
    def _table(self) -> dict[str, Handler]:
        """Return the commands of the language."""

    def _reset(self) -> None:
        self._open_output()
        self._transient = None
        self._voltage_v = [0.0] * self.node.phases
        self._angle_deg = list(symmetric_angles_deg(self.node.phases))
        self._frequency_hz = min(max(60.0, self.ratings.frequency_hz[0]), self.ratings.frequency_hz[1])
        self._current_limit_a = self.ratings.current_a
        self._clear_protection()
        self._drive()

    def _clear_protection(self) -> None:
        self._over_current_s, self._tripped = 0.0, False
        self.scpi.status.questionable.set(0)

    def _require_untripped(self) -> None:
        if self._tripped:
            raise ScpiError(-221, "protection tripped")

    def _start(self, transient: Transient) -> None:
        """Begin a transient; at its end the settings hold again."""
        self._transient, self._played_s = transient, 0.0
        self._drive()

    def _play_on(self, dt_s: float) -> None:
        self._played_s += dt_s
        if self._transient is not None and self._played_s >= self._transient.duration_s - 1e-9:
            self._transient = None
            self._end_transient()

    def _end_transient(self) -> None:
        """Tell in the language that a transient came to its end."""

    def _asked(self) -> tuple[list[float], float]:
        """Return the voltages and the frequency that it is to hold now."""
        playing = self._transient
        if playing is None:
            return list(self._voltage_v), self._frequency_hz
        return list(values_at(playing.voltage_v, self._played_s)), value_at(playing.frequency_hz, self._played_s)

    def _drive(self) -> None:
        """Put on the copper what the settings, and the defects of this source, make of it."""
        if self._is_on:
            asked_v, frequency_hz = self._asked()
            gain = self._gain()
            voltage_v, angle_deg = [voltage * gain for voltage in asked_v], list(self._angle_deg)
            if self._has("swapped-phases"):
                voltage_v[:2], angle_deg[:2] = voltage_v[1::-1], angle_deg[1::-1]
            self.node.apply(voltage_v, frequency_hz, angle_deg)
        elif not self._has("does-not-switch-off"):
            self.node.de_energize()

    def _assign(self, settings: list[float], phases: Iterable[int], value: float) -> None:
        """Set phases, counted from 0, to a value."""
        for phase in phases:
            settings[phase] = value
        self._drive()

    def _suffixed(self, call: Call) -> range:
        """Phases that a suffix means, all of them without one; raises ScpiError -114 for a phase that is not there."""
        suffix = call.suffixes[0]
        if suffix is None:
            return range(self.node.phases)
        if not 1 <= suffix <= self.node.phases:
            raise ScpiError(-114, str(suffix))
        return range(suffix - 1, suffix)

    def _set_frequency(self, call: Call) -> None:
        self._frequency_hz = call.number(*self.ratings.frequency_hz)
        self._drive()

    def _set_current_limit(self, call: Call) -> None:
        self._current_limit_a = call.number(0.0, self.ratings.current_a)


def numbers(values: Iterable[float]) -> str:
    """Answer with a list of numbers."""
    return ",".join(scpi_number(value) for value in values)


class OneSwitchSource(AcSourceEmulator):
    """A source whose output has one switch."""

    def _open_output(self) -> None:
        self._on = False

    @property
    def _is_on(self) -> bool:
        return self._on

    def _switch_output(self, call: Call) -> None:
        on = call.switch()
        if on:
            self._require_untripped()
        self._on = on
        self._drive()
