"""Which capacitor banks to close and which taps to take so that the feeder draws least of the transmission system.

Closed capacitors spare reactive current and hold the far end up, which lets the taps come down; load that depends on
voltage then draws less. A coordinate search on the application's own network model: every state of the capacitors, or
one bank at a time where there are many, and for each of them a walk along the taps.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field, replace

from bench.dispatch.assets import TAP_TRAVEL
from bench.dispatch.network import HeadModel, HeadState

MOST_TRIED = 3
"""Up to this many capacitor banks, all of their states are tried (8)."""


@dataclass(frozen=True)
class ReliefSettings:
    """Range A on the 120 V base with the margin kept to it, and what makes operations worth while.

    `apparent_weight`: what a kVA counts against a kW; far below 1, apparent power decides between states of nearly
    equal power only; `least_gain_kw`: gain below which a device is not operated; `most_solves`: of the model.
    """

    lower_v: float = 114.0
    upper_v: float = 126.0
    margin_v: float = 0.5
    apparent_weight: float = 0.01
    least_gain_kw: float = 2.0
    most_solves: int = 110


@dataclass(frozen=True)
class Relief:
    """Positions to take, those of devices that stay included; what the head draws before and after, on the model.

    `is_complete`: the search ended by itself, and not by the number of solves.
    """

    taps: Mapping[str, int]
    closed: Mapping[str, bool]
    before: HeadState
    after: HeadState
    solves: int
    is_complete: bool

    @property
    def gain_kw(self) -> float:
        """Power that the head draws less, on the model."""
        return self.before.p_kw - self.after.p_kw


@dataclass(frozen=True)
class _Positions:
    """Positions of all devices, in the order of their names."""

    taps: tuple[tuple[str, int], ...]
    closed: tuple[tuple[str, bool], ...]

    def with_tap(self, device: str, tap: int) -> "_Positions":
        """Move one tap changer."""
        return replace(self, taps=tuple((d, tap if d == device else t) for d, t in self.taps))

    def with_banks(self, closed: Mapping[str, bool]) -> "_Positions":
        """Switch some banks."""
        return replace(self, closed=tuple((d, closed.get(d, c)) for d, c in self.closed))


def relieve(
    model: HeadModel, taps: Mapping[str, int], closed: Mapping[str, bool], settings: ReliefSettings | None = None
) -> Relief:
    """Search for the positions at which the head draws least and every service voltage keeps its margin.

    Where the present positions do not keep it, the least excursion comes first, whatever it gains. Each device that is
    operated is worth `least_gain_kw` by itself: without that operation the head would draw so much more.
    """
    start = _Positions(tuple(sorted(taps.items())), tuple(sorted(closed.items())))
    search = _Search(model, settings or ReliefSettings())
    best, found = start, search.improved(start)
    while found != best:
        best, found = found, search.improved(found)
    best = search.without_idle_operations(start, best)
    return Relief(
        taps=dict(best.taps),
        closed=dict(best.closed),
        before=search.states[start],
        after=search.states[best],
        solves=len(search.states),
        is_complete=not search.is_exhausted,
    )


@dataclass
class _Search:
    """What was solved so far; beyond the number of solves that is allowed, further positions are not considered."""

    model: HeadModel
    settings: ReliefSettings
    states: dict[_Positions, HeadState] = field(default_factory=dict)
    is_exhausted: bool = False

    def cost(self, positions: _Positions) -> tuple[float, float]:
        """Return the excursion beyond the margins, V, then what the head draws, kW with a little for kVA."""
        state = self._state(positions)
        if state is None or not all(map(math.isfinite, astuple(state))):
            return math.inf, math.inf
        margin, settings = self.settings.margin_v, self.settings
        low, high = settings.lower_v + margin - state.lowest_v, state.highest_v - (settings.upper_v - margin)
        return max(0.0, low, high), state.p_kw + settings.apparent_weight * math.hypot(state.p_kw, state.q_kvar)

    def improved(self, best: _Positions) -> _Positions:
        """Return the best of all neighbouring states of the banks, each with the taps that suit it."""
        for banks in list(_bank_states(dict(best.closed))):
            found = self._walked(best.with_banks(banks))
            best = min(best, found, key=self.cost)
        return best

    def without_idle_operations(self, start: _Positions, best: _Positions) -> _Positions:
        """Put back, one after the other, every device whose operation gains less than it has to; then all of them."""
        while True:
            before = best
            for device, was in sorted(set(start.closed) - set(best.closed)):
                best = self._unless_worth_while(best, self._walked(best.with_banks({device: was})))
            for device, tap in sorted(set(start.taps) - set(best.taps)):
                best = self._unless_worth_while(best, best.with_tap(device, tap))
            if best == before:
                return self._unless_worth_while(best, start)

    def _unless_worth_while(self, best: _Positions, without: _Positions) -> _Positions:
        (excursion, drawn), (excursion_without, drawn_without) = self.cost(best), self.cost(without)
        is_worth = drawn_without - drawn >= self.settings.least_gain_kw
        return best if excursion_without > excursion or is_worth else without

    def _walked(self, positions: _Positions) -> _Positions:
        """Move one tap changer after the other, step by step, as long as that helps."""
        while True:
            before = positions
            for device, _ in positions.taps:
                positions = self._along(positions, device)
            if positions == before:
                return positions

    def _along(self, positions: _Positions, device: str) -> _Positions:
        for step in (-1, 1):
            start = positions
            while abs(tap := dict(positions.taps)[device] + step) <= TAP_TRAVEL:
                moved = positions.with_tap(device, tap)
                if self.cost(moved) >= self.cost(positions):
                    break
                positions = moved
            if positions != start:
                break
        return positions

    def _state(self, positions: _Positions) -> HeadState | None:
        if positions not in self.states:
            if len(self.states) >= self.settings.most_solves:
                self.is_exhausted = True
                return None
            self.states[positions] = self.model.solve(dict(positions.taps), dict(positions.closed))
        return self.states[positions]


def _bank_states(closed: Mapping[str, bool]) -> Iterator[dict[str, bool]]:
    """Give the states of the banks that are tried: as they are, then with one of them switched, then with more."""
    most = len(closed) if len(closed) <= MOST_TRIED else 1
    for count in range(most + 1):
        for switched in itertools.combinations(sorted(closed), count):
            yield {device: not closed[device] for device in switched}
