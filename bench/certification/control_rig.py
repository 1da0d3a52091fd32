"""The rig of a control under test: a source of secondary values, its contacts, and apparatus of the rig's own.

What a control does is taken at its contacts; where its apparatus stands is the rig's own model, and told to the control
over contacts. The control's own registers are settings, and else read only where a clause asks what they say.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.certification.control_looks import Closure, Look, Sensed, SourceClass
from bench.certification.control_settings import ControlSettings
from bench.certification.criteria import Reading
from bench.certification.not_passed import NotPassed
from bench.clock import Clock
from bench.plant.contacts import ContactScan, WiredContacts
from instruments.errors import InstrumentError, blaming
from instruments.roles import SensingSource
from reports.verdict import Verdict

NOMINAL_HZ = 60.0
WALL_TIMING_S = 0.05
"""In wall time: the round trips of setting the source and of reading the contacts, s."""
_NOW_S = 1e-9
"""What is due within this time is due now, s: sums of binary fractions."""
PLAYED_CLASSES, PLAYED_V = 3.0, 0.05
PLAYED_DEG = 2.0
"""By how many classes of its accuracy, and volts or amperes, and degrees, a source may differ from what it was told."""


class Apparatus(Protocol):
    """What the contacts move: a tap mechanism or a switch."""

    @property
    def position(self) -> int:
        """The tap in service; 1 for a switch that is closed, 0 for one that is open."""
        ...

    def advance(self, dt_s: float, up: bool, down: bool, /) -> None:
        """Take the contacts as they are now, then let time pass."""
        ...


def _nothing_there(name: str, _value: float) -> None:
    raise NotPassed(f"nothing on this bench sets the control's input {name}", Verdict.NOT_RUN)


@dataclass
class ControlRig:
    """A control between its source and its apparatus. Raises what the drivers raise: TransportError, InstrumentError.

    `advance` lets time pass for emulated equipment, s. `make_apparatus` makes it anew at a position. `set_input` moves
    what has no wire of the bench: the panel's switch, or sensors of a bank; equipment that is real has none. `step_pu`
    is what one position changes in the voltage that is regulated, when the loop is closed.
    """

    clock: Clock
    device: str
    control: Any
    source: SensingSource
    source_name: str
    accuracy: SourceClass
    scan: ContactScan
    contacts: WiredContacts
    inputs: tuple[int, int]
    make_apparatus: Callable[[int], Apparatus]
    advance: Callable[[float], None]
    set_input: Callable[[str, float], None] = _nothing_there
    sensors: Mapping[str, float] = field(default_factory=dict)
    """By how much what is put on a sensor may be off, expanded, k = 2, by the name of its input."""
    tells_position: bool = True
    """Whether contacts tell the control where its apparatus stands."""
    begun_at: int = 0
    """Where the apparatus stands at first: with a control that is told nothing, where that takes it to be."""
    travel: tuple[int, int] = (0, 1)
    """Lowest and highest position of the apparatus."""
    step_pu: float = 0.0
    looks: list[Look] = field(default_factory=list)
    closures: list[Closure] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put the apparatus at rest where it begins."""
        self._counts = self._counted()
        self._first = self._counts
        self._held = (False, False)
        self._passed_s = self._looked_s = self.clock.now_s
        self._told: tuple[float, float, float, float] | None = None
        self._behind_v: float | None = None
        self._settings = ControlSettings(self.device, self.control)
        self.sensed = Sensed(0.0, 0.0, 0.0)
        self._stand(self.begun_at)

    @property
    def judges(self) -> Sequence[str]:
        """The instruments whose word findings are; times are the bench's own."""
        return (self.source_name,)

    def stated(self) -> Mapping[str, Any]:
        """Return what the device states of its ratings: controls state none."""
        return {}

    @property
    def position(self) -> int:
        """Where the apparatus stands."""
        return self.apparatus.position

    def place(self, position: int) -> None:
        """Put the apparatus, at rest, into a position, and tell the control. Raises NotPassed where nothing tells it.

        A control that is told no position goes by its own pulses.
        """
        if not self.tells_position and position != self.position:
            reason = f"no contacts tell {self.device} its position, so that it cannot be put to {position}"
            raise NotPassed(reason, Verdict.NOT_RUN)
        self._stand(position)

    def _stand(self, position: int) -> None:
        self.apparatus = self.make_apparatus(position)
        self.contacts.report(position)

    def sense(
        self, voltage_v: float, current_a: float = 0.0, angle_deg: float = 0.0, frequency_hz: float = NOMINAL_HZ
    ) -> Sensed:
        """Put values on the secondaries, whatever the apparatus does, and return what the source measures of them.

        Raises SafetyTrip outside of the source's limits, InstrumentError for a source that does something else.
        """
        self._behind_v = None
        self.clock.catch_up()
        return self._put(voltage_v, current_a, angle_deg, frequency_hz)

    def regulate(self, behind_v: float, current_a: float = 0.0, angle_deg: float = 0.0) -> Sensed:
        """Close the loop: voltage behind the apparatus, which each of its positions changes by `step_pu`."""
        self._behind_v = behind_v
        self.clock.catch_up()
        return self._put(self._regulated_v(behind_v), current_a, angle_deg, NOMINAL_HZ)

    def put_on_sensor(self, name: str, value: float) -> Reading:
        """Let a sensor of the control have a value that nothing measures; return it with how well it is known.

        Raises NotPassed, NOT_RUN, where nothing on the bench sets it, and where nobody says how exactly.
        """
        self.set_input(name, value)
        if name not in self.sensors:
            reason = f"the bench file does not say under `sensors` how far {name} of {self.device} may be off"
            raise NotPassed(reason, Verdict.NOT_RUN)
        return Reading(value, self.sensors[name])

    def hold(self, duration_s: float, every_s: float) -> list[Closure]:
        """Let time pass and look at equal distances, the last time at the end; return what closed meanwhile."""
        begun, begun_s, count = len(self.closures), self.clock.now_s, max(1, math.ceil(duration_s / every_s - _NOW_S))
        for number in range(1, count + 1):
            self._look(begun_s + duration_s * number / count)
        return self.closures[begun:]

    def await_closure(self, limit_s: float, every_s: float) -> Closure | None:
        """Let time pass until a contact closes; None where none did within the time."""
        begun, begun_s = len(self.closures), self.clock.now_s
        while len(self.closures) == begun:
            left_s = begun_s + limit_s - self.clock.now_s
            if left_s <= _NOW_S:
                return None
            self._look(self.clock.now_s + min(every_s, left_s))
        return self.closures[begun]

    @property
    def timing_s(self) -> float:
        """How well a moment of the bench is known in the equipment's time, s: exactly in virtual time."""
        return self.clock.timing_s(WALL_TIMING_S)

    def uncertainty_s(self, closure: Closure) -> float:
        """Return how well it is known when a contact closed, s."""
        return (closure.by_s - closure.after_s) / 2.0 + self.timing_s

    def write(self, name: str, value: float | str | bool) -> None:
        """Write a setting and read it back; raises NotPassed, NOT_RUN, for what the control cannot be set to."""
        self._settings.write(name, value)

    def put_back(self) -> None:
        """Set the control back as it was found; raises InstrumentError naming the settings that it does not take."""
        self._settings.put_back()

    def table(self) -> dict[str, Any]:
        """Return all looks as a series."""
        looks = self.looks
        return {
            "time_s": [look.time_s for look in looks],
            "sensed_v": [look.sensed.voltage_v for look in looks],
            "sensed_a": [look.sensed.current_a for look in looks],
            "sensed_deg": [look.sensed.angle_deg for look in looks],
            "position": [look.position for look in looks],
            "closures_up": [look.up for look in looks],
            "closures_down": [look.down for look in looks],
        }

    def _look(self, time_s: float) -> None:
        before = self.position
        self.clock.run_until(time_s)
        self._pass()
        looked_s = self.clock.now_s
        self._held = self.contacts.read()
        self.clock.catch_up()  # what the look itself took: a closure came before that
        self._count(self._looked_s, self.clock.now_s)
        self._looked_s = looked_s
        if self.position != before:
            self._moved()
        up, down = (now - first for now, first in zip(self._counts, self._first, strict=True))
        self.looks.append(Look(looked_s, self.sensed, self.position, up, down))

    def _pass(self) -> None:
        """Let the time since the last look pass for the apparatus and for what is emulated."""
        passed_s, self._passed_s = self.clock.now_s - self._passed_s, self.clock.now_s
        self.apparatus.advance(passed_s, *self._held)
        self.advance(passed_s)

    def _moved(self) -> None:
        self.contacts.report(self.position)
        if self._behind_v is not None and self._told is not None:
            self._put(self._regulated_v(self._behind_v), *self._told[1:])

    def _regulated_v(self, behind_v: float) -> float:
        return behind_v * (1.0 + self.step_pu * self.position)

    def _count(self, after_s: float, by_s: float) -> None:
        before, self._counts = self._counts, self._counted()
        for direction, old, new in zip((1, -1), before, self._counts, strict=True):
            self.closures += [Closure(direction, after_s, by_s)] * (new - old)

    def _counted(self) -> tuple[int, int]:
        closures = self.scan.latest.closures
        return closures[self.inputs[0] - 1], closures[self.inputs[1] - 1]

    def _put(self, voltage_v: float, current_a: float, angle_deg: float, frequency_hz: float) -> Sensed:
        with blaming(self.source_name):
            self.source.set_sensing(voltage_v, current_a, angle_deg, frequency_hz)
            self.sensed = Sensed.of(self.source.measure())
        self._told = (voltage_v, current_a, angle_deg, frequency_hz)
        self._require_played()
        return self.sensed

    def _require_played(self) -> None:
        """Raise InstrumentError unless the source measures what it was told: it is no finding about the control."""
        told_v, told_a, told_deg, _ = self._told or (0.0, 0.0, 0.0, 0.0)
        seen, allowed = self.sensed, PLAYED_CLASSES * self.accuracy.share
        turned_deg = abs((seen.angle_deg - told_deg + 180.0) % 360.0 - 180.0) if told_a else 0.0
        wrong = [
            f"{name} {found:.4g} and not {told:.4g}"
            for name, told, found, off, most in (
                ("V", told_v, seen.voltage_v, abs(seen.voltage_v - told_v), allowed * told_v + PLAYED_V),
                ("A", told_a, seen.current_a, abs(seen.current_a - told_a), allowed * told_a + PLAYED_V),
                ("deg", told_deg, seen.angle_deg, turned_deg, PLAYED_DEG),
            )
            if not off <= most  # nothing measured is not what it was told either
        ]
        if wrong:
            raise InstrumentError(f"{self.source_name} measures at its output {', '.join(wrong)} as it was told")
