"""A capacitor control that is a formula: exact, or wrong by a known amount; it knows nothing of emulators and criteria.

It switches by voltage alone. Its closures are worked out at their moment between two changes of what it senses.
"""

import math
from dataclasses import dataclass, field

from capacitor_rigs import FIGURES, Instruments, rig_of

from bench.certification.capacitor.figures import WEEK_S, CapacitorFigures
from bench.certification.capacitor.stand import Stand
from bench.certification.refusals import DeviceError
from instruments.emulators.sensing_source import Secondary
from instruments.point_map import Point
from instruments.readings import CapacitorBankStatus, CapacitorReadings, Identity

SETTING = Point(address=0, type="f32", access="rw", limits=(-1e6, 1e6))
STRATEGY = Point(address=0, type="enum", access="rw", labels={"voltage": 0, "var": 1, "time": 2})
PULSE_S = 0.2
CLOSES, OPENS = 0, 1
"""Inputs that its contacts are wired to."""


@dataclass(frozen=True)
class Flaw:
    """How it is off: V beyond its thresholds, s later than its delays, s of its discharge time, V told too much.

    `wrong_contact`: it closes the other contact; `twice`: it gives a second pulse; `deaf`: it never acts by itself.
    """

    threshold_v: float = 0.0
    delay_s: float = 0.0
    discharge_s: float = 0.0
    told_v: float = 0.0
    wrong_contact: bool = False
    twice: bool = False
    deaf: bool = False


@dataclass
class SyntheticControl:
    """The control with its contacts at the inputs of instruments."""

    flaw: Flaw = Flaw()
    missing: frozenset[str] = frozenset()
    settings: dict[str, float | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.instruments = Instruments(self._sense, self._take_status)
        self.closed = self.blocked = False
        self.sensed = Secondary(121.0, 0.0, 0.0, 60.0)
        self.operations = self.refused = 0
        self._ahead_s = 0.0
        self.now_s, self._since_s, self._opened_s, self._wanted = 0.0, 0.0, -math.inf, 0

    def find_setting(self, name: str) -> Point | None:
        """Have every setting but those that are missing."""
        return None if name in self.missing else STRATEGY if name == "strategy" else SETTING

    def offers(self, point: str) -> bool:
        """Have every point but those that are missing."""
        return point not in self.missing

    def read_setting(self, name: str) -> float | str:
        """Return what was written."""
        return self.settings.get(name, 0.0)

    def write_setting(self, name: str, value: float | str) -> None:
        """Take anything."""
        self.settings[name] = value

    def identify(self) -> Identity:
        """Say who it is."""
        return Identity("formulas", "CAP-0")

    def read_status(self) -> CapacitorBankStatus:
        """Say what is."""
        volts = self.sensed.voltage_v
        return CapacitorBankStatus(
            True, self.blocked, True, self.closed, volts, self.operations, self.operations, self.left_s
        )

    def read_measured(self) -> CapacitorReadings:
        """Say what it senses, and nothing of a neutral or a temperature."""
        told_v = self.sensed.voltage_v + self.flaw.told_v
        return CapacitorReadings(told_v, self.sensed.current_a, math.nan, math.nan, math.nan, float(self.refused))

    def read_clock(self) -> float:
        """Show the time since Monday, s."""
        return (self._ahead_s + self.now_s) % WEEK_S

    def set_clock(self, second_of_week: float) -> None:
        """Show another time from now on."""
        self._ahead_s = second_of_week - self.now_s

    def set_automatic(self, automatic: bool) -> None:
        """Be in automatic always."""

    def set_blocked(self, blocked: bool) -> None:
        """Block the own logic."""
        self.blocked, self._wanted = blocked, 0

    def close_bank(self) -> None:
        """Close, or refuse while the bank discharges."""
        if self.left_s > 0:
            self.refused += 1
            raise DeviceError("it discharges")
        self._operate(CLOSES)

    def open_bank(self) -> None:
        """Open."""
        self._operate(OPENS)

    @property
    def left_s(self) -> float:
        """Time until it may close, s."""
        return max(0.0, self._opened_s + 300.0 + self.flaw.discharge_s - self.now_s)

    def advance(self, dt_s: float) -> None:
        """Let time pass; at most one operation comes due, at its moment."""
        due_s = self._due_s()
        if due_s <= self.now_s + dt_s + 1e-9:
            self.now_s, left_s = max(due_s, self.now_s), self.now_s + dt_s - due_s
            self._operate(CLOSES if self._wanted > 0 else OPENS)
            dt_s = max(0.0, left_s)
        self.now_s += dt_s

    def _due_s(self) -> float:
        wanted = self._wants()
        if wanted != self._wanted:
            self._wanted, self._since_s = wanted, self.now_s
        if wanted == 0:
            return math.inf
        delay_s = float(self.settings["close_delay" if wanted > 0 else "open_delay"]) + self.flaw.delay_s
        due_s = self._since_s + delay_s
        return max(due_s, self.now_s + self.left_s) if wanted > 0 else due_s

    def _wants(self) -> int:
        volts, off_v = self.sensed.voltage_v, self.flaw.threshold_v
        if self.flaw.deaf or self.blocked or not self.settings:
            return 0
        if volts < float(self.settings["close_below"]) - off_v and not self.closed:
            return 1
        return -1 if volts > float(self.settings["open_above"]) + off_v and self.closed else 0

    def _operate(self, contact: int) -> None:
        self.operations += 1
        self._wanted = 0
        if contact == OPENS:
            self._opened_s = self.now_s
        channel = 1 - contact if self.flaw.wrong_contact else contact
        for _ in range(2 if self.flaw.twice else 1):
            self.instruments.switch(channel, closed=True)
            self.instruments.switch(channel, closed=False)

    def _sense(self, secondary: Secondary) -> None:
        self.sensed = secondary

    def _take_status(self, closed: bool) -> None:
        if self.closed and not closed:
            self._opened_s = self.now_s
        self.closed = closed


def stand_around(
    control: SyntheticControl, clause: str, share: float = 0.0, figures: CapacitorFigures = FIGURES
) -> Stand:
    """Put a control that is a formula on a rig, with the uncertainty that its source states."""

    def nothing(name: str, _value: float) -> None:
        raise AssertionError(f"nothing sets {name} here")

    return Stand(rig_of(control, control.instruments, control.advance, nothing, share), figures, clause)
