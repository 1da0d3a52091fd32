"""Watches the plant's tap changers and banks: which operations somebody wanted, and which nobody did.

Commands are taken from the bus, everything else from the plant: what a control sensed, and what its apparatus did.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bench.bus import Delivery
from bench.messages.equipment import AssetCommand, OperationalCommand, ReleaseRequest, VarSwitchingOrder
from bench.messages.names import Information
from bench.plant.apparatus import Operation
from bench.plant.plant import PlantState

CAUSE_S = 10.0
"""How long before an operation its cause may lie, s: the pulse, a motor or a switch, and the plant's step."""


class Apparatus(Protocol):
    """What the plant knows of a tap changer or a bank, and of what its control senses."""

    @property
    def operations(self) -> list[Operation]:
        """Completed movements."""
        ...

    @property
    def position(self) -> int:
        """The tap in service; 1 for a closed bank, 0 for an open one."""
        ...

    @property
    def sensed(self) -> float:
        """The quantity that the control regulates by, as it was last brought to it."""
        ...

    @property
    def sensed_v(self) -> float:
        """The voltage on its PT secondary."""
        ...


@dataclass(frozen=True)
class ControlSettings:
    """How a control was set when the bench was put together.

    From `lower` to `upper` of the sensed quantity (V on the PT secondary at a tap changer, kvar at a bank) it has
    nothing to do; outside it operates after `delay_s`, and outside of `protects_v` (V on the PT secondary) whatever
    else holds. `discharge_s`: how long an opened bank stays open.
    """

    lower: float
    upper: float
    delay_s: float
    protects_v: tuple[float, float]
    discharge_s: float = 0.0


@dataclass
class Watched:
    """One apparatus: its recent sensing, what it was commanded, and operations that should not have been."""

    apparatus: Apparatus
    settings: ControlSettings
    acts_low: int
    """Direction of the operation that a sensed quantity below `lower` calls for: +1 raises or closes, -1 opens."""
    seen: int = 0
    position: int = 0
    target: int | None = None
    reached: bool = False
    blocked_s: float | None = None
    sensed: deque[tuple[float, float, float]] = field(default_factory=deque)
    in_band: list[Operation] = field(default_factory=list)
    after_command: list[Operation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.position = self.apparatus.position

    def take(self, time_s: float) -> None:
        """Take one plant step: what was sensed in it, then what was operated."""
        self.sensed.append((time_s, self.apparatus.sensed, self.apparatus.sensed_v))
        while self.sensed[0][0] < time_s - CAUSE_S:
            self.sensed.popleft()
        new = self.apparatus.operations[self.seen :]
        self.seen += len(new)
        for operation in new:
            self._judge(operation)

    def command(self, target: int) -> None:
        """Take a command to a position; where it stands already nothing more is wanted."""
        self.target, self.reached = target, self.position == target

    def release(self) -> None:
        """Leave the apparatus to its control again."""
        self.target, self.reached, self.blocked_s = None, False, None

    def _judge(self, operation: Operation) -> None:
        before, self.position = self.position, self.position + operation.change
        if self.target is not None:
            if self.reached:
                self.after_command.append(operation)
            elif abs(self.position - self.target) < abs(before - self.target):
                self.reached = self.position == self.target
                return
        if not self._protected() and (self._is_blocked(operation) or not self._was_called_for(operation)):
            self.in_band.append(operation)

    def _protected(self) -> bool:
        low_v, high_v = self.settings.protects_v
        return any(not low_v <= voltage_v <= high_v for _, _, voltage_v in self.sensed)

    def _is_blocked(self, operation: Operation) -> bool:
        return self.blocked_s is not None and operation.time_s > self.blocked_s + CAUSE_S

    def _was_called_for(self, operation: Operation) -> bool:
        settings = self.settings
        if operation.change * self.acts_low > 0:
            return any(value < settings.lower for _, value, _ in self.sensed)
        return any(value > settings.upper for _, value, _ in self.sensed)


class OperationWatch:
    """Tells operations that were commanded or called for from those that were neither."""

    def __init__(self, watched: Mapping[str, Watched]) -> None:
        self.watched = watched

    def take(self, state: PlantState) -> None:
        """Take what the plant publishes."""
        for watched in self.watched.values():
            watched.take(state.time_s)

    def hear(self, delivery: Delivery) -> None:
        """Take commands, blocks and releases as they come to the DMS or a control: before anything is written."""
        payload = delivery.message.payload
        if isinstance(payload, OperationalCommand):
            self._take_command(payload.command)
        elif isinstance(payload, VarSwitchingOrder) and payload.device in self.watched:
            blocks = delivery.message.information is Information.BLOCK_VAR_SWITCHING
            self.watched[payload.device].blocked_s = delivery.time_s if blocks else None
        elif isinstance(payload, ReleaseRequest):
            for watched in self.watched.values():
                watched.release()

    def _take_command(self, command: AssetCommand) -> None:
        target = command.tap if command.kind == "tap_changer" else command.close
        watched = self.watched.get(command.device)
        if watched is not None and target is not None and watched.target != int(target):
            watched.command(int(target))
