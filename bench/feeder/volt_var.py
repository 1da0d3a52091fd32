"""Where feeder and volt-var inverters come to rest together, and whether their loop is stable on the way there."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from bench.feeder.engine import Feeder, FeederError
from bench.feeder.model import Floats, Snapshot
from bench.feeder.population import InverterPopulation
from bench.feeder.voltage import SiteVoltages

# A step damped by `a` settles any loop gain below 2 / a - 1: the first is quick where the gain is below 2.3, as on most
# feeders; the second, taken once the first gains little, settles gains up to 5.7.
_DAMPING, _STRONG_DAMPING = 0.6, 0.3
_GAINING = 0.8
_SETTLED_KVAR = 1e-3
_MOST_STEPS = 500
_MOST_ROUNDS = 20
_PERTURBATION = 0.03
_MOST_PATTERNS = 24
_NOTHING_NEW = 1e-3


class VoltVarLoop:
    """A feeder with inverters at some of its sites; what the other sites inject is given."""

    def __init__(self, feeder: Feeder, inverters: Sequence[int], population: InverterPopulation) -> None:
        """Take the inverters' places among the feeder's sites, in the order of the population."""
        self.feeder = feeder
        self.population = population
        self._inverters = np.asarray(inverters, dtype=np.intp)
        self._voltages = SiteVoltages(feeder, [feeder.sites[index] for index in inverters])

    def settle(self, p_kw: Floats, q_kvar: Floats, holding: int | None = None) -> tuple[Snapshot, Floats]:
        """Return the state in which every inverter gives what its curve asks for, and Q of all sites in kvar.

        Args:
            p_kw: P of all sites.
            q_kvar: Q of all sites; for inverters where the search begins.
            holding: number of a site that keeps its Q even if it is an inverter.

        Raises:
            FeederError: a step cannot be solved, or the loop does not come to rest.
        """
        q_kvar = np.array(q_kvar, dtype=np.float64)
        free = self._inverters != holding if holding is not None else np.True_
        damping, before = _DAMPING, math.inf
        for _ in range(_MOST_STEPS):
            snapshot = self.solve(p_kw, q_kvar)
            change = free * (self._answer_kvar(snapshot, p_kw) - q_kvar[self._inverters])
            left = float(np.max(np.abs(change), initial=0.0))
            if left < _SETTLED_KVAR:
                return snapshot, q_kvar
            damping = damping if left < _GAINING * before else _STRONG_DAMPING
            q_kvar[self._inverters] += damping * change
            before = left
        raise FeederError(f"volt-var does not come to rest within {_MOST_STEPS} damped steps")

    def settle_with_deck_controls(self, p_kw: Floats, q_kvar: Floats) -> tuple[Snapshot, Floats]:
        """Return a state to start from: inverters and the deck's own regulators and banks at rest with each other.

        Args:
            p_kw: P of all sites.
            q_kvar: Q of all sites; for inverters where the search begins.

        Raises:
            ConfigError: the deck's controls do not come to rest.
            FeederError: a step cannot be solved, or inverters and controls keep moving each other.
        """
        for _ in range(_MOST_ROUNDS):
            snapshot, q_kvar = self.settle(p_kw, q_kvar)
            self.feeder.settle_deck_controls()
            if (self.feeder.taps, self.feeder.capacitor_states) == (snapshot.taps, snapshot.capacitors):
                return snapshot, q_kvar
        raise FeederError(f"volt-var and the deck's controls keep moving each other for {_MOST_ROUNDS} rounds")

    def gain(self, p_kw: Floats, q_kvar: Floats) -> float:
        """Return the loop gain at a state: spectral radius of diag(-dQ/dV) x dV/dQ over inverters on their slope.

        Found on few patterns of vars that are tried on the feeder (Arnoldi's method): exact for as many inverters, and
        for more of them to well below a percent, because only a few patterns of a feeder have a gain worth the name.

        Args:
            p_kw: P of all sites.
            q_kvar: Q of all sites.

        Raises:
            FeederError: a step cannot be solved.
        """
        base_pu = self.terminal_pu(self.solve(p_kw, q_kvar))
        slope = self.population.slope_kvar_per_pu(base_pu, p_kw[self._inverters])
        active = np.flatnonzero(slope)
        if not len(active):
            return 0.0
        root = np.sqrt(slope[active])  # between vars and volts: what is iterated on is symmetric, but for the phases

        def answer(pattern: Floats) -> Floats:
            kvar = np.zeros_like(slope)
            kvar[active] = root * pattern
            scale = _PERTURBATION / float(np.max(np.abs(kvar) / self.population.rating_kva))
            return root * self._voltage_change_pu(p_kw, q_kvar, scale * kvar, base_pu)[active] / scale

        return _spectral_radius(answer, root, _MOST_PATTERNS)

    def _voltage_change_pu(self, p_kw: Floats, q_kvar: Floats, pattern_kvar: Floats, base_pu: Floats) -> Floats:
        moved = np.array(q_kvar, dtype=np.float64)
        moved[self._inverters] += pattern_kvar
        return self.terminal_pu(self.solve(p_kw, moved)) - base_pu

    def solve(self, p_kw: Floats, q_kvar: Floats) -> Snapshot:
        """Return the state with P and Q of all sites as given, the inverters not answering.

        Raises:
            FeederError: it cannot be solved.
        """
        self.feeder.set_injections(p_kw, q_kvar)
        snapshot = self.feeder.solve(0.0)
        if not snapshot.good:
            raise FeederError(f"the state asked for does not solve: {snapshot.reason}")
        return snapshot

    def terminal_pu(self, snapshot: Snapshot) -> Floats:
        """Return the inverters' terminal voltages in per unit of their rated voltage, shape (inverters,)."""
        return self._voltages.pu(snapshot.voltage_v)

    def _answer_kvar(self, snapshot: Snapshot, p_kw: Floats) -> Floats:
        return self.population.settled_kvar(self.terminal_pu(snapshot), p_kw[self._inverters])


def _spectral_radius(operator: Callable[[Floats], Floats], start: Floats, most: int) -> float:
    """Return the spectral radius of a linear operator from Arnoldi's method with up to `most` vectors."""
    size = min(most, len(start))
    basis = [start / np.linalg.norm(start)]
    projected = np.zeros((size, size))
    for column in range(size):
        image = operator(basis[column])
        for row, vector in enumerate(basis):
            projected[row, column] = vector @ image
            image = image - projected[row, column] * vector
        rest = float(np.linalg.norm(image))
        if column + 1 == size or rest < _NOTHING_NEW * abs(projected[0, 0]):
            size = column + 1
            break
        projected[column + 1, column] = rest
        basis.append(image / rest)
    return float(np.max(np.abs(np.linalg.eigvals(projected[:size, :size]))))


@dataclass(frozen=True)
class LoopGain:
    """A sampled volt-var loop's gain beside the gain at which it begins to oscillate with this delay."""

    gain: float
    limit: float
    delay_steps: int

    @property
    def warn(self) -> bool:
        """True above half the limit, where large disturbances need not settle any more."""
        return self.gain > 0.5 * self.limit


def loop_gain(gain: float, open_loop_response_s: float, step_s: float, delay_steps: int) -> LoopGain:
    """Compare a gain with its limit for inverters of this open-loop response time, sampled every `step_s`."""
    return LoopGain(gain, gain_limit(response_share(open_loop_response_s, step_s), delay_steps), delay_steps)


def response_share(open_loop_response_s: float, step_s: float) -> float:
    """Return the share of a step change that a first-order response covers in one sample (90 % in its response time).

    Zero response time is no filter at all: everything in the next sample.
    """
    return 1.0 - 10.0 ** (-step_s / open_loop_response_s) if open_loop_response_s > 0.0 else 1.0


def gain_limit(share: float, delay_steps: int) -> float:
    """Return the loop gain at which q[k+1] = (1 - share) q[k] - share x gain x q[k - delay] stops settling.

    The characteristic polynomial z^(d+1) - (1 - share) z^d + share x gain has a root z = exp(j angle) on the unit
    circle where d x angle + arg(z - (1 - share)) reaches pi; without delay z = -1 and the gain is 2 / share - 1.
    """
    keep = 1.0 - share

    def excess(angle: float) -> float:
        return delay_steps * angle + math.atan2(math.sin(angle), math.cos(angle) - keep) - math.pi

    angle = math.pi if delay_steps == 0 else float(brentq(excess, 1e-9, math.pi, xtol=1e-12))
    return math.hypot(math.cos(angle) - keep, math.sin(angle)) / share
