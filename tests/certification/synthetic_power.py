"""A device under test whose active power is a formula, with its source and its analyzer: exact, and wrong as told.

It knows nothing of the bench's criteria and nothing of the emulators: droop, volt-watt, limit and way into service are
written down once more here, per unit of the rating.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from rigs import PHASES, RATED_V, RATED_VA, in_pu, rig_around, seen_by_analyzer

from bench.certification.rig import InstrumentClass, Rig
from instruments.readings import AcMeasurement, Characteristic, EnterServiceSettings, FrequencyDroop, Nameplate

EXACT = InstrumentClass(voltage_pu=0.0, power_pu=0.0)


@dataclass(frozen=True)
class Wrong:
    """Times the response time and the slope of its droop, its delay and its ramp; what it begins at, and what it skips.

    `limit_holds_droop`: the limit of active power holds back what low frequency asks for.
    """

    slowness: float = 1.0
    slope: float = 1.0
    base_pu: float | None = None
    limit_holds_droop: bool = False
    volt_watt: bool = True
    limits: bool = True
    delay: float = 1.0
    ramp: float = 1.0
    stops: bool = True
    drawn_pu: float | None = 0.5


class ActivePowerDevice:
    """Delivers what is offered, less what droop, volt-watt and limit leave of it; source and analyzer as well."""

    def __init__(self, wrong: Wrong = Wrong(), lowest_pu: float = 0.0) -> None:
        self.wrong, self.lowest_pu = wrong, lowest_pu
        self.voltage_pu, self.frequency_hz, self.offered_pu, self.limit_pu = 1.0, 60.0, 1.0, 1.0
        self.droop: FrequencyDroop | None = None
        self.curve: Characteristic | None = None
        self.service = EnterServiceSettings((0.917, 1.05), (59.5, 60.1), 300.0, 300.0)
        self.permitted, self.in_service, self.waited_s, self.served_s = True, True, 0.0, math.inf
        self.power_pu, self._before_pu = 1.0, 1.0

    def set_frequency_droop(self, droop: FrequencyDroop) -> None:
        """Follow frequency from now on."""
        self.droop = droop

    def set_volt_watt(self, curve: Characteristic) -> None:
        """Follow voltage from now on."""
        self.curve = curve

    def limit_power_pct(self, limit_pct: float, _reversion_s: float) -> None:
        """Take a limit."""
        self.limit_pu = limit_pct / 100.0 if self.wrong.limits else 1.0

    def set_enter_service(self, settings: EnterServiceSettings) -> None:
        """Take criteria and times."""
        self.service = settings

    def read_enter_service(self) -> EnterServiceSettings:
        """Say what was set; one that draws no delay says so."""
        return EnterServiceSettings(*[(0.0, 0.0)] * 2, 0.0, 0.0, math.nan if self.wrong.drawn_pu is None else 0.0)

    def cease_to_energize(self) -> None:
        """Stop, if it does."""
        self.permitted = not self.wrong.stops

    def enter_service(self) -> None:
        """Wait for the grid, then begin."""
        self.permitted = True

    def supply(self, level_pu: float) -> None:
        """Be the DC side."""
        self.offered_pu = level_pu

    def absorb(self, share_pu: float) -> None:
        """Take power from the grid."""
        self.offered_pu = -share_pu

    def set_voltage(self, voltage_v: Sequence[float], frequency_hz: float, _angle_deg: object = None) -> None:
        """Be the source: what was delivered when frequency leaves the deadband is where the droop begins."""
        was_inside = self._inside
        self.voltage_pu, self.frequency_hz = fmean(in_pu(voltage_v)), frequency_hz
        if was_inside and not self._inside:
            self._before_pu = self.power_pu if self.wrong.base_pu is None else self.wrong.base_pu

    def measure(self) -> AcMeasurement:
        """Be the analyzer."""
        return seen_by_analyzer((self.voltage_pu,) * PHASES, self.power_pu, 0.0, self.frequency_hz)

    def advance(self, dt_s: float) -> None:
        """Answer to a state of the grid that has stayed for a time: a decade of the rest in each response time."""
        self._serve(dt_s)
        response_s = 1e-3 if self._inside or self.droop is None else self.droop.response_s * self.wrong.slowness
        asked = self._asked_pu()
        self.power_pu = asked + (self.power_pu - asked) * 10.0 ** -min(dt_s / response_s, 300.0)
        if not self.in_service:
            self.power_pu = 0.0

    def _serve(self, dt_s: float) -> None:
        (v_low, v_high), (f_low, f_high) = self.service.v_pu, self.service.f_hz
        fit = v_low <= self.voltage_pu <= v_high and f_low <= self.frequency_hz <= f_high
        if not self.permitted:
            self.in_service, self.waited_s, self.served_s = False, 0.0, 0.0
        elif self.in_service:
            self.served_s += dt_s
        else:
            self.waited_s = self.waited_s + dt_s if fit else 0.0
            drawn_s = self.service.random_s * (self.wrong.drawn_pu or 0.0)
            self.in_service = fit and self.waited_s >= self.service.delay_s * self.wrong.delay + drawn_s

    def _asked_pu(self) -> float:
        ramp_s = 0.0 if self.service.random_s else self.service.ramp_s * self.wrong.ramp
        entered = min(1.0, self.served_s / ramp_s) if ramp_s else 1.0
        free = min(self.offered_pu, self.limit_pu) if self._inside else self._drooped_pu()
        return min(free, entered, self._volt_watt_pu(), 1.0)

    @property
    def _inside(self) -> bool:
        return self.droop is None or abs(self.frequency_hz - 60.0) <= self.droop.over_deadband_hz

    def _drooped_pu(self) -> float:
        assert self.droop is not None
        beyond_hz = abs(self.frequency_hz - 60.0) - self.droop.over_deadband_hz
        moved = self.wrong.slope * beyond_hz / (60.0 * self.droop.over_droop)
        if self.frequency_hz > 60.0:
            return max(self._before_pu - moved, self.lowest_pu)
        return min(self._before_pu + moved, self.limit_pu if self.wrong.limit_holds_droop else 1.0)

    def _volt_watt_pu(self) -> float:
        if self.curve is None or not self.wrong.volt_watt:
            return 1.0
        (v1, v2), (p1, p2) = self.curve.x_pu, self.curve.y_pu
        share = min(max((self.voltage_pu - v1) / (v2 - v1), 0.0), 1.0)
        return p1 + (p2 - p1) * share


def rig_of(device: ActivePowerDevice, instrument: InstrumentClass = EXACT) -> Rig:
    """Put a device on its rig; one that can absorb says so on its nameplate."""
    charge_w = -device.lowest_pu * RATED_VA
    return rig_around(
        device,
        Nameplate(RATED_VA, RATED_VA, 44e3, 44e3, charge_w, RATED_V, "B", "III"),
        instrument,
        PHASES,
        absorb=device.absorb,
    )
