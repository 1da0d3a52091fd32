"""Emulated control of a switched capacitor bank: senses secondaries, pulses a close and an open contact.

Its rules in falling priority: neutral current, discharge lockout, then those of `capacitor_rules`.
"""

import math
from copy import copy
from dataclasses import replace

from instruments.emulators.capacitor_rules import CapacitorRules, Demand, Sensed
from instruments.emulators.capacitor_settings import CapacitorSettings, Strategy
from instruments.emulators.contacts import CommandRefused, PulseContact, Sensing
from instruments.emulators.faults import FaultSet
from instruments.emulators.timing import DAY_S, EPSILON_S, NEVER_S, DayClock, DemandTimer, OperationCounter, run
from instruments.errors import ConfigError
from instruments.readings import Identity


class CapacitorControlEmulator:
    """The control as a device with inputs and outputs; whoever touches it holds the lock of the emulators' host.

    Inputs: `sensing`, `status_input` (the switch's status contact; None where it is not wired, then the control
    believes its own pulses), `neutral_current_a`, `temperature_c` and `remote` (the switch on its panel). Outputs:
    `close_contact`, `open_contact`. The defects of the switch behind it are injected here too: hand `faults` to it.
    """

    identity = Identity("derbench", "CAP-1", serial="0", version="1.0")

    def __init__(
        self,
        sensing: Sensing,
        settings: CapacitorSettings | None = None,
        closed: bool = False,
        start_of_day_s: float = 0.0,
    ) -> None:
        self.settings = settings or CapacitorSettings()
        self.faults = FaultSet("capacitor_bank")
        self.close_contact = PulseContact(self.settings.pulse_s)
        self.open_contact = PulseContact(self.settings.pulse_s)
        self.status_input: bool | None = None
        self.neutral_current_a = 0.0
        self.temperature_c = 25.0
        self.automatic = True
        self.blocked = False
        self.remote = True
        self.neutral_locked = False
        self.refused_closes = 0
        self.counter = OperationCounter()
        self.sensing = sensing
        self._clock = DayClock(start_of_day_s)
        self._timer = DemandTimer()
        self._rules = CapacitorRules(self.settings, self._clock, self.faults)
        self._believed_closed = closed
        self._was_closed = closed
        self._since_open_s = NEVER_S

    @property
    def time_s(self) -> float:
        """Time since the control was made, s; faults run on it."""
        return self._clock.time_s

    @property
    def closed(self) -> bool:
        """Whether the control takes the switch for closed."""
        return self._believed_closed if self.status_input is None else self.status_input

    @property
    def reported_closed(self) -> bool:
        """What it says of the switch to others; the switch in service belongs to the apparatus."""
        return self.closed or self._has("reports-closed-when-open")

    @property
    def voltage_v(self) -> float:
        """Voltage on its terminals, V."""
        return self.sensing.secondary.voltage_v

    @property
    def reported_voltage_v(self) -> float:
        """What it says of that to others, V."""
        return self.voltage_v * (1.0 + self._value("misreports-voltage"))

    @property
    def feeder_kvar(self) -> float:
        """Reactive power that flows towards the load at the control, kvar of all phases, primary side."""
        sensed, settings = self.sensing.secondary, self.settings
        one_phase_va = sensed.voltage_v * settings.pt_ratio * sensed.current_a * settings.ct_ratio
        return settings.phases * one_phase_va * math.sin(math.radians(-sensed.angle_deg)) / 1000.0

    @property
    def operations_today(self) -> int:
        """Operations since midnight."""
        return self.counter.total if self._has("keeps-its-daily-count") else self.counter.today(self._clock.day)

    @property
    def reported_operations(self) -> int:
        """What its counter says to others."""
        return round(self.counter.total * self._value("miscounts", none=1.0))

    @property
    def second_of_week(self) -> float:
        """Its clock: time since Monday's midnight, s."""
        return self._clock.second_of_week

    @property
    def lockout_left_s(self) -> float:
        """Time until the bank counts as discharged and may close, s."""
        if self._has("closes-inside-the-discharge-time"):
            return 0.0
        share = self._value("short-discharge-time", none=1.0)
        return max(0.0, share * self.settings.discharge_s - self._since_open_s)

    @property
    def margins(self) -> tuple[float, ...]:
        """How far what it senses is from switching: kvar, or V by the strategy of voltage; then V inside the override.

        Strategies of time and temperature sense nothing of the feeder; the kvar do no harm there.
        """
        settings = self.settings
        to_low_v, to_high_v = self.voltage_v - settings.override_low_v, settings.override_high_v - self.voltage_v
        if settings.strategy is Strategy.VOLTAGE:
            strategy = settings.open_above_v - self.voltage_v, self.voltage_v - settings.close_below_v
        else:
            strategy = self.feeder_kvar - settings.open_below_kvar, settings.close_above_kvar - self.feeder_kvar
        return (strategy[0] if self.closed else strategy[1]), to_low_v, to_high_v

    @property
    def under_way(self) -> bool:
        """Whether a delay runs or a contact is closed: then the contacts change by themselves."""
        self._observe()
        return self._timer.demand is not None or self.close_contact.closed or self.open_contact.closed

    @property
    def quiet_s(self) -> float:
        """How long at least the contacts stay as they are while the inputs stay, s."""
        self._observe()
        waits = [self._clock.until_s(moment) for moment in self._rules.moments_s]
        return min(self._demand_left_s, self.close_contact.quiet_s, self.open_contact.quiet_s, *waits)

    def inject(self, kind: str, value: float | None = None, start_s: float = 0.0, end_s: float | None = None) -> None:
        """Make the control or the switch behind it defective; raises ConfigError for an unknown fault."""
        self.faults.inject(kind, value, start_s, end_s)

    def advance(self, dt_s: float) -> None:
        """Let `dt_s` pass with the inputs as they are."""
        run(self, dt_s)

    def elapse(self, dt_s: float) -> None:
        """Let time pass in which nothing happens, s."""
        self._clock.elapse(dt_s)
        self._clock.gain(dt_s / DAY_S * self._value("clock-drifts"))
        self._timer.elapse(dt_s)
        self._since_open_s += dt_s
        self.close_contact.elapse(dt_s)
        self.open_contact.elapse(dt_s)

    def act(self) -> None:
        """Do what is due: end pulses, operate."""
        self.close_contact.act()
        self.open_contact.act()
        self._observe()
        demand = self._timer.demand
        if isinstance(demand, Demand) and self._demand_left_s <= EPSILON_S:
            self._operate(demand.closing)

    def command(self, closing: bool) -> None:
        """Operate once by SCADA, also while blocked; towards where the switch already is nothing happens.

        Raises CommandRefused in local, during a pulse, and for a close that is locked out.
        """
        self.require_remote()
        if self.blocked and self._has("blocks-scada-too"):
            raise CommandRefused("blocked")
        if self._has("ignores-scada"):
            return
        self._observe()
        if self.close_contact.closed or self.open_contact.closed:
            raise CommandRefused("an operation is under way", busy=True)
        if closing == self.closed:
            return
        if closing:
            self._check_may_close()
        self._operate(closing)

    def set_automatic(self, automatic: bool) -> None:
        """Go to automatic or to SCADA alone; raises CommandRefused in local."""
        self.require_remote()
        self.automatic = automatic

    def set_blocked(self, blocked: bool) -> None:
        """Block or free the strategy; raises CommandRefused in local."""
        self.require_remote()
        self.blocked = blocked

    def reset_lockout(self) -> None:
        """Free the bank after a neutral current; raises CommandRefused in local and while the current still flows."""
        self.require_remote()
        if self.neutral_current_a > self.settings.neutral_limit_a:
            raise CommandRefused("the neutral current is still above its limit")
        self.neutral_locked = False

    def change(self, **settings: float | Strategy) -> None:
        """Change settings by name; raises CommandRefused in local and for settings that cannot work together."""
        self.require_remote()
        if self._has("forgets-temperatures") and settings.keys() & {"close_above_c", "open_below_c"}:
            return
        try:
            self.settings = replace(self.settings, **settings)  # type: ignore[arg-type]  # names come from bindings
        except ConfigError as error:
            if not self._has("takes-crossed-thresholds"):
                raise CommandRefused(str(error)) from error
            self.settings = copy(self.settings)
            vars(self.settings).update(settings)  # past the checks, and past `frozen`
        self._rules = CapacitorRules(self.settings, self._clock, self.faults)

    def set_clock(self, second_of_week: float) -> None:
        """Set its clock to a time since Monday's midnight, s; raises CommandRefused in local."""
        self.require_remote()
        self._clock.set_to(second_of_week)

    def require_remote(self) -> None:
        """Raise CommandRefused while the panel switch is on local."""
        if not self.remote and not self._has("obeys-scada-in-local"):
            raise CommandRefused("the control is in local", local=True)

    def _check_may_close(self) -> None:
        if self.neutral_locked:
            raise CommandRefused("locked out by neutral current")
        if self.lockout_left_s > EPSILON_S:
            self.refused_closes += 1
            raise CommandRefused(f"the bank discharges for another {self.lockout_left_s:.0f} s", busy=True)

    @property
    def _demand_left_s(self) -> float:
        demand = self._timer.demand
        if not isinstance(demand, Demand):
            return NEVER_S
        delay_left_s = max(0.0, demand.delay_s - self._timer.elapsed_s)
        return max(delay_left_s, self.lockout_left_s) if demand.closing else delay_left_s

    def _observe(self) -> None:
        """Look at the inputs: the switch, the neutral, and what the rules want."""
        if self._was_closed and not self.closed:
            self._since_open_s = 0.0
        self._was_closed = self.closed
        self._observe_neutral()
        demand = self._demand()
        wanted = demand if demand and demand.closing != self.closed else None
        begun = self._timer.demand
        goes_on = isinstance(begun, Demand) and begun.closing != self.closed and self._has("delay-goes-on")
        if wanted is not None or not goes_on:
            self._timer.watch(wanted)

    def _observe_neutral(self) -> None:
        if self.neutral_current_a > self.settings.neutral_limit_a and not self._has("ignores-the-neutral-current"):
            self.neutral_locked = True
        elif self._has("forgets-the-neutral-lockout"):
            self.neutral_locked = False

    def _demand(self) -> Demand | None:
        if self.neutral_locked:
            return Demand("neutral", closing=False, delay_s=self.settings.override_delay_s)
        sensed = Sensed(
            voltage_v=self.voltage_v,
            feeder_kvar=self.feeder_kvar,
            temperature_c=self.temperature_c,
            operations_today=self.operations_today,
            automatic=self.automatic,
            blocked=self.blocked,
        )
        return self._rules.demand(sensed)

    def _has(self, kind: str) -> bool:
        return self.faults.active(kind, self.time_s) is not None

    def _value(self, kind: str, none: float = 0.0) -> float:
        """Return the value of a defect that is in force, or what stands for none."""
        fault = self.faults.active(kind, self.time_s)
        return none if fault is None else fault.value

    def _operate(self, closing: bool) -> None:
        self.counter.count(self._clock.day)
        self._timer.watch(None)
        self._believed_closed = closing
        (self.close_contact if closing else self.open_contact).pulse()
        if not closing:
            self._since_open_s = 0.0
