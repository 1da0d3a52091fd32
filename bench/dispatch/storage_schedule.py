"""The day's schedule of storage and generators against a price signal: a linear programme (SciPy's HiGHS).

It earns most at the prices of the signal, and covers the peaking requirement first wherever it can. Power is positive
into the feeder. Storage is charged at night for the evening only as far as its round trip pays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_array

from bench.dispatch.load_affected import fill_gaps

HOUR_S = 3600.0
PENALTY_FACTOR = 1000.0
"""How much dearer a kWh of requirement left uncovered is than the dearest kWh of signal and generators."""
THROUGHPUT_PER_MWH = 0.05
"""Cost that decides between equal schedules, far below any price: less throughput, then earlier, and what is named first
before the others."""
NOTHING_KW = 1e-3
"""Power below this is none: the solver's own tolerance."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Storage:
    """A battery: rated power at its terminals, kW, energy and what must stay in it, kWh, and its one-way efficiencies.

    `final_kwh`: what it must hold at least at the end of the day. Raises ValueError for figures that contradict.
    """

    device: str
    charge_kw: float
    discharge_kw: float
    energy_kwh: float
    initial_kwh: float
    reserve_kwh: float = 0.0
    final_kwh: float = 0.0
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95

    def __post_init__(self) -> None:
        if not (0.0 < self.charge_efficiency <= 1.0 and 0.0 < self.discharge_efficiency <= 1.0):
            raise ValueError(f"{self.device}: an efficiency lies above 0 and is 1 at most")
        if not 0.0 <= self.reserve_kwh <= self.initial_kwh <= self.energy_kwh or self.final_kwh > self.energy_kwh:
            raise ValueError(f"{self.device}: reserve <= initial <= energy, and final <= energy, do not hold")
        if min(self.charge_kw, self.discharge_kw) < 0.0:
            raise ValueError(f"{self.device}: power limits are given without a sign")


@dataclass(frozen=True)
class Generator:
    """A dispatchable generator: rating, kW, and cost of its energy, per MWh."""

    device: str
    rating_kw: float
    cost_per_mwh: float


@dataclass(frozen=True)
class Signal:
    """Price per MWh and peaking requirement, kW, of each interval; None where it has a gap."""

    interval_s: float
    price_per_mwh: Sequence[float | None]
    requirement_kw: Sequence[float | None]


@dataclass(frozen=True)
class BridgedSignal:
    """A signal without gaps, each of shape (intervals,), and the intervals in which it was estimated."""

    price_per_mwh: Floats
    requirement_kw: Floats
    estimated: tuple[int, ...]


@dataclass(frozen=True)
class Schedule:
    """The schedule: power by device and interval, kW into the feeder, shape (intervals,).

    `stored_kwh`: expected energy by storage, shape (intervals + 1,), from the initial one on; `value`: earned at the
    prices of the signal, less the generators' costs; `uncovered_kw`: of the requirement, shape (intervals,).
    """

    interval_s: float
    power_kw: dict[str, Floats]
    stored_kwh: dict[str, Floats]
    value: float
    uncovered_kw: Floats
    estimated: tuple[int, ...]


@dataclass(frozen=True)
class Request:
    """Neighbouring intervals in which a device is asked for the same power; `end` is the first interval after them."""

    device: str
    start: int
    end: int
    power_kw: float


def bridge(signal: Signal, most_gaps: float = 0.25) -> BridgedSignal:
    """Bridge gaps on a straight line between neighbours, at an end with the nearest value.

    Raises ValueError for a signal without intervals, of two lengths, or with gaps in more than `most_gaps` of it.
    """
    count = len(signal.price_per_mwh)
    if count == 0 or signal.interval_s <= 0 or len(signal.requirement_kw) != count:
        raise ValueError(f"a signal of {count} prices and {len(signal.requirement_kw)} requirements is none")
    pairs = zip(signal.price_per_mwh, signal.requirement_kw, strict=True)
    estimated = tuple(number for number, pair in enumerate(pairs) if None in pair)
    if len(estimated) > most_gaps * count or len(estimated) == count:
        raise ValueError(f"the signal has gaps in {len(estimated)} of {count} intervals: too many to bridge")
    times = [float(number) for number in range(count)]
    price = np.array(fill_gaps(times, list(signal.price_per_mwh)))
    requirement = np.array(fill_gaps(times, list(signal.requirement_kw)))
    if not (np.all(np.isfinite(price)) and np.all(np.isfinite(requirement))):
        raise ValueError("the signal holds a number that is not finite")
    return BridgedSignal(price, requirement, estimated)


