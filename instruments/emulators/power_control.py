"""Active-power commands of SunSpec model 704 inside emulated equipment: checks, reversion timers, and defects."""

import math
from collections import deque
from collections.abc import Callable

from instruments.emulators.faults import FaultSet
from instruments.emulators.modbus_server import ILLEGAL_VALUE, ModbusRefusal
from instruments.emulators.sunspec_image import ModelImage, WriteDropped
from instruments.emulators.timing import NEVER_S
from instruments.readings import Nameplate

WATTS = 1
"""WSetMod: the set-point is in WSet; with 0 it is in WSetPct of WMax."""
FULL_PCT = 100.0
W_MAX = 1
"""WRmpRef: the ramp rate is of WMax."""


class Reversion:
    """One function of model 704 that falls back to its reversion values when its timer runs out.

    The timer starts anew with each write to the enable point or to the time itself; a time of 0 never reverts.
    `values` are the points that have a reversion value of their own, named with the ending Rvrt.
    """

    def __init__(
        self,
        model: ModelImage,
        enable: str,
        time: str,
        remaining: str,
        values: tuple[str, ...],
        has: Callable[[str], bool] = lambda _kind: False,
    ) -> None:
        """Take whether the timer `has` a kind of fault now."""
        self._model, self._has = model, has
        self._enable, self._time, self._remaining, self._values = enable, time, remaining, values
        self._remaining_s = 0.0

    @property
    def enabled(self) -> bool:
        """Whether the function is in force."""
        return self._model.get(self._enable) == 1

    @property
    def quiet_s(self) -> float:
        """Time until the function reverts, s; infinite while its timer does not run."""
        return self._remaining_s if self._remaining_s > 0.0 else NEVER_S

    def written(self, names: frozenset[str]) -> None:
        """Take note of the points that a client wrote."""
        if self._remaining_s > 0.0 and self._is_deaf:
            return
        if names & {self._enable, self._time}:
            self._remaining_s = self._model.get(self._time) if self.enabled else 0.0
            self._publish()

    @property
    def _is_deaf(self) -> bool:
        """Whether it is defective, and does not hear of another time, or of none."""
        cancelled = self._model.get(self._time) == 0.0
        return self._has("reverts-when-cancelled" if cancelled else "keeps-the-first-time")

    def advance(self, dt_s: float) -> None:
        """Let time pass, s."""
        if self._remaining_s <= 0 or self._has("never-reverts"):
            return
        self._remaining_s = max(0.0, self._remaining_s - dt_s)
        if self._remaining_s == 0:
            self._revert()
        self._publish()

    def _revert(self) -> None:
        for name in (self._enable, *self._values):
            self._model.set({name: self._model.get(f"{name}Rvrt")})

    def _publish(self) -> None:
        self._model.set({self._remaining: self._remaining_s})


class PowerControl:
    """Set-point and limit of active power as model 704 holds them.

    `has`: whether it has a kind of fault now. With `ramps` there is a ramp rate that can be set.
    """

    def __init__(
        self, model: ModelImage, nameplate: Nameplate, has: Callable[[str], bool], *, ramps: bool = False
    ) -> None:
        self._model = model
        self._nameplate = nameplate
        self._has = has
        model.set(_INITIAL | (_RAMPING if ramps else {}))
        model.on_write = self.written
        self._set = Reversion(model, "WSetEna", "WSetRvrtTms", "WSetRvrtRem", ("WSet", "WSetPct"))
        self._limit = Reversion(model, "WMaxLimPctEna", "WMaxLimPctRvrtTms", "WMaxLimPctRvrtRem", ("WMaxLimPct",), has)

    @property
    def set_point_w(self) -> float | None:
        """Commanded active power, W; None while no command is enabled."""
        if not self._set.enabled:
            return None
        if self._model.get("WSetMod") == WATTS:
            return self._model.get("WSet")
        return self._model.get("WSetPct") / FULL_PCT * self._nameplate.p_max_w

    @property
    def limit_pu(self) -> float | None:
        """Limit of active power in per unit of the rating; None while it is not enabled."""
        return self._model.get("WMaxLimPct") / FULL_PCT if self._limit.enabled else None

    @property
    def ramp_pu_per_s(self) -> float:
        """How fast generated power may rise, per unit of its rating a second; infinite without such a setting."""
        rate = self._model.get("WRmp") / FULL_PCT
        return rate if rate > 0.0 else math.inf

    @property
    def quiet_s(self) -> float:
        """How long set-point and limit stay as they are, s; infinite while nothing is about to revert."""
        return min(self._set.quiet_s, self._limit.quiet_s)

    def advance(self, dt_s: float) -> None:
        """Let time pass for the reversion timers, s."""
        self._set.advance(dt_s)
        self._limit.advance(dt_s)

    def written(self, names: frozenset[str]) -> None:
        """Take note of the points that a client wrote; raises ModbusRefusal for what the equipment cannot do."""
        for name in ("WSet", "WSetRvrt"):
            self._check(name, -self._nameplate.charge_max_w, self._nameplate.p_max_w)
        lowest_pct = -FULL_PCT * self._nameplate.charge_max_w / self._nameplate.p_max_w
        for name in ("WSetPct", "WSetPctRvrt"):
            self._check(name, lowest_pct, FULL_PCT)
        for name in ("WMaxLimPct", "WMaxLimPctRvrt"):
            self._check(name, 0.0, FULL_PCT)
        if self._has("acknowledges-and-does-not-act"):
            raise WriteDropped
        self._set.written(names)
        self._limit.written(names)

    def _check(self, name: str, lowest: float, highest: float) -> None:
        if not lowest <= self._model.get(name) <= highest:
            raise ModbusRefusal(ILLEGAL_VALUE)


