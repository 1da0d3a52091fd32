"""A battery that is a formula, with source and analyzer in front of it: exact, and wrong by a known amount.

It knows nothing of the bench's criteria and nothing of the emulators. Power is held until the moment at which it
changes, and its charge is integrated exactly between two such moments.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rigs import PHASES, RATED_V, RATED_VA, rig_around, seen_by_analyzer

from bench.certification.rig import InstrumentClass
from bench.certification.storage.figures import StorageFigures, load_storage_figures
from bench.certification.storage.rig import StorageRig
from bench.certification.storage.statement import Stated
from instruments.readings import (
    AcMeasurement,
    ChargeStatus,
    Nameplate,
    PowerCommand,
    StorageLimits,
    StorageReading,
)

RATED_W, CAPACITY_WH = RATED_VA, 200e3
CAPACITY_H = CAPACITY_WH / RATED_W
HOUR_S, DAY_S = 3600.0, 86_400.0
RATED_VARS = 0.44
PLATE = Nameplate(
    p_max_w=RATED_W,
    va_max_va=RATED_W,
    q_max_injected_var=RATED_VARS * RATED_W,
    q_max_absorbed_var=RATED_VARS * RATED_W,
    charge_max_w=RATED_W,
    v_nom_v=RATED_V,
    category="B",
    abnormal="III",
)
EXACT = InstrumentClass(voltage_pu=0.0, power_pu=0.0)
QUARTER_PCT = InstrumentClass(voltage_pu=0.0025, power_pu=0.0025)
FIGURES = load_storage_figures()
STATED = Stated(efficiency_pu=0.9, response_s=1.0, self_discharge_pct_per_day=0.1)


@dataclass(frozen=True)
class Nature:
    """How a battery is; as it stands here it is sound and loses nothing.

    `dead_s` passes before it acts, `ramp_scale` is of the rate that it was set to. `charging` and `discharging` are the
    shares of a command that come, `in_pu` and `out_pu` its efficiencies either way, `loss_pct_per_day` what it loses at
    rest, `health` what is left of what it stored when it was new. It stops at `top` and `bottom`, and `above_reserve`
    of a reserve. Of its charge it tells `gauge` times what changes from half, where it tells `told_at_half`, but never
    more than full or less than empty. It may say of its top.
    `absorbing` is the share of vars that it absorbs. It takes `service_s` to be in service.
    """

    dead_s: float = 0.0
    ramp_scale: float = 1.0
    charging: float = 1.0
    discharging: float = 1.0
    in_pu: float = 1.0
    out_pu: float = 1.0
    loss_pct_per_day: float = 0.0
    top: float = 1.0
    bottom: float = 0.0
    above_reserve: float = 0.0
    gauge: float = 1.0
    told_at_half: float = 0.5
    absorbing: float = 1.0
    service_s: float = 0.0
    health: float = 1.0
    status_at_full: ChargeStatus = "full"
    says_status: bool = True
    has_reserve: bool = True
    says_top: bool = False
    has_ramp: bool = True


class SyntheticBattery:
    """Fits StorageFunctions, GridSimulator and PowerAnalyzer, as far as the suite asks for them."""

    def __init__(self, nature: Nature = Nature(), soc: float = 0.5) -> None:
        self.nature, self.soc = nature, soc
        self.power_pu, self.q_pu, self.reserve = 0.0, 0.0, 0.0
        self.ramp_pct_per_s = math.inf
        self._pending: list[tuple[float, float]] = []
        self._target_pu: float = 0.0
        self._reverts_s = math.inf
        self._time_s = 0.0
        self._serves_from_s = 0.0

    def advance(self, dt_s: float) -> None:
        """Let time pass, s, stopping wherever something changes by itself."""
        left_s = dt_s
        while left_s > 1e-12:
            step_s = min([left_s, *self._moments_s()])
            self._elapse(step_s)
            left_s -= step_s
            self._act()

    def _moments_s(self) -> list[float]:
        moments = [due_s - self._time_s for due_s, _ in self._pending]
        moments += [self._reverts_s - self._time_s, self._serves_from_s - self._time_s]
        if self._ramping:
            moments.append((self._target_pu - max(self.power_pu, 0.0)) / self._ramp_pu_per_s)
            moments.append(0.01)
        rate = self._soc_per_s
        if rate:
            end = self.nature.top if rate > 0.0 else self._floor
            moments.append((end - self.soc) / rate)
        return [moment for moment in moments if moment > 1e-12]

    @property
    def _floor(self) -> float:
        return self.reserve + self.nature.above_reserve if self.reserve else self.nature.bottom

    @property
    def _ramp_pu_per_s(self) -> float:
        return self.ramp_pct_per_s / 100.0 * self.nature.ramp_scale

    @property
    def _ramping(self) -> bool:
        return math.isfinite(self._ramp_pu_per_s) and self._target_pu > max(self.power_pu, 0.0) + 1e-9

    @property
    def _soc_per_s(self) -> float:
        power, nature = self.power_pu, self.nature
        stored = -power * nature.in_pu if power < 0.0 else -power / nature.out_pu
        lost = nature.loss_pct_per_day if self._target_pu == 0.0 else 0.0
        return stored / CAPACITY_H / HOUR_S - lost / 100.0 / DAY_S

    def _elapse(self, step_s: float) -> None:
        ramping, rate = self._ramping, self._ramp_pu_per_s
        self.soc += self._soc_per_s * step_s
        self._time_s += step_s
        if ramping:
            self.power_pu = min(max(self.power_pu, 0.0) + rate * step_s, self._target_pu)

    def _act(self) -> None:
        if self._time_s >= self._reverts_s - 1e-9:
            self._target_pu, self._reverts_s = 0.0, math.inf
        while self._pending and self._pending[0][0] <= self._time_s + 1e-9:
            self._target_pu = self._pending.pop(0)[1]
        self._go()

    def _go(self) -> None:
        """Go to the target at once, unless it ramps there or is at an end."""
        if not self._ramping:
            self.power_pu = self._target_pu
        at_top, at_floor = self.soc >= self.nature.top - 1e-12, self.soc <= self._floor + 1e-12
        if self._time_s < self._serves_from_s - 1e-9:
            self.power_pu = 0.0
        if (self.power_pu < 0.0 and at_top) or (self.power_pu > 0.0 and at_floor):
            self.power_pu = 0.0

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Take a command."""
        share = power_w / RATED_W
        comes = share * (self.nature.discharging if share > 0.0 else self.nature.charging)
        self._pending.append((self._time_s + self.nature.dead_s, comes))
        self._reverts_s = self._time_s + reversion_s
        self._act()
        return PowerCommand(True, power_w, reversion_s)

    def enter_service(self) -> None:
        """Be in service, after the time that it takes."""
        self._serves_from_s = self._time_s + self.nature.service_s

    def release(self) -> None:
        """Idle."""
        self._pending, self._target_pu, self._reverts_s = [], 0.0, math.inf
        self._go()

    def set_reactive_power(self, share_pu: float) -> None:
        """Give vars."""
        self.q_pu = share_pu * (self.nature.absorbing if share_pu < 0.0 else 1.0)

    def disable_reactive_commands(self) -> None:
        """Give none."""
        self.q_pu = 0.0

    @property
    def told(self) -> float:
        """What it tells of its charge."""
        return min(max(self.nature.told_at_half + (self.soc - 0.5) * self.nature.gauge, 0.0), 1.0)

    def read_storage(self) -> StorageReading:
        """Tell charge and capacity."""
        health = self.nature.health
        left_wh = self.told * CAPACITY_WH
        return StorageReading(self.told * 100.0, left_wh, CAPACITY_WH / health, self.power_pu * RATED_W, health * 100.0)

    def read_limits(self) -> StorageLimits:
        """Tell a reserve, if it has any, and its top where it tells that."""
        reserve = self.reserve * 100.0 if self.nature.has_reserve else math.nan
        highest = self.nature.top * 100.0 if self.nature.says_top else math.nan
        return StorageLimits(math.nan, highest, reserve, math.nan)

    def read_charge_status(self) -> ChargeStatus:
        """Tell full and empty by what it tells of its charge."""
        if not self.nature.says_status:
            return ""
        if self.told >= 1.0 - 1e-9:
            return self.nature.status_at_full
        return "empty" if self.told <= self.reserve + 1e-9 else "holding"

    def set_reserve_pct(self, reserve_pct: float) -> None:
        """Take a reserve."""
        self.reserve = reserve_pct / 100.0

    def read_ramp_pct_per_s(self) -> float:
        """Tell the ramp rate."""
        return self.ramp_pct_per_s if self.nature.has_ramp else math.nan

    def set_ramp_pct_per_s(self, pct_per_s: float) -> None:
        """Take a ramp rate."""
        self.ramp_pct_per_s = pct_per_s

    def set_voltage(
        self, voltage_v: Sequence[float], frequency_hz: float, angle_deg: Sequence[float] | None = None
    ) -> None:
        """Be a source: a formula has no voltage."""

    def measure(self) -> AcMeasurement:
        """Be an analyzer that is exact."""
        return seen_by_analyzer((1.0,) * PHASES, self.power_pu, self.q_pu, 60.0)


def storage_rig(
    battery: SyntheticBattery,
    instrument: InstrumentClass = EXACT,
    stated: Stated = STATED,
    figures: StorageFigures = FIGURES,
) -> StorageRig:
    """Return the rig of a battery."""
    told = battery.read_storage()
    return StorageRig(
        rig=rig_around(battery, PLATE, instrument, 3),
        storage=battery,
        capacity_pu=told.left_wh / RATED_W,
        charge_pu=1.0,
        discharge_pu=1.0,
        statement=stated,
        looks=figures.looks,
        commands=figures.command,
    )