def optimise(
    signal: Signal, storages: Sequence[Storage], generators: Sequence[Generator] = (), most_gaps: float = 0.25
) -> Schedule:
    """Find the schedule that covers most of the requirement and, of those, earns most.

    :raises ValueError: the signal cannot be used
    :raises ArithmeticError: no schedule keeps the limits (a final energy that cannot be reached)
    """
    bridged = bridge(signal, most_gaps)
    hours = signal.interval_s / HOUR_S
    programme = _Programme(bridged, storages, generators, hours)
    x = programme.solve()
    power, stored = _powers(programme, x), _stored(programme, x)
    cost = {generator.device: generator.cost_per_mwh for generator in generators}
    earned = sum(float(np.dot(bridged.price_per_mwh - cost.get(d, 0.0), kw)) for d, kw in power.items())
    needed = bridged.requirement_kw
    covered = sum(power.values(), np.zeros(len(needed)))
    uncovered = np.where(needed > 0.0, np.maximum(0.0, needed - covered), 0.0)
    uncovered[uncovered < NOTHING_KW] = 0.0
    return Schedule(signal.interval_s, power, stored, earned * hours / 1000.0, uncovered, bridged.estimated)


def blocks(schedule: Schedule, tolerance_kw: float = 0.01) -> list[Request]:
    """Merge neighbouring intervals of equal power into requests, by device; a device that idles is asked for nothing.

    Powers within `tolerance_kw` of the first of a block are equal.
    """
    found = []
    for device, power_kw in schedule.power_kw.items():
        start = 0
        for end in range(1, len(power_kw) + 1):
            if end == len(power_kw) or abs(power_kw[end] - power_kw[start]) > tolerance_kw:
                if abs(power_kw[start]) > tolerance_kw:
                    found.append(Request(device, start, end, float(power_kw[start])))
                start = end
    return found