_INITIAL: dict[str, float] = {
    **{"WSet_SF": 0, "WSetPct_SF": -1, "WMaxLimPct_SF": -1},
    **{"WMaxLimPctEna": 0, "WMaxLimPct": FULL_PCT, "WMaxLimPctRvrt": FULL_PCT, "WMaxLimPctEnaRvrt": 0},
    **{"WMaxLimPctRvrtTms": 0, "WMaxLimPctRvrtRem": 0},
    **{"WSetEna": 0, "WSetMod": WATTS, "WSet": 0, "WSetRvrt": 0, "WSetPct": 0, "WSetPctRvrt": 0},
    **{"WSetEnaRvrt": 0, "WSetRvrtTms": 0, "WSetRvrtRem": 0},
}
_RAMPING: dict[str, float] = {"WRmp": 1000, "WRmpRef": W_MAX}
"""A ramp rate that is as good as none until another is set, per cent of rated power a second."""


class CommandPath:
    """What becomes of an active-power command inside the equipment, its defects included.

    `ramp_pu_per_s` tells how fast generated power may rise, per unit of `rating_w` a second.
    """

    def __init__(
        self,
        faults: FaultSet,
        commanded_w: Callable[[], float | None],
        rating_w: float,
        ramp_pu_per_s: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._faults = faults
        self._commanded_w = commanded_w
        self._rating_w = rating_w
        self._ramp_pu_per_s = ramp_pu_per_s
        self._held_w: float | None = None
        self._given: deque[tuple[float, float | None]] = deque([(-NEVER_S, None)])
        """Commands with the times at which they came, the one that is acted upon first."""
        self._time_s = 0.0
        self._moving = False

    def effective_w(self, time_s: float) -> float | None:
        """Return the power that the equipment is really trying to deliver, W; None without a command."""
        dt_s, self._time_s = time_s - self._time_s, time_s
        acted_on = self._acted_on_w()
        if not self._faults.active("ignores-set-point", time_s):
            wanted = None if acted_on is None else acted_on * self._factor(acted_on, time_s)
            self._held_w = self._ramped_w(wanted, dt_s)
        return self._held_w

    @property
    def quiet_s(self) -> float:
        """How long it stays with what it does, s, as far as its defects go."""
        late = self._faults.active("late", self._time_s)
        if self._moving:
            return 0.0
        return self._given[1][0] + late.value - self._time_s if late and len(self._given) > 1 else NEVER_S

    def reported_w(self, measured_w: float, time_s: float) -> float:
        """Return what the equipment says that it delivers, W."""
        commanded = self._commanded_w()
        lies = self._faults.active("reports-the-set-point-as-its-measurement", time_s)
        return commanded if lies and commanded is not None else measured_w

    def _acted_on_w(self) -> float | None:
        """Return the command of this moment, or that of so long ago as the equipment is late."""
        commanded = self._commanded_w()
        if commanded != self._given[-1][1]:
            self._given.append((self._time_s, commanded))
        late = self._faults.active("late", self._time_s)
        delay_s = late.value if late else 0.0
        while len(self._given) > 1 and self._given[1][0] + delay_s <= self._time_s:
            self._given.popleft()
        return self._given[0][1]

    def _ramped_w(self, wanted_w: float | None, dt_s: float) -> float | None:
        """Move towards what is wanted as fast as the equipment does; without a command it goes back to nothing."""
        slow = self._faults.active("ramps-too-slowly", self._time_s)
        held_w, aim_w = self._held_w or 0.0, wanted_w or 0.0
        most_w = slow.value * self._rating_w * dt_s if slow else math.inf
        reached_w = min(max(aim_w, held_w - most_w), held_w + most_w, self._highest_w(held_w, dt_s))
        self._moving = reached_w != aim_w
        if not self._moving:
            return wanted_w
        return None if wanted_w is None and reached_w == 0.0 else reached_w

    def _highest_w(self, held_w: float, dt_s: float) -> float:
        """Return how far the ramp rate lets power go, W: it holds for a rise of what is generated."""
        if self._faults.active("ignores-ramp-rate", self._time_s):
            return math.inf
        off = self._faults.active("ramp-rate-off", self._time_s)
        rate = self._ramp_pu_per_s() * (off.value if off else 1.0)
        return max(held_w, 0.0) + rate * self._rating_w * dt_s if math.isfinite(rate) else math.inf

    def _factor(self, commanded_w: float, time_s: float) -> float:
        factor = -1.0 if self._faults.active("wrong-sign", time_s) else 1.0
        kinds = ["scaled", "reports-the-set-point-as-its-measurement", *(["charges-less"] if commanded_w < 0.0 else [])]
        for kind in kinds:
            fault = self._faults.active(kind, time_s)
            factor *= fault.value if fault else 1.0
        return factor
