"""The plant's own tap mechanism and capacitor switch: contacts come in, a position or a status contact goes out.

They know nothing of controls and of voltage. What they record is what happened, which is what operations are counted
by; a control's own counter is that control's word.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from instruments.emulators.faults import FaultSet
from instruments.errors import ConfigError

APPARATUS_FAULTS = frozenset({"stuck", "two-steps", "does-not-close", "bounces"})
"""Defects of the apparatus; all others of its equipment are the control's."""
_NOW_S = 1e-6
"""What is due within this time is due now, s: sums of binary fractions."""


@dataclass(frozen=True)
class Operation:
    """One completed movement: taps up (> 0) or down, or +1 for a bank that closed and -1 for one that opened."""

    time_s: float
    change: int


def count_reversals(operations: Sequence[Operation], within_s: float = 600.0) -> int:
    """Count operations that undo the direction of the one before, less than `within_s` after it."""
    return sum(
        later.change * earlier.change < 0 and later.time_s - earlier.time_s < within_s
        for earlier, later in pairwise(operations)
    )


class _ContactPair:
    """Two opposite contacts as apparatus sees them: what counts is that one closes while the other is open."""

    def __init__(self) -> None:
        self.pulses = 0
        self._before = (False, False)

    def take(self, up: bool, down: bool) -> int:
        """Take the state of this moment: +1 or -1 where a closure asks for a movement, else 0."""
        rises, falls = up and not self._before[0], down and not self._before[1]
        self._before = (up, down)
        self.pulses += rises + falls
        return 0 if up and down else rises - falls


@dataclass(frozen=True)
class _Move:
    """A movement of a switch that is under way."""

    due_s: float
    closed: bool
    commanded: bool


class TapMechanism:
    """Motor drive of a load tap changer: one closure of a contact is one tap, `motor_s` later.

    A closure while the motor runs, at the end of travel, or together with the other contact moves nothing.
    `pulses` counts all closures, `operations` the movements.
    """

    def __init__(
        self,
        position: int = 0,
        lowest: int = -16,
        highest: int = 16,
        motor_s: float = 3.0,
        faults: FaultSet | None = None,
    ) -> None:
        """Start at rest. `faults` are those of the equipment it belongs to: `stuck`, `two-steps`.

        Raises:
            ConfigError: the position lies outside the travel, or the motor time is not > 0.
        """
        if not lowest <= position <= highest or motor_s <= 0:
            raise ConfigError(f"tap mechanism: position {position} in {lowest}..{highest}, motor time {motor_s} s")
        self.position = position
        self.operations: list[Operation] = []
        self.time_s = 0.0
        self._lowest, self._highest, self._motor_s = lowest, highest, motor_s
        self._faults = faults or FaultSet("load_tap_changer")
        self._contacts = _ContactPair()
        self._direction = 0
        self._left_s = inf

    @property
    def pulses(self) -> int:
        """Closures of its contacts, also those that moved nothing."""
        return self._contacts.pulses

    @property
    def quiet_s(self) -> float:
        """How long the position stays while the contacts stay, s; infinite at rest."""
        return self._left_s

    def advance(self, dt_s: float, raise_closed: bool, lower_closed: bool) -> None:
        """Take the contacts as they are now, then let `dt_s` pass.

        Called before the control is advanced: a pulse is then seen when it begins, if it lasts for a step.
        """
        direction = self._contacts.take(raise_closed, lower_closed)
        if direction != 0 and self._direction == 0:
            self._direction, self._left_s = direction, self._motor_s
        self.time_s += dt_s
        self._left_s -= dt_s
        if self._left_s <= _NOW_S:
            self._arrive()

    def _arrive(self) -> None:
        arrived_s = self.time_s + self._left_s
        wanted = self.position + self._direction * self._taps_per_pulse()
        reached = min(max(wanted, self._lowest), self._highest)
        if reached != self.position:
            self.operations.append(Operation(arrived_s, reached - self.position))
        self.position, self._direction, self._left_s = reached, 0, inf

    def _taps_per_pulse(self) -> int:
        if self._faults.active("stuck", self.time_s):
            return 0
        return 2 if self._faults.active("two-steps", self.time_s) else 1


class CapacitorSwitch:
    """Switch of a capacitor bank: a closure of the close or open contact acts `operating_s` later.

    A pulse while it operates, towards where it already is, or together with the other contact moves nothing.
    `closed` is the switch itself and what its status contact tells.
    """

    def __init__(self, closed: bool = False, operating_s: float = 1.0, faults: FaultSet | None = None) -> None:
        """Start at rest. `faults` are those of the equipment it belongs to: `does-not-close`, `bounces`.

        Raises:
            ConfigError: the operating time is not > 0.
        """
        if operating_s <= 0:
            raise ConfigError(f"capacitor switch: operating time {operating_s} s")
        self.closed = closed
        self.operations: list[Operation] = []
        self.time_s = 0.0
        self._operating_s = operating_s
        self._faults = faults or FaultSet("capacitor_bank")
        self._contacts = _ContactPair()
        self._due: deque[_Move] = deque()

    @property
    def position(self) -> int:
        """The switch as a number: 1 closed, 0 open."""
        return int(self.closed)

    @property
    def pulses(self) -> int:
        """Closures of its contacts, also those that moved nothing."""
        return self._contacts.pulses

    @property
    def quiet_s(self) -> float:
        """How long the switch stays while the contacts stay, s; infinite at rest."""
        return self._due[0].due_s - self.time_s if self._due else inf

    def advance(self, dt_s: float, close_closed: bool, open_closed: bool) -> None:
        """Take the contacts as they are now, then let `dt_s` pass; called before the control is advanced."""
        direction = self._contacts.take(close_closed, open_closed)
        if direction != 0 and not self._due and (direction > 0) != self.closed:
            self._due.append(_Move(self.time_s + self._operating_s, direction > 0, commanded=True))
        self.time_s += dt_s
        while self.quiet_s <= _NOW_S:
            self._move(self._due.popleft())

    def _move(self, move: _Move) -> None:
        if move.closed and self._faults.active("does-not-close", self.time_s):
            return
        self.closed = move.closed
        self.operations.append(Operation(move.due_s, 1 if move.closed else -1))
        bounce = self._faults.active("bounces", self.time_s)
        if bounce and move.closed and move.commanded:
            self._bounce(move.due_s, round(bounce.value))

    def _bounce(self, from_s: float, times: int) -> None:
        """Open and close again, once per operating time, the given number of times."""
        states = [False, True] * times
        self._due.extend(
            _Move(from_s + self._operating_s * turn, closed, commanded=False)
            for turn, closed in enumerate(states, start=1)
        )
