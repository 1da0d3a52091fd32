"""How long the plant's steps are: short where something happens, longer where nothing moves.

A step ends before anything that is known to come: a delay or a timer that runs out, sun and load that move. What
nobody can know in advance, a message or a command, finds the plant caught up to its moment. The volt-var loop is
stable with the short step, which is what its gain is held against; sampled without its filter, in a long step, it need
not be. So each long step ends with as many short exchanges as bring it to rest (`settling_exchanges`), and where its
gain is so high that they would not, all steps stay short.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import simpy

from bench.bus import Delivery, Priority
from bench.clock import Clock, Process
from bench.feeder.model import Floats
from bench.feeder.volt_var import LoopGain, response_share
from bench.plant.plant import Outlook, Plant, PlantState, Weather

_ROUNDING = 1e-9
AfterStep = Callable[[], None]
LITTLE, TOO_MUCH = 0.5, 4.0
"""Movements over what may move in a step, below which steps grow, and above which they begin anew."""
SLOWEST, RESIDUE = 0.7, 0.05
"""What a short exchange may leave of a deviation from rest, and what all of them together may leave of a long one."""


@dataclass(frozen=True)
class PaceSettings:
    """Steps between `step_s` and `longest_s`; after an event so long as `calm_s` the short ones.

    Within one step services may move by `still_v`, sites by `still_pu` of the largest, sun by `sun_pu` and load by
    `load_pu`, and what a control senses by half of its way to where it would act. Weather is looked at each `look_s`.
    `settling` exchanges of the short step end a long one.
    """

    step_s: float = 1.0
    longest_s: float = 1.0
    settling: int = 3
    calm_s: float = 30.0
    still_v: float = 0.05
    still_pu: float = 0.02
    sun_pu: float = 0.01
    load_pu: float = 0.005
    look_s: float = 15.0

    @property
    def is_fixed(self) -> bool:
        """Whether all steps are alike."""
        return self.longest_s <= self.step_s


class Pace:
    """Steps a plant in the time of a clock. With fixed settings it is a plain step, whatever happens."""

    def __init__(self, clock: Clock, plant: Plant, weather: Weather, settings: PaceSettings) -> None:
        self.settings = settings
        self._clock, self._plant, self._weather = clock, plant, weather
        self._stepped_s = self._due_s = clock.now_s
        self._calm_from_s = clock.now_s + settings.calm_s
        self._length_s = settings.step_s
        self._alarm: simpy.Event | None = None
        self._is_stepping = False
        self._is_running = False
        self._is_told = True
        """Whether `after_step` has been called after the last step."""
        self._drift = _Drift()

    def run(self, after_step: AfterStep) -> Process:
        """Step for ever, and call `after_step` at the moment of each step; a process for the clock."""
        self._is_running = True
        self._due_s = self._tick_after(self.settings.step_s)
        while True:
            yield from self._wait()
            if self._clock.now_s >= self._due_s - _ROUNDING:
                self._step()
            self._is_told = True
            after_step()

    def stop(self) -> None:
        """Take no notice of anything any more: the bench is being taken down."""
        self._is_running = False

    def hear(self, delivery: Delivery) -> None:
        """Take a message that has just arrived, before its receiver has it: all but routine reads are events.

        What a system notes for itself finds the plant of its moment, but moves nothing: what does is what it sends.
        """
        message = delivery.message
        if message.producer is message.receiver:
            self.catch_up()
        elif message.priority is not Priority.SCHEDULED:
            self.wake()

    def before_exchange(self, operation: str) -> None:
        """Take a request on its way to a device: it finds the plant of this moment, and a write is an event."""
        if operation == "write":
            self.wake()
        else:
            self.catch_up()

    def wake(self) -> None:
        """Bring the plant to this moment, and go on in short steps."""
        self.catch_up()
        if not self.settings.is_fixed and not self._is_stepping:
            self._calm_from_s = self._clock.now_s + self.settings.calm_s
            self._length_s = self.settings.step_s
            self._schedule(self._tick_after(self._length_s))

    def catch_up(self) -> None:
        """Bring the plant to this moment if it is more than a short step behind."""
        behind_s = self._clock.now_s - self._stepped_s
        late = behind_s > self.settings.step_s * (1.0 + _ROUNDING)
        if late and self._is_running and not self._is_stepping and not self.settings.is_fixed:
            self._is_told = False
            self._step()
            self._ring()

    def _wait(self) -> Process:
        if self.settings.is_fixed:
            yield self._clock.timeout(self.settings.step_s)
            return
        while self._is_told and self._clock.now_s < self._due_s - _ROUNDING:
            self._alarm = self._clock.environment.event()
            yield self._clock.environment.any_of([self._clock.timeout(self._due_s - self._clock.now_s), self._alarm])

    def _step(self) -> None:
        """Step over the time since the last step, and plan the next."""
        now_s, before = self._clock.now_s, self._plant.state
        length_s = self.settings.step_s if self.settings.is_fixed else now_s - self._stepped_s
        self._stepped_s, self._is_stepping = now_s, True
        try:
            if length_s > _ROUNDING:
                self._advance(now_s, length_s)
                if not self.settings.is_fixed:
                    self._plan(before, self._plant.state, length_s)
        finally:
            self._is_stepping = False

    def _advance(self, now_s: float, length_s: float) -> None:
        short_s = self.settings.step_s
        if length_s <= short_s * (1.0 + _ROUNDING):
            self._plant.step(now_s, length_s)
        else:
            self._plant.stride(now_s, length_s, short_s, self.settings.settling)

    def _plan(self, before: PlantState, after: PlantState, length_s: float) -> None:
        now_s, settings, outlook = self._clock.now_s, self.settings, self._plant.outlook()
        moved = self._moved(before, after)
        if moved == math.inf:
            self._calm_from_s = now_s + settings.calm_s
        calm = now_s >= self._calm_from_s - _ROUNDING
        self._drift.take(
            outlook.margins, length_s, self._weather_moved(before.time_s, now_s), calm and moved < math.inf
        )
        if calm:
            self._length_s = min(max(_next_length(self._length_s, moved), settings.step_s), settings.longest_s)
        self._length_s = max(settings.step_s, self._foreseen(outlook, self._length_s))
        self._schedule(self._tick_after(self._length_s))

    def _moved(self, before: PlantState, after: PlantState) -> float:
        """Return what moved over what may move in a step; infinite where a tap or a switch did."""
        old, new = before.snapshot, after.snapshot
        if (old.taps, old.capacitors) != (new.taps, new.capacitors):
            return math.inf
        changes = (
            (after.legs_v, before.legs_v, self.settings.still_v),
            (after.site_p_kw, before.site_p_kw, self.settings.still_pu * self._plant.largest_kva),
            (after.load_factor, before.load_factor, self.settings.load_pu),
        )
        return max(float(np.max(np.abs(new - old), initial=0.0)) / still for new, old, still in changes)

    def _foreseen(self, outlook: Outlook, length_s: float) -> float:
        """Return how much of a step may be taken for what is known to come."""
        length_s = min(length_s, outlook.quiet_s, self._drift.allowed_s(outlook.margins))
        return self._in_still_weather(length_s, self._drift.allowed_weather(outlook.margins))

    def _in_still_weather(self, length_s: float, allowed: float) -> float:
        """Return the part of a step in which the weather moves by no more than is allowed, 1 at most."""
        now_s, most, earlier, before = self._clock.now_s, min(allowed, 1.0), 0.0, 0.0
        looks = math.ceil(length_s / self.settings.look_s)
        for look in range(1, looks + 1):
            later = length_s * look / looks
            moved = self._weather_moved(now_s, now_s + later)
            if moved > most:
                return earlier + (later - earlier) * (most - before) / (moved - before)
            earlier, before = later, moved
        return length_s

    def _weather_moved(self, from_s: float, to_s: float) -> float:
        """Return how far sun and load are apart at two times, over what they may move in a step."""
        sun = np.abs(self._weather.irradiance_pu(to_s) - self._weather.irradiance_pu(from_s))
        load = abs(self._weather.load_pu(to_s) - self._weather.load_pu(from_s))
        return float(np.max(sun, initial=0.0)) / self.settings.sun_pu + load / self.settings.load_pu

    def _tick_after(self, length_s: float) -> float:
        """Return the last whole multiple of the short step within a length from now, but no less than the next."""
        step_s = self.settings.step_s
        present = math.floor(self._clock.now_s / step_s + _ROUNDING)
        last = math.floor((self._clock.now_s + length_s) / step_s + _ROUNDING)
        return max(present + 1, last) * step_s

    def _schedule(self, due_s: float) -> None:
        is_earlier, self._due_s = due_s < self._due_s, due_s
        if is_earlier:
            self._ring()

    def _ring(self) -> None:
        """Have the process look again at what it waits for."""
        if self._alarm is not None and not self._alarm.triggered:
            self._alarm.succeed()


def _next_length(length_s: float, moved: float) -> float:
    """Double a step in which less than half of what may move has moved; halve it, or begin anew, after too much."""
    if moved > TOO_MUCH:
        return 0.0
    if moved > 1.0:
        return length_s / 2.0
    return length_s * 2.0 if moved < LITTLE else length_s


class _Drift:
    """How fast margins have been used up lately, by time and by the movement of the weather."""

    FORGET = 0.8
    """What is left of a rate after a step in which it was smaller."""

    def __init__(self) -> None:
        self._margins: Floats = np.zeros(0)
        self._per_s: Floats = np.zeros(0)
        self._per_weather: Floats = np.zeros(0)

    def take(self, margins: Floats, length_s: float, weather: float, is_calm: bool) -> None:
        """Take the margins after a step; those after an event say nothing of what goes on without one."""
        before, self._margins = self._margins, margins
        if before.shape != margins.shape:
            self._per_s, self._per_weather = np.zeros_like(margins), np.zeros_like(margins)
        elif is_calm:
            used = np.abs(margins - before)
            self._per_s = np.maximum(self.FORGET * self._per_s, used / length_s)
            if weather > _ROUNDING:
                self._per_weather = np.maximum(self.FORGET * self._per_weather, used / weather)

    def allowed_s(self, margins: Floats) -> float:
        """Return the time in which no more than half of any margin is used up at its rate, s."""
        return _half_way(margins, self._per_s)

    def allowed_weather(self, margins: Floats) -> float:
        """Return the movement of the weather with which no more than half of any margin is used up."""
        return _half_way(margins, self._per_weather)


def _half_way(margins: Floats, rates: Floats) -> float:
    moving = rates > 0.0
    return float(np.min(0.5 * np.abs(margins[moving]) / rates[moving], initial=np.inf))


def settling_exchanges(loop: LoopGain, open_loop_response_s: float, short_s: float) -> int | None:
    """Return how many short exchanges bring volt-var back to rest after a long one; None where they do not.

    A long one has no filter in it and throws a deviation from rest back times the loop gain; each short one leaves
    |1 - share (1 + gain)| of it.
    """
    left = abs(1.0 - response_share(open_loop_response_s, short_s) * (1.0 + loop.gain))
    if loop.delay_steps or left > SLOWEST:
        return None
    deviation, count = max(loop.gain, 1.0), 0
    while deviation > RESIDUE:
        deviation, count = deviation * left, count + 1
    return max(count, 1)
