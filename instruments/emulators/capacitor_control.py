"""Emulated control of a switched capacitor bank: senses secondaries, pulses a close and an open contact.

Its rules in falling priority: neutral current, discharge lockout, voltage override, daily limit and block, strategy.
The block stops the strategy alone: the override protects, and a command of SCADA is somebody else's decision.
"""

import math
from dataclasses import dataclass, replace

from instruments.emulators.capacitor_settings import CapacitorSettings, Strategy
from instruments.emulators.contacts import CommandRefused, PulseContact, Sensing
from instruments.emulators.faults import FaultSet
from instruments.emulators.timing import EPSILON_S, NEVER_S, DayClock, DemandTimer, OperationCounter, run
from instruments.errors import ConfigError
from instruments.readings import Identity

MIDNIGHT_S = 0.0


@dataclass(frozen=True)
class _Demand:
    """An operation that a rule asks for, once it has stood for the delay."""

    rule: str
    closing: bool
    delay_s: float


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
        return self.closed or self.faults.active("reports-closed-when-open", self.time_s) is not None

    @property
    def voltage_v(self) -> float:
        """Voltage on its terminals, V."""
        return self.sensing.secondary.voltage_v

    @property
    def feeder_kvar(self) -> float:
        """Reactive power that flows towards the load at the control, kvar of all phases, primary side."""
        sensed, settings = self.sensing.secondary, self.settings
        one_phase_va = sensed.voltage_v * settings.pt_ratio * sensed.current_a * settings.ct_ratio
        return settings.phases * one_phase_va * math.sin(math.radians(-sensed.angle_deg)) / 1000.0

    @property
    def operations_today(self) -> int:
        """Operations since midnight."""
        return self.counter.today(self._clock.day)

    @property
    def lockout_left_s(self) -> float:
        """Time until the bank counts as discharged and may close, s."""
        if self.faults.active("closes-inside-the-discharge-time", self.time_s):
            return 0.0
        return max(0.0, self.settings.discharge_s - self._since_open_s)

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
        moments = (MIDNIGHT_S, self.settings.close_at_s, self.settings.open_at_s)
        waits = [self._clock.until_s(moment) for moment in moments]
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
        if isinstance(demand, _Demand) and self._demand_left_s <= EPSILON_S:
            self._operate(demand.closing)

    def command(self, closing: bool) -> None:
        """Operate once by SCADA, also while blocked; towards where the switch already is nothing happens.

        Raises CommandRefused in local, during a pulse, and for a close that is locked out.
        """
        self.require_remote()
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
        try:
            self.settings = replace(self.settings, **settings)  # type: ignore[arg-type]  # names come from bindings
        except ConfigError as error:
            raise CommandRefused(str(error)) from error

    def require_remote(self) -> None:
        """Raise CommandRefused while the panel switch is on local."""
        if not self.remote:
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
        if not isinstance(demand, _Demand):
            return NEVER_S
        delay_left_s = max(0.0, demand.delay_s - self._timer.elapsed_s)
        return max(delay_left_s, self.lockout_left_s) if demand.closing else delay_left_s

    def _observe(self) -> None:
        """Look at the inputs: the switch, the neutral, and what the rules want."""
        if self._was_closed and not self.closed:
            self._since_open_s = 0.0
        self._was_closed = self.closed
        if self.neutral_current_a > self.settings.neutral_limit_a:
            self.neutral_locked = True
        demand = self._demand()
        self._timer.watch(demand if demand and demand.closing != self.closed else None)

    def _demand(self) -> _Demand | None:
        """Return the demand of the highest rule that has one, met or not."""
        if self.neutral_locked:
            return _Demand("neutral", closing=False, delay_s=self.settings.override_delay_s)
        if not self.automatic or self.voltage_v < self.settings.dead_sensing_v:
            return None
        return self._override() or self._by_strategy()

    def _override(self) -> _Demand | None:
        closing = _outside(-self.voltage_v, -self.settings.override_high_v, -self.settings.override_low_v)
        return None if closing is None else _Demand("override", closing, self.settings.override_delay_s)

    def _by_strategy(self) -> _Demand | None:
        ignores_block = self.faults.active("ignores-the-var-block", self.time_s)
        if (self.blocked and not ignores_block) or self.operations_today >= self.settings.daily_limit:
            return None
        closing = self._strategy_wants_closed()
        if closing is None:
            return None
        delay_s = self.settings.close_delay_s if closing else self.settings.open_delay_s
        return _Demand(self.settings.strategy, closing, delay_s)

    def _strategy_wants_closed(self) -> bool | None:
        settings = self.settings
        match settings.strategy:
            case Strategy.VOLTAGE:
                return _outside(-self.voltage_v, -settings.open_above_v, -settings.close_below_v)
            case Strategy.VAR:
                return _outside(self.feeder_kvar, settings.open_below_kvar, settings.close_above_kvar)
            case Strategy.TEMPERATURE:
                return _outside(self.temperature_c, settings.open_below_c, settings.close_above_c)
            case Strategy.TIME:
                return self._clock.within(settings.close_at_s, settings.open_at_s)

    def _operate(self, closing: bool) -> None:
        self.counter.count(self._clock.day)
        self._timer.restart()
        self._believed_closed = closing
        (self.close_contact if closing else self.open_contact).pulse()
        if not closing:
            self._since_open_s = 0.0


def _outside(value: float, lowest: float, highest: float) -> bool | None:
    """Return False below a dead band, True above it, None in it."""
    if value < lowest:
        return False
    return True if value > highest else None
