"""A device that rides through as well as a test wants it to, behind a rig without a wire: in closed form.

It delivers what is offered, ceases and comes back after times of its own, keeps a share of its current while it has to
keep it up, and for good delivers nothing once it has tripped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

from rigs import rig_around

from bench.certification.rig import InstrumentClass, Rig
from instruments.readings import AcMeasurement, Nameplate

RATING_VA, NOMINAL_V, PHASES = 30_000.0, 173.205080757, 3
PHASE_V = 100.0
SYMMETRIC_DEG = (0.0, -120.0, -240.0)


@dataclass(frozen=True)
class Riding:
    """How a device rides through. Voltages per unit, times in s; `dead_pu` and `high_pu`: beyond them it ceases.

    Outside of them and of continuous operation it keeps `share` of its current.
    """

    dead_pu: float = 0.5
    high_pu: float = 1.10
    cease_s: float = 0.05
    restore_s: float = 0.3
    share: float = 1.0
    trips_below_pu: float = 0.0
    trips_beyond_hz: tuple[float, float] = (50.0, 66.0)
    trips_at_deg: float = 360.0


IDEAL = Riding()


@dataclass
class RidingDevice:
    """Behaves after `riding`, at what the source gives; all of it happens in `advance`."""

    riding: Riding = IDEAL
    offered_pu: float = 1.0
    voltage_pu: tuple[float, ...] = (1.0,) * PHASES
    frequency_hz: float = 60.0
    angle_deg: tuple[float, ...] = SYMMETRIC_DEG
    tripped: bool = False
    on: bool = True
    waiting_s: float = 0.0
    current_pu: float = 1.0
    gain: float = 1.0
    told: list[float] = field(default_factory=list)

    def set_voltage(
        self, voltage_v: Sequence[float], frequency_hz: float, angle_deg: Sequence[float] | None = None
    ) -> None:
        """Be the source: `gain` is what it makes of a voltage."""
        angles = tuple(angle_deg) if angle_deg is not None else SYMMETRIC_DEG
        jumps = [abs((now - then + 180.0) % 360.0 - 180.0) for now, then in zip(angles, self.angle_deg, strict=True)]
        self.tripped |= max(jumps) > self.riding.trips_at_deg
        self.voltage_pu = tuple(self.gain * v / PHASE_V for v in voltage_v)
        self.frequency_hz, self.angle_deg = frequency_hz, angles
        self.told.append(frequency_hz)

    def measure(self) -> AcMeasurement:
        """Be the analyzer, which tells the truth."""
        amps = self.current_pu * RATING_VA / PHASES / PHASE_V
        voltage_v = tuple(PHASE_V * v for v in self.voltage_pu)
        turned = tuple(angle - self.angle_deg[0] for angle in self.angle_deg)
        p_w = tuple(v * amps for v in voltage_v)
        return AcMeasurement(voltage_v, (amps,) * PHASES, p_w, (0.0,) * PHASES, self.frequency_hz, angle_deg=turned)

    def supply(self, level_pu: float) -> None:
        """Be the sun."""
        self.offered_pu = level_pu

    def advance(self, dt_s: float) -> None:
        """Let time pass, s."""
        riding, v_pu = self.riding, sum(self.voltage_pu) / PHASES
        low_hz, high_hz = riding.trips_beyond_hz
        self.tripped |= v_pu < riding.trips_below_pu or not low_hz <= self.frequency_hz <= high_hz
        wanted = riding.dead_pu <= v_pu <= riding.high_pu
        self.waiting_s = self.waiting_s + dt_s if wanted != self.on else 0.0
        if self.waiting_s >= (riding.restore_s if wanted else riding.cease_s) - 1e-9:
            self.on, self.waiting_s = wanted, 0.0
        share = riding.share if v_pu < 0.88 else 1.0
        self.current_pu = share * self.offered_pu / max(v_pu, 0.88) if self.on and not self.tripped else 0.0


def rig_for(device: RidingDevice, abnormal: str = "III", power_pu: float = 0.0025) -> Rig:
    """Return a rig in virtual time with the device, its source and its analyzer in one."""
    plate = Nameplate(RATING_VA, RATING_VA, 0.44 * RATING_VA, 0.44 * RATING_VA, 0.0, NOMINAL_V, "B", abnormal)
    return rig_around(
        device, plate, InstrumentClass(0.0025, power_pu), PHASES, functions=SimpleNamespace(unmapped=lambda *_names: [])
    )


def ideal_but(**changes: object) -> RidingDevice:
    """Return a device that is ideal but for what is named."""
    return RidingDevice(replace(IDEAL, **changes))  # type: ignore[arg-type]
