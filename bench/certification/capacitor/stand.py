"""A capacitor control at rest on its rig, set as the suite wants it, and what its tests share."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import cast

from bench.certification.capacitor.figures import WEEK_S, CapacitorFigures
from bench.certification.control_looks import Closure, Sensed
from bench.certification.control_rig import ControlRig
from bench.certification.criteria import Criterion, Reading
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.refusals import is_refused
from bench.measurement import Limits
from instruments.roles import CapacitorFunctions
from reports.verdict import Verdict

CLOSE, OPEN = 1, -1
"""Directions of a closure, as the rig tells them."""
WORDS = {CLOSE: "close", OPEN: "open"}
THRESHOLDS = {
    "var": ("open_below_reactive_power", "close_above_reactive_power"),
    "temperature": ("open_below_temperature", "close_above_temperature"),
}
"""Thresholds of modes that no other mode looks at, each above the one before it."""
RISING = (("override_low", "close_below", "open_above", "override_high"), *THRESHOLDS.values())
"""Settings that only work together while each lies above the one before it."""
WAITING_S = 10.0
"""Distance of looks while nothing is expected, s."""

Setting = float | str


@dataclass(frozen=True)
class Stand:
    """The control with the figures of its suite, and the clause that is tested."""

    rig: ControlRig
    figures: CapacitorFigures
    clause: str

    @property
    def control(self) -> CapacitorFunctions:
        """The control's own interface."""
        return cast(CapacitorFunctions, self.rig.control)

    def setting(self, name: str) -> float:
        """Return what the suite sets; raises NotPassed, NOT_RUN, for what the control cannot be set to."""
        if self.rig.control.find_setting(name) is None:
            raise NotPassed(f"{self.rig.device} has no setting {name} in its point map", Verdict.NOT_RUN)
        return self.figures.settings[name]

    def need(self, *points: str) -> None:
        """Raise NotPassed, NOT_RUN, unless the control has all these points."""
        missing = [point for point in points if not self.control.offers(point)]
        if missing:
            raise NotPassed(f"{self.rig.device} has no {', '.join(missing)} in its point map", Verdict.NOT_RUN)

    @property
    def waiting_s(self) -> float:
        """For how long a mode is waited for, s."""
        delays = (self.setting("close_delay"), self.setting("open_delay"), self.figures.settings["override_delay"])
        return self.figures.patience.delays * max(delays)

    @property
    def kvar_per_va(self) -> float:
        """What one VA of vars on the secondaries is on the primary side, kvar; raises NotPassed as `setting` does."""
        return self.setting("phases") * self.setting("pt_ratio") * self.setting("ct_ratio") / 1000.0

    @property
    def reactive_power_kvar(self) -> float:
        """By how much a threshold of vars may be off, kvar."""
        rated_va = self.figures.secondaries.rated_va
        return self.figures.accuracy.reactive_power_pu.value * rated_va * self.kvar_per_va

    def now_s(self) -> float:
        """Return the moment of the bench from which something is timed, s."""
        self.rig.clock.catch_up()
        return self.rig.clock.now_s

    @contextmanager
    def borrowed_clock(self) -> Iterator[None]:
        """Have the control's clock set, and let it show the right time again afterwards.

        Raises NotPassed, NOT_RUN, for a control whose clock cannot be read and set.
        """
        self.need("clock", "set_clock")
        found_s, begun_s = self.control.read_clock(), self.now_s()
        try:
            yield
        finally:
            self.control.set_clock((found_s + self.now_s() - begun_s) % WEEK_S)

    def prepare(self, strategy: str = "voltage", *, closed: bool = False, **settings: Setting) -> None:
        """Bring the control to rest in automatic and free, with its bank open and discharged, or closed.

        What it has no setting for stays as it is, but for the `settings` that are asked for. Raises NotPassed, NOT_RUN,
        where it lacks one of those or its panel is on local.
        """
        self.prepare_blocked(strategy, **settings)
        self.rig.place(int(closed))
        self.rig.hold(WAITING_S if closed else self.figures.discharge_s.value + WAITING_S, WAITING_S)
        self.control.set_blocked(False)

    def prepare_blocked(self, strategy: str = "voltage", **settings: Setting) -> None:
        """Set the control, at rest, and leave it blocked with its bank as it is; raises as `prepare`."""
        if not self.control.read_status().remote:
            raise NotPassed(f"the panel of {self.rig.device} is on local: nothing can be set", Verdict.NOT_RUN)
        self.control.set_blocked(True)
        self.control.set_automatic(True)
        self.rest()
        self.put(self._base(strategy) | {"strategy": strategy} | settings)
        self.rig.clock.catch_up()

    def _base(self, strategy: str) -> dict[str, Setting]:
        """Return what the suite sets, as far as the control has it, without the thresholds of other modes."""
        others = {name for mode, names in THRESHOLDS.items() if mode != strategy for name in names}
        own = {name: value for name, value in self.figures.settings.items() if name not in others}
        return {name: value for name, value in own.items() if self.rig.control.find_setting(name) is not None}

    def put(self, settings: Mapping[str, Setting]) -> None:
        """Write settings, thresholds in an order in which they work together all the time."""
        chains = [[name for name in chain if name in settings] for chain in RISING]
        ordered = [name for chain in chains for name in self._in_order(chain, settings)]
        for name in (*ordered, *(name for name in settings if name not in ordered)):
            self.rig.write(name, settings[name])

    def _in_order(self, chain: Sequence[str], settings: Mapping[str, Setting]) -> Iterator[str]:
        """Order thresholds: those that rise from the highest down, then those that fall from the lowest up."""
        present = {name: self._present(name) for name in chain}
        rises = {name: float(settings[name]) >= present[name] for name in chain}
        yield from (name for name in reversed(chain) if rises[name])
        yield from (name for name in chain if not rises[name])

    def _present(self, name: str) -> float:
        """Return what a threshold is; one that is not there is told when it is written."""
        there = self.rig.control.find_setting(name) is not None
        return float(self.control.read_setting(name)) if there else -math.inf

    def rest(self) -> Reading:
        """Put a voltage on the control at which no mode asks for anything."""
        return self.sense_v(self.figures.rest.voltage_v)

    def want(self, closed: bool) -> None:
        """Have the mode of voltage want the bank closed, or open: half way between its threshold and the override's."""
        settings = self.figures.settings
        near, far = ("close_below", "override_low") if closed else ("open_above", "override_high")
        self.sense_v((self.setting(near) + settings[far]) / 2.0)

    def override(self, closed: bool) -> float:
        """Return a voltage at which the override has to have the bank closed, or open, V."""
        beyond_v = self.figures.beyond_v
        return self.setting("override_low") - beyond_v if closed else self.setting("override_high") + beyond_v

    def sense_v(self, voltage_v: float, current_a: float = 0.0) -> Reading:
        """Put a voltage on the control, and a current in phase with it; return the voltage as it was measured."""
        return self._voltage(self.rig.sense(voltage_v, current_a))

    def sense_kvar(self, kvar: float, angle_deg: float = 90.0, voltage_v: float | None = None) -> Reading:
        """Let vars flow towards the load, or from it where < 0, with an angle; return them as they were measured, kvar.

        At 90 degrees they flow alone, at 45 with as much active power.
        """
        volts = self.figures.rest.voltage_v if voltage_v is None else voltage_v
        amperes = abs(kvar) / self.kvar_per_va / volts / math.sin(math.radians(angle_deg))
        return self.kvar_of(self.rig.sense(volts, amperes, math.copysign(angle_deg, -kvar)))

    def kvar_of(self, sensed: Sensed) -> Reading:
        """Return the vars that the control senses, kvar of all phases on the primary side, by the source's word."""
        apparent = sensed.voltage_v * sensed.current_a * self.kvar_per_va
        lag_rad, accuracy = math.radians(-sensed.angle_deg), self.rig.accuracy
        vars_share, turned = 2.0 * accuracy.share * abs(math.sin(lag_rad)), accuracy.angle_rad * abs(math.cos(lag_rad))
        return Reading(apparent * math.sin(lag_rad), apparent * (vars_share + turned))

    def _voltage(self, sensed: Sensed) -> Reading:
        return Reading(sensed.voltage_v, self.rig.accuracy.share * sensed.voltage_v)

    def command(self, direction: int, why: str) -> Closure:
        """Operate by SCADA as a precondition; raises NotPassed, NOT_RUN, where the bank does not follow."""
        self.order(direction)
        closure = self.rig.await_closure(self.figures.accuracy.command_s.value, self.figures.patience.fine_s)
        self.rig.hold(self.setting("override_delay"), self.figures.patience.coarse_s)
        if closure is None or self.rig.position != int(direction == CLOSE):
            raise NotPassed(f"SCADA could not {WORDS[direction]} the bank, {why}", Verdict.NOT_RUN)
        return closure

    def order(self, direction: int) -> None:
        """Send one command of SCADA."""
        self.rig.clock.catch_up()
        if direction == CLOSE:
            self.control.close_bank()
        else:
            self.control.open_bank()

    def refused(self, what: str, direction: int) -> Iterator[Finding]:
        """Send a command that has to be refused, and judge that it is and that no contact closes."""
        begun = len(self.rig.closures)
        refusals = float(is_refused(lambda: self.order(direction)))
        yield self.found(f"{what}: refusals", Reading(refusals), Limits(lower=1.0), 1.0, unit="refusals")
        self.rig.hold(self.figures.accuracy.command_s.value, self.figures.patience.coarse_s)
        yield self.closures(f"{what}: closures", begun)

    def still(self, what: str, duration_s: float, every_s: float | None = None) -> Finding:
        """Let time pass in which no contact may close, and count those that did."""
        begun = len(self.rig.closures)
        self.rig.hold(duration_s, every_s or self.figures.patience.coarse_s)
        return self.closures(what, begun)

    def closures(self, what: str, begun: int, wanted: int = 0, direction: int = 0) -> Finding:
        """Count closures since one, of one contact or of both."""
        count = sum(c.direction == direction or not direction for c in self.rig.closures[begun:])
        limits = Limits.around(float(wanted), 0.0)
        return self.found(what, Reading(float(count)), limits, float(wanted), unit="closures")

    def once(self, what: str, begun: int, direction: int) -> Iterator[Finding]:
        """Let the switch come to rest there, then count: one closure of the right contact, none of the other."""
        self.rig.hold(self.waiting_s, self.figures.patience.coarse_s)
        yield self.closures(f"{what}: closures of the {WORDS[direction]} contact", begun, 1, direction)
        yield self.closures(f"{what}: closures of the other contact", begun, 0, -direction)
        wanted = float(direction == CLOSE)
        limits, stands = Limits.around(wanted, 0.0), Reading(float(self.rig.position))
        yield self.found(f"{what}: the rig's switch", stands, limits, wanted, unit="closed")

    def timed(
        self, what: str, begun_s: float, limits: Limits, target_s: float, patience_s: float, direction: int
    ) -> Finding:
        """Wait for the next closure, and judge it as `came` does.

        `patience_s` is from now on, and no less than the limit.
        """
        rig, fine_s = self.rig, self.figures.patience.fine_s
        limit_s = begun_s + (limits.upper or 0.0) + 2.0 * fine_s - rig.clock.now_s
        closure = rig.await_closure(max(patience_s, limit_s), fine_s)
        return self.came(what, closure, begun_s, limits, target_s, direction)

    def came(
        self, what: str, closure: Closure | None, begun_s: float, limits: Limits, target_s: float, direction: int
    ) -> Finding:
        """Judge when a closure came. None came until now, which has to be after the limit: it would be later than that.

        One of the other contact has no time that a limit is for: it is one closure where none of that contact may be.
        """
        if closure is None:
            waited = Reading(self.rig.clock.now_s - begun_s, self.rig.timing_s)
            return self.found(f"{what} did not come, within", waited, limits, target_s, unit="s")
        response = Reading(closure.moment_s - begun_s, self.rig.uncertainty_s(closure))
        if closure.direction != direction:
            other = f"{what}: the {WORDS[-direction]} contact instead, after {response.value:.2f} s"
            begun = self.rig.closures.index(closure)
            return self.closures(other, begun, 0, -direction)
        return self.found(f"{what} after", response, limits, target_s, unit="s")

    def found(
        self,
        what: str,
        response: Reading,
        limits: Limits,
        target: float,
        *,
        unit: str,
        stimulus: Reading | None = None,
        uncertainty: float = 0.0,
        source: str = "",
    ) -> Finding:
        """Hold what was seen, at the contacts where not said otherwise, against its limits."""
        criterion = Criterion(target, limits, response.uncertainty + uncertainty)
        time_s = self.rig.clock.now_s
        return Finding(
            what,
            stimulus or Reading(target),
            response,
            criterion,
            time_s,
            source or self.rig.scan.name,
            self.clause,
            unit,
            stimulus_unit=unit,
        )

    def agrees(self, what: str, unit: str, measured: Reading, said: float, allowed: float) -> Finding:
        """Hold what the control says that it senses against what is in front of it, which is known no better."""
        return self.found(
            what,
            Reading(said),
            Limits.around(measured.value, allowed),
            measured.value,
            unit=unit,
            stimulus=measured,
            uncertainty=measured.uncertainty,
            source=self.rig.device,
        )

    def told(self, what: str, said: float, limits: Limits, target: float, unit: str) -> Finding:
        """Hold what the control says of itself against what was seen or asked for."""
        return self.found(what, Reading(said), limits, target, unit=unit, source=self.rig.device)


def borrows_clock(procedure: Callable[[Stand], Iterator[Finding]]) -> Callable[[Stand], Iterator[Finding]]:
    """Have a procedure set the control's clock, which shows the right time again afterwards."""

    @wraps(procedure)
    def carried_out(stand: Stand) -> Iterator[Finding]:
        with stand.borrowed_clock():
            yield from procedure(stand)

    return carried_out