@dataclass
class _Programme:
    """Variables, each by interval: charge, discharge and energy after it of every storage, generators, uncovered, and
    for every storage whether it charges, which is a whole number where a negative price would pay for burning energy.
    """

    signal: BridgedSignal
    storages: Sequence[Storage]
    generators: Sequence[Generator]
    hours: float

    def __post_init__(self) -> None:
        self.count = len(self.signal.price_per_mwh)
        self.blocks = 4 * len(self.storages) + len(self.generators) + 1

    def at(self, block: int) -> slice:
        """Return where the variables of a block lie."""
        return slice(block * self.count, (block + 1) * self.count)

    def charge(self, k: int) -> slice:
        """Charging power of storage k, kW at its terminals."""
        return self.at(4 * k)

    def discharge(self, k: int) -> slice:
        """Discharging power of storage k, kW at its terminals."""
        return self.at(4 * k + 1)

    def energy(self, k: int) -> slice:
        """Energy in storage k after each interval, kWh."""
        return self.at(4 * k + 2)

    def charging(self, k: int) -> slice:
        """Whether storage k charges, 0 to 1."""
        return self.at(4 * k + 3)

    def output(self, k: int) -> slice:
        """Output of generator k, kW."""
        return self.at(4 * len(self.storages) + k)

    @property
    def uncovered(self) -> slice:
        """Requirement that is left uncovered, kW."""
        return self.at(self.blocks - 1)

    def solve(self) -> Floats:
        """Return the optimum."""
        constraints = [self._balance(k) for k in range(len(self.storages))]
        constraints += [c for k in range(len(self.storages)) for c in self._one_way(k)]
        result = milp(
            c=self._cost(),
            constraints=[*constraints, self._cover()],
            bounds=self._bounds(),
            integrality=self._integrality(),
            options={"mip_rel_gap": 0.0},  # the solver's own 1e-4 of a large penalty would hide a day's earnings
        )
        if result.x is None:
            raise ArithmeticError(f"the day has no schedule that keeps all limits: {result.message}")
        return np.asarray(result.x, dtype=np.float64)

    def _cost(self) -> Floats:
        """Return what a kW in each interval costs."""
        price, cost = self.signal.price_per_mwh, np.zeros(self.blocks * self.count)
        later = THROUGHPUT_PER_MWH * np.arange(self.count) / self.count
        devices = len(self.storages) + len(self.generators)
        for k in range(len(self.storages)):
            tie = THROUGHPUT_PER_MWH * (1.0 + k / devices) + later * (2.0 - k / devices)
            cost[self.charge(k)], cost[self.discharge(k)] = price + tie, tie - price
        for k, generator in enumerate(self.generators):
            tie = THROUGHPUT_PER_MWH * (1.0 + (len(self.storages) + k) / devices) + later
            cost[self.output(k)] = generator.cost_per_mwh - price + tie
        dearest = max([1.0, float(np.max(np.abs(price))), *(g.cost_per_mwh for g in self.generators)])
        cost[self.uncovered] = PENALTY_FACTOR * dearest
        return cost * self.hours / 1000.0

    def _bounds(self) -> Bounds:
        lower, upper = np.zeros((2, self.blocks * self.count))
        for k, storage in enumerate(self.storages):
            upper[self.charge(k)], upper[self.discharge(k)] = storage.charge_kw, storage.discharge_kw
            lower[self.energy(k)], upper[self.energy(k)] = storage.reserve_kwh, storage.energy_kwh
            lower[self.energy(k)][-1] = max(storage.reserve_kwh, storage.final_kwh)
            upper[self.charging(k)] = 1.0
        for k, generator in enumerate(self.generators):
            upper[self.output(k)] = generator.rating_kw
        upper[self.uncovered] = np.inf
        return Bounds(lower, upper)

    def _integrality(self) -> NDArray[np.int_]:
        """With prices of zero and above, charging and discharging at once only loses money."""
        whole = np.zeros(self.blocks * self.count, dtype=int)
        for k in range(len(self.storages)):
            whole[self.charging(k)] = self.signal.price_per_mwh < 0.0
        return whole

    def _balance(self, k: int) -> LinearConstraint:
        """Energy after an interval is that before it, plus what charging stores, less what discharging takes."""
        storage, matrix = self.storages[k], self._matrix()
        rows = np.arange(self.count)
        matrix[rows, rows + self.energy(k).start] = 1.0
        matrix[rows[1:], rows[1:] - 1 + self.energy(k).start] = -1.0
        matrix[rows, rows + self.charge(k).start] = -storage.charge_efficiency * self.hours
        matrix[rows, rows + self.discharge(k).start] = self.hours / storage.discharge_efficiency
        before = np.zeros(self.count)
        before[0] = storage.initial_kwh
        return LinearConstraint(matrix.tocsr(), before, before)

    def _one_way(self, k: int) -> tuple[LinearConstraint, LinearConstraint]:
        """Allow to charge only while charging, and to discharge only while not."""
        storage, rows = self.storages[k], np.arange(self.count)
        into, out = self._matrix(), self._matrix()
        into[rows, rows + self.charge(k).start] = 1.0
        into[rows, rows + self.charging(k).start] = -storage.charge_kw
        out[rows, rows + self.discharge(k).start] = 1.0
        out[rows, rows + self.charging(k).start] = storage.discharge_kw
        return LinearConstraint(into.tocsr(), ub=0.0), LinearConstraint(out.tocsr(), ub=storage.discharge_kw)

    def _cover(self) -> LinearConstraint:
        """Hold the sum of all devices at or above the requirement, but for what stays uncovered."""
        matrix, rows = self._matrix(), np.arange(self.count)
        for k in range(len(self.storages)):
            matrix[rows, rows + self.discharge(k).start] = 1.0
            matrix[rows, rows + self.charge(k).start] = -1.0
        for k in range(len(self.generators)):
            matrix[rows, rows + self.output(k).start] = 1.0
        matrix[rows, rows + self.uncovered.start] = 1.0
        needed = self.signal.requirement_kw
        return LinearConstraint(matrix.tocsr(), lb=np.where(needed > 0.0, needed, -np.inf))

    def _matrix(self) -> lil_array:
        return lil_array((self.count, self.blocks * self.count))


def _powers(programme: _Programme, x: Floats) -> dict[str, Floats]:
    powers = {
        storage.device: x[programme.discharge(k)] - x[programme.charge(k)]
        for k, storage in enumerate(programme.storages)
    }
    powers |= {generator.device: x[programme.output(k)] for k, generator in enumerate(programme.generators)}
    return {device: np.where(np.abs(kw) < NOTHING_KW, 0.0, kw) for device, kw in powers.items()}


def _stored(programme: _Programme, x: Floats) -> dict[str, Floats]:
    return {
        storage.device: np.concatenate([[storage.initial_kwh], x[programme.energy(k)]])
        for k, storage in enumerate(programme.storages)
    }
