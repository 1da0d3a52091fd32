"""Emulated control of a load tap changer: senses PT and CT secondaries, pulses a raise and a lower contact.

Unless it is set otherwise it regulates forward whatever the direction of power (co-generation mode), as a substation
with generation needs it. Voltages are those of the PT secondary, 120 V base.
"""

from dataclasses import replace

from instruments.emulators.contacts import CommandRefused, PulseContact, Sensing
from instruments.emulators.faults import Fault, FaultSet
from instruments.emulators.tap_changer_regulation import Regulation
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
        """Voltage at the load centre by line-drop compensation, V."""
        return self._regulation.regulated_v

    @property
    def reported_v(self) -> float:
        """What it says of the voltage on its terminals, V."""
        wrong = self._fault("misreports-voltage")
        return self.voltage_v * (1.0 + wrong.value) if wrong else self.voltage_v

    @property
    def band_status(self) -> int:
        """Where the regulated voltage is: -1 below the band, 0 in it, 1 above it."""
        return self._regulation.band_status

    @property
    def operations_today(self) -> int:
        """Operations since midnight."""
        return self.counter.today(self._clock.day)

    @property
    def margins(self) -> tuple[float, ...]:
        """How far the regulated voltage is inside its band, V, and its terminals below the limit of runback, V."""
        settings, regulation = self.settings, self._regulation
        inside_v = regulation.half_band_v - abs(regulation.deviation_v)
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
        if not self._regulation.tap_allows(direction):
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
        at_once = stage != self.reduction_stage and not self._fault("delays-reduction")
        self._undelayed = self._undelayed or at_once
        self.reduction_stage = stage

    def change(self, **settings: float | str | tuple[float, ...]) -> None:
        """Change settings by name; raises CommandRefused in local and for settings that cannot work together."""
        self.require_remote()
        if self._fault("forgets-a-setting") and "reverse_threshold_a" not in settings:
            settings["reverse_threshold_a"] = 0.0
        try:
            self.settings = replace(self.settings, **settings)  # type: ignore[arg-type]  # names come from bindings
        except ConfigError as error:
            raise CommandRefused(str(error)) from error

    def require_remote(self) -> None:
        """Raise CommandRefused while the panel switch is on local."""
        if not self.remote and not self._fault("ignores-local"):
            raise CommandRefused("the control is in local", local=True)

    @property
    def _regulation(self) -> Regulation:
        return Regulation(self.settings, self.sensing.secondary, self.position, self.reduction_stage, self._fault)

    def _fault(self, kind: str) -> Fault | None:
        return self.faults.active(kind, self.time_s)

    @property
    def _timer_rate(self) -> float:
        definite = self.settings.characteristic is Characteristic.DEFINITE or self._regulation.to_neutral
        if definite or self._fault("inverse-as-definite"):
            return 1.0
        return abs(self._regulation.deviation_v) / (self.settings.bandwidth_v / 2.0)

    @property
    def _delay_left_s(self) -> float:
        if self._regulation.running_back or self._undelayed:
            return 0.0
        wrong = self._fault("wrong-tap-delay")
        delay_s = self.settings.delay_s * (wrong.value if wrong else 1.0)
        return max(0.0, delay_s - self._timer.elapsed_s) / self._timer_rate

    @property
    def _gap_left_s(self) -> float:
        wrong = self._fault("wrong-inter-tap-delay")
        gap_s = self.settings.inter_tap_delay_s * (wrong.value if wrong else 1.0)
        return max(0.0, gap_s - self._since_operation_s)

    def _observe(self) -> None:
        """Look at the inputs: what is wanted, and whether a reduction has reached its band."""
        elapsed_s = self._timer.elapsed_s
        self._timer.watch(self._demand())
        if self._fault("keeps-its-delay"):
            self._timer.elapsed_s = elapsed_s
        if self.band_status == 0:
            self._undelayed = False

    def _demand(self) -> Direction | None:
        regulates = self.automatic or self._fault("ignores-manual") is not None
        if not regulates or (self.blocked and not self._fault("ignores-block")):
            return None
        return self._regulation.wanted

    def _operate(self, direction: Direction) -> None:
        if not self._fault("counter-stuck"):
            self.counter.count(self._clock.day)
        self._since_operation_s = 0.0
        if self._fault("reports-a-move-it-did-not-make"):
            self._phantom_moves += direction
            return
        self._counted_position += direction
        crossed = self._fault("wrong-direction") is not None
        contact = self.raise_contact if (direction is Direction.RAISE) != crossed else self.lower_contact
        contact.pulse()
