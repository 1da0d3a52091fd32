"""The copper between emulators: a source sets voltage and frequency, attached devices set the power that flows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from instruments.errors import ConfigError

DEAD_V = 1.0
"""Below this voltage a phase counts as dead and carries no power, V; instruments show noise there."""


@dataclass(frozen=True)
class PhasePower:
    """Power per phase that a device delivers into its node: generation and injected vars are > 0."""

    p_w: tuple[float, ...]
    q_var: tuple[float, ...]


DevicePower = Callable[[], PhasePower]


class ElectricalNode:
    """Terminal to which one source and any number of devices are wired.

    A node with one phase stands for a phase and neutral or for a 240 V line pair; its voltage is across that pair.
    Not locked: whoever shares a node between threads holds the lock of the emulators' host.
    """

    def __init__(self, phases: int = 3) -> None:
        self.phases = phases
        self.frequency_hz = 0.0
        self.voltage_v: tuple[float, ...] = (0.0,) * phases
        self.angle_deg: tuple[float, ...] = symmetric_angles_deg(phases)
        self._devices: list[DevicePower] = []

    def apply(
        self, voltage_v: Sequence[float], frequency_hz: float = 60.0, angle_deg: Sequence[float] | None = None
    ) -> None:
        """Set the voltage of each phase, V rms, and its angle; without angles the phases are symmetric.

        Raises ConfigError when the number of values is not the number of phases.
        """
        angles = symmetric_angles_deg(self.phases) if angle_deg is None else tuple(angle_deg)
        if len(voltage_v) != self.phases or len(angles) != self.phases:
            raise ConfigError(f"a node of {self.phases} phases got {len(voltage_v)} voltages and {len(angles)} angles")
        self.voltage_v, self.angle_deg, self.frequency_hz = tuple(voltage_v), angles, frequency_hz

    def de_energize(self) -> None:
        """Take the source away: 0 V and 0 Hz on all phases."""
        self.apply((0.0,) * self.phases, frequency_hz=0.0)

    @property
    def energized(self) -> bool:
        """Whether any phase is alive."""
        return any(voltage >= DEAD_V for voltage in self.voltage_v)

    def attach(self, device: DevicePower) -> None:
        """Wire a device to the node; it is asked for its power whenever power or current is looked at."""
        self._devices.append(device)

    def power(self) -> PhasePower:
        """Power that all devices together deliver into the node, per phase; a dead phase carries none."""
        parts = [device() for device in self._devices]
        return PhasePower(
            tuple(self._on_live_phase(phase, sum(part.p_w[phase] for part in parts)) for phase in range(self.phases)),
            tuple(self._on_live_phase(phase, sum(part.q_var[phase] for part in parts)) for phase in range(self.phases)),
        )

    @property
    def current_a(self) -> tuple[float, ...]:
        """Magnitude of the current in each phase, A rms."""
        power = self.power()
        apparent = (abs(complex(p, q)) for p, q in zip(power.p_w, power.q_var, strict=True))
        return tuple(s / v if v >= DEAD_V else 0.0 for s, v in zip(apparent, self.voltage_v, strict=True))

    def _on_live_phase(self, phase: int, value: float) -> float:
        return float(value) if self.voltage_v[phase] >= DEAD_V else 0.0


def symmetric_angles_deg(phases: int) -> tuple[float, ...]:
    """Angles of a symmetric system in positive sequence, the first phase at 0."""
    return tuple(-360.0 / phases * phase for phase in range(phases))
