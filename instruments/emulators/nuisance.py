"""Defects of an emulated inverter that trip it where it has to stay: OpenDER has nothing of the kind by itself.

Such trips are those of loss-of-mains relays that were set too finely: by voltage outside of continuous operation, by
a step of the voltages' angle, by the rate at which frequency changes. The inverter enters service again by itself.
"""

from collections import deque
from collections.abc import Callable

from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.faults import Fault

CONTINUOUS_PU = (0.88, 1.10)
"""Continuous operation, IEEE 1547-2018 Tables 14 to 16."""
WINDOW_S = 0.1
"""Over which a rate of change of frequency is taken, s, as relays do: 5 cycles and a little."""
FULL_TURN_DEG = 360.0


class NuisanceTrips:
    """Watches a node, and tells in which steps a defect trips the inverter; `active` tells which defect it has now.

    What it was not asked about it has not seen: the first step after that is compared with nothing.
    """

    def __init__(self, node: ElectricalNode, base_v: float, active: Callable[[str], Fault | None]) -> None:
        """Take the rated voltage of a phase, V."""
        self._node, self._base_v, self._active = node, base_v, active
        self._outside_s = 0.0
        self._angle_deg: tuple[float, ...] | None = None
        self._seen: deque[tuple[float, float]] = deque()

    def trips(self, time_s: float, dt_s: float) -> bool:
        """Look at the node, which has been as it is for the last `dt_s`."""
        found = (self._by_voltage(dt_s), self._by_angle(), self._by_rate(time_s, dt_s))
        return any(found)

    def _by_voltage(self, dt_s: float) -> bool:
        low, high = (limit * self._base_v for limit in CONTINUOUS_PU)
        outside = not all(low <= voltage <= high for voltage in self._node.voltage_v)
        self._outside_s = self._outside_s + dt_s if outside else 0.0
        defect = self._active("no-ride-through")
        return defect is not None and self._node.energized and self._outside_s >= defect.value

    def _by_angle(self) -> bool:
        before, self._angle_deg = self._angle_deg, self._node.angle_deg
        turned = zip(self._angle_deg, before or self._angle_deg, strict=True)
        steps = [abs((now - before + FULL_TURN_DEG / 2) % FULL_TURN_DEG - FULL_TURN_DEG / 2) for now, before in turned]
        defect = self._active("phase-jump-trips")
        return defect is not None and max(steps) > defect.value

    def _by_rate(self, time_s: float, dt_s: float) -> bool:
        """Compare with the frequency of a window ago; a step longer than the window is not told from a slow change."""
        now_hz = self._node.frequency_hz
        while self._seen and self._seen[0][0] < time_s - WINDOW_S - 1e-9:
            self._seen.popleft()
        oldest = self._seen[0] if self._seen else None
        self._seen.append((time_s, now_hz))
        defect = self._active("rocof-trips")
        if defect is None or oldest is None or dt_s > WINDOW_S or min(now_hz, oldest[1]) <= 0.0:
            return False
        return abs(now_hz - oldest[1]) / (time_s - oldest[0]) > defect.value
