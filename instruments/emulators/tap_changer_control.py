"""Emulated control of a load tap changer: senses PT and CT secondaries, pulses a raise and a lower contact.

It regulates forward whatever the direction of power (co-generation mode), as a substation with generation needs it.
Voltages are those of the PT secondary, 120 V base.
"""

import math
from dataclasses import replace

from instruments.emulators.contacts import CommandRefused, PulseContact, Sensing
from instruments.emulators.faults import FaultSet
from instruments.emulators.tap_changer_settings import Characteristic, Direction, TapChangerSettings
from instruments.emulators.timing import EPSILON_S, NEVER_S, DayClock, DemandTimer, OperationCounter, run
from instruments.errors import ConfigError
from instruments.readings import Identity


class TapChangerControlEmulator:
    """The control as a device with inputs and outputs; whoever touches it holds the lock of the emulators' host.

    Inputs: `sensing`, `position_input` (the tap position fed back; None where it is not wired, then the control counts
    its own pulses) and `remote` (the switch on its panel). Outputs: `raise_contact`, `lower_contact`.
    The defects of the mechanism behind it are injected here too: hand `faults` to the mechanism.
    """

    identity = Identity("derbench", "LTC-1", serial="0", version="1.0")

    def __init__(
        self,
        sensing: Sensing,
        settings: TapChangerSettings | None = None,
        position: int = 0,
        start_of_day_s: float = 0.0,
    ) -> None:
        self.settings = settings or TapChangerSettings()
        self.faults = FaultSet("load_tap_changer")
        self.raise_contact = PulseContact(self.settings.pulse_s)
        self.lower_contact = PulseContact(self.settings.pulse_s)
        self.position_input: int | None = None
        self.automatic = True
        self.blocked = False
        self.remote = True
        self.reduction_stage = 0
        self.counter = OperationCounter()
        self.sensing = sensing
        self._clock = DayClock(start_of_day_s)
        self._timer = DemandTimer()
        self._counted_position = position
        self._phantom_moves = 0
        self._since_operation_s = NEVER_S
        self._undelayed = False

    @property
    def time_s(self) -> float:
        """Time since the control was made, s; faults run on it."""
        return self._clock.time_s

    @property
    def position(self) -> int:
        """Tap position that the control reports; the tap in service belongs to the mechanism."""
        known = self._counted_position if self.position_input is None else self.position_input
        return known + self._phantom_moves

    @property
    def voltage_v(self) -> float:
        """Voltage on its terminals, V."""
        return self.sensing.secondary.voltage_v

    @property
    def regulated_v(self) -> float:
        """Voltage at the load centre by line-drop compensation, V: I (R cos phi + X sin phi) below the terminals."""
        sensed = self.sensing.secondary
        lag_rad = math.radians(-sensed.angle_deg)
        drop_v = self.settings.ldc_r_v * math.cos(lag_rad) + self.settings.ldc_x_v * math.sin(lag_rad)
        return sensed.voltage_v - sensed.current_a / self.settings.ct_rated_a * drop_v

    @property
    def effective_centre_v(self) -> float:
        """Band centre less the voltage reduction in force, V."""
        stages = (0.0, *self.settings.reduction_pct)
        return self.settings.band_centre_v * (1.0 - stages[self.reduction_stage] / 100.0)

    @property
    def band_status(self) -> int:
        """Where the regulated voltage is: -1 below the band, 0 in it, 1 above it."""
        deviation_v = self.regulated_v - self.effective_centre_v
        if abs(deviation_v) <= self._half_band_v:
            return 0
        return 1 if deviation_v > 0 else -1

    @property
    def operations_today(self) -> int:
        """Operations since midnight."""
        return self.counter.today(self._clock.day)

    @property
    def margins(self) -> tuple[float, ...]:
        """How far the regulated voltage is inside its band, V, and its terminals below the limit of runback, V."""
        settings = self.settings
        inside_v = self._half_band_v - abs(self.regulated_v - self.effective_centre_v)
        return inside_v, settings.block_raise_v + settings.runback_v - self.voltage_v

    @property
    def under_way(self) -> bool:
        """Whether a delay runs or a contact is closed: then the contacts change by themselves."""
        return self.quiet_s < NEVER_S

    @property
    def quiet_s(self) -> float:
        """How long the contacts stay as they are while the inputs stay, s."""
        self._observe()
        wait_s = NEVER_S if self._timer.demand is None else max(self._delay_left_s, self._gap_left_s)
        return min(wait_s, self.raise_contact.quiet_s, self.lower_contact.quiet_s)

    def inject(self, kind: str, value: float | None = None, start_s: float = 0.0, end_s: float | None = None) -> None:
        """Make the control or the mechanism behind it defective; raises ConfigError for an unknown fault."""
        self.faults.inject(kind, value, start_s, end_s)

    def advance(self, dt_s: float) -> None:
        """Let `dt_s` pass with the inputs as they are."""
        run(self, dt_s)

    def elapse(self, dt_s: float) -> None:
        """Let time pass in which nothing happens, s."""
        self._clock.elapse(dt_s)
        self._timer.elapse(dt_s * self._timer_rate)
        self._since_operation_s += dt_s
        self.raise_contact.elapse(dt_s)
        self.lower_contact.elapse(dt_s)

    def act(self) -> None:
        """Do what is due: end pulses, operate."""
        self.raise_contact.act()
        self.lower_contact.act()
        self._observe()
        demand = self._timer.demand
        if isinstance(demand, Direction) and max(self._delay_left_s, self._gap_left_s) <= EPSILON_S:
            self._operate(demand)

    def command(self, direction: Direction) -> None:
        """Operate once by SCADA; raises CommandRefused in local, in automatic, at a tap limit, or too soon."""
        self.require_remote()
        if self.automatic:
            raise CommandRefused("a tap command needs SCADA-manual")
        if not self._tap_allows(direction):
            raise CommandRefused(f"tap limit at position {self.position}")
        if self._gap_left_s > EPSILON_S:
            raise CommandRefused("inter-tap delay is running", busy=True)
        self._operate(direction)

    def set_automatic(self, automatic: bool) -> None:
        """Go to automatic or SCADA-manual; raises CommandRefused in local."""
        self.require_remote()
        self.automatic = automatic

    def set_blocked(self, blocked: bool) -> None:
        """Block or free automatic operation; raises CommandRefused in local."""
        self.require_remote()
        self.blocked = blocked

    def set_reduction_stage(self, stage: int) -> None:
        """Choose a stage of voltage reduction, 0 for none; it acts without delay. Raises CommandRefused."""
        self.require_remote()
        if not 0 <= stage <= len(self.settings.reduction_pct):
            raise CommandRefused(f"no reduction stage {stage}")
        self._undelayed = self._undelayed or stage != self.reduction_stage
        self.reduction_stage = stage

    def change(self, **settings: float | Characteristic) -> None:
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

    @property
    def _half_band_v(self) -> float:
        return 0.0 if self.faults.active("hunts", self.time_s) else self.settings.bandwidth_v / 2.0

    @property
    def _timer_rate(self) -> float:
        if self.settings.characteristic is Characteristic.DEFINITE:
            return 1.0
        return abs(self.regulated_v - self.effective_centre_v) / (self.settings.bandwidth_v / 2.0)

    @property
    def _running_back(self) -> bool:
        return self.voltage_v > self.settings.block_raise_v + self.settings.runback_v

    @property
    def _delay_left_s(self) -> float:
        if self._running_back or self._undelayed:
            return 0.0
        return max(0.0, self.settings.delay_s - self._timer.elapsed_s) / self._timer_rate

    @property
    def _gap_left_s(self) -> float:
        return max(0.0, self.settings.inter_tap_delay_s - self._since_operation_s)

    def _observe(self) -> None:
        """Look at the inputs: what is wanted, and whether a reduction has reached its band."""
        self._timer.watch(self._demand())
        if self.band_status == 0:
            self._undelayed = False

    def _demand(self) -> Direction | None:
        ignores_block = self.faults.active("ignores-block", self.time_s)
        if not self.automatic or (self.blocked and not ignores_block):
            return None
        if self.voltage_v < self.settings.dead_sensing_v:
            return None
        wanted = self._wanted()
        return wanted if wanted and self._tap_allows(wanted) and self._voltage_allows(wanted) else None

    def _wanted(self) -> Direction | None:
        if self._running_back:
            return Direction.LOWER
        return {-1: Direction.RAISE, 0: None, 1: Direction.LOWER}[self.band_status]

    def _tap_allows(self, direction: Direction) -> bool:
        return self.settings.lowest_tap <= self.position + direction <= self.settings.highest_tap

    def _voltage_allows(self, direction: Direction) -> bool:
        if direction is Direction.RAISE:
            return self.voltage_v < self.settings.block_raise_v
        return self.voltage_v > self.settings.block_lower_v

    def _operate(self, direction: Direction) -> None:
        self.counter.count(self._clock.day)
        self._since_operation_s = 0.0
        if self.faults.active("reports-a-move-it-did-not-make", self.time_s):
            self._phantom_moves += direction
            return
        self._counted_position += direction
        crossed = self.faults.active("wrong-direction", self.time_s) is not None
        contact = self.raise_contact if (direction is Direction.RAISE) != crossed else self.lower_contact
        contact.pulse()
