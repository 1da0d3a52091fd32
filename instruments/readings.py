"""What drivers hand back: plain values, taken from the wire and not from a set-point.

Power is positive where the device delivers it into the network: generation, discharge and injected vars are > 0,
load, charging and absorbed vars are < 0. Tuples over phases hold one entry for each phase in terminal order.
"""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Identity:
    """Who answers at an address; a field that the device does not have is the empty string."""

    manufacturer: str
    model: str
    options: str = ""
    version: str = ""
    serial: str = ""


@dataclass(frozen=True)
class Nameplate:
    """Ratings of a distributed energy resource (IEEE 1547-2018 Table 28, SunSpec model 702).

    `charge_max_w` is 0 for equipment that cannot absorb; `category` is A or B, `abnormal` I, II or III.
    """

    p_max_w: float
    va_max_va: float
    q_max_injected_var: float
    q_max_absorbed_var: float
    charge_max_w: float
    v_nom_v: float
    category: str
    abnormal: str


@dataclass(frozen=True)
class AcReading:
    """What a device says of its own terminals; `voltage_v` is phase to neutral, or the line pair of a 240 V unit."""

    p_w: float
    q_var: float
    va: float
    frequency_hz: float
    voltage_v: tuple[float, ...]
    current_a: float
    connected: bool
    running: bool
    alarms: int = 0


@dataclass(frozen=True)
class AcMeasurement:
    """What an instrument measured, per phase; `time_s` is its own time stamp, None where it has none.

    `angle_deg` is that of each voltage against the first, -180 to 180 deg and < 0 where it lags; NaN of a dead phase,
    empty where the instrument does not tell angles.
    """

    voltage_v: tuple[float, ...]
    current_a: tuple[float, ...]
    p_w: tuple[float, ...]
    q_var: tuple[float, ...]
    frequency_hz: float
    time_s: float | None = None
    angle_deg: tuple[float, ...] = ()

    @property
    def total_p_w(self) -> float:
        """Active power of all phases, W."""
        return sum(self.p_w)

    @property
    def total_q_var(self) -> float:
        """Reactive power of all phases, var."""
        return sum(self.q_var)


@dataclass(frozen=True)
class CaptureLimits:
    """What an analyzer can record by itself: at which shortest interval, s, and how many samples."""

    interval_s: float
    points: int


@dataclass(frozen=True)
class SourceSetPoint:
    """What an AC source was told to hold at its output, read back; not a measurement."""

    voltage_v: tuple[float, ...]
    angle_deg: tuple[float, ...]
    frequency_hz: float
    output_on: bool


@dataclass(frozen=True)
class Segment:
    """A part of a transient that an AC source plays by itself: its duration, and voltage of each phase and frequency.

    Both are there at once, or with `ramp` come evenly, over the duration, from what they were before.
    """

    duration_s: float
    voltage_v: tuple[float, ...]
    frequency_hz: float
    ramp: bool = False


@dataclass(frozen=True)
class PlayedTransients:
    """What transients an AC source plays by itself: how many segments at most, none of them shorter than `shortest_s`.

    `change_s` is how long the quickest change takes in them; a source without `unbalanced` gives one voltage to all
    phases.
    """

    segments: int
    shortest_s: float
    change_s: float = 0.0
    unbalanced: bool = True


@dataclass(frozen=True)
class SourceCapabilities:
    """What an AC source can do: by its own word where it was asked, by what is known of its kind where it cannot be.

    Ranges are the narrower of the instrument's and the bench's. `turned` are the phases, from 1, whose angle can be set
    against what it was; the slew rates, V/s and Hz/s, are infinite where nothing is known of them. `transients`: None
    of one that plays none by itself.
    """

    phases: int
    voltage_v: tuple[float, float]
    frequency_hz: tuple[float, float]
    current_a: float
    turned: frozenset[int]
    unbalanced: bool = True
    voltage_slew_v_per_s: float = math.inf
    frequency_slew_hz_per_s: float = math.inf
    transients: PlayedTransients | None = None


@dataclass(frozen=True)
class BatterySimulatorCapabilities:
    """What a battery simulator can do: its voltage, V, and the most that it gives and takes, A, both > 0.

    Each is the narrower of the instrument's and the bench's. One that is not `separate` limits both ways alike.
    """

    voltage_v: tuple[float, float]
    discharge_a: float
    charge_a: float
    separate: bool = True


@dataclass(frozen=True)
class DcReading:
    """What an instrument measures at its own DC output; current and power > 0 flow out of it."""

    voltage_v: float
    current_a: float
    power_w: float


@dataclass(frozen=True)
class SensingSetPoint:
    """What a sensing source was told to present on the PT and CT secondaries; the angle is that of the current."""

    voltage_v: float
    current_a: float
    angle_deg: float
    frequency_hz: float
    output_on: bool


@dataclass(frozen=True)
class SecondaryReading:
    """PT and CT secondary quantities as somebody measured them; NaN for one that he does not tell.

    Power is that of the one phase sensed, on the secondaries, and flows towards the load: an inductive load takes vars.
    """

    voltage_v: float
    current_a: float
    p_w: float
    q_var: float


@dataclass(frozen=True)
class InputContacts:
    """Input contacts of a digital I/O, channel 1 first: closed now, and how often each has closed since the reset."""

    closed: tuple[bool, ...]
    closures: tuple[int, ...]


@dataclass(frozen=True)
class PowerCommand:
    """The active-power set-point a device holds (SunSpec 704), read back; `remaining_s` of its reversion
    timer, NaN where it does not say.
    """

    enabled: bool
    power_w: float
    remaining_s: float


@dataclass(frozen=True)
class InverterModes:
    """Who may command an inverter and what it may do by itself; None where it does not say.

    `remote`: it obeys the utility and not its own panel (SunSpec 715); `permitted`: it may be in service (703);
    `volt_var`: its volt-var function is enabled (705).
    """

    remote: bool | None
    permitted: bool | None
    volt_var: bool | None


@dataclass(frozen=True)
class StorageReading:
    """State of a battery as it reports it (SunSpec 713, 714); `power_w` > 0 discharges.

    `capacity_wh` is that of a new one, of which `health_pct` is left; NaN where it does not say.
    """

    soc_pct: float
    energy_wh: float
    capacity_wh: float
    power_w: float
    health_pct: float = math.nan

    @property
    def left_wh(self) -> float:
        """What a full battery holds, Wh: all of its capacity where it says nothing of its health."""
        return self.capacity_wh if math.isnan(self.health_pct) else self.capacity_wh * self.health_pct / 100.0


@dataclass(frozen=True)
class StorageLimits:
    """What a battery states of its limits (SunSpec 802), per cent of capacity; NaN for what it does not state.

    `reserve_pct` is what it was told to keep, `self_discharge_pct_per_day` what it loses by itself.
    """

    lowest_pct: float
    highest_pct: float
    reserve_pct: float
    self_discharge_pct_per_day: float


@dataclass(frozen=True)
class Characteristic:
    """A function of IEEE 1547-2018 that answers along corner points: stimulus and response in per unit of rated.

    `response_s` is the open-loop response time, to 90 % of the final change; 0 where the function has none to set.
    """

    x_pu: tuple[float, ...]
    y_pu: tuple[float, ...]
    response_s: float


@dataclass(frozen=True)
class EnterServiceSettings:
    """When equipment may begin to deliver (IEEE 1547-2018 Table 4): voltage per unit and frequency from low to high.

    `delay_s`: for how long the grid has to be inside; `ramp_s`: how long power takes to rise to its rating.
    `random_s` is the longest of the delays that are drawn where there is no ramp: 0 where it is off, NaN of equipment
    that has none.
    """

    v_pu: tuple[float, float]
    f_hz: tuple[float, float]
    delay_s: float
    ramp_s: float
    random_s: float = 0.0


@dataclass(frozen=True)
class FrequencyDroop:
    """Frequency-droop (IEEE 1547-2018 Table 23): deadbands above and below nominal, Hz, and droops.

    A droop is the change of frequency, per unit of nominal, that moves active power by its rating. `response_s` is the
    open-loop response time, to 90 %; `p_min_pu` how far power may fall, < 0 for equipment that then absorbs. One that
    is not `enabled` is held and not followed.
    """

    over_deadband_hz: float
    under_deadband_hz: float
    over_droop: float
    under_droop: float
    response_s: float
    p_min_pu: float = 0.0
    enabled: bool = True


ChargeStatus = Literal["off", "empty", "discharging", "charging", "full", "holding", "testing", ""]
"""What a battery says that it is about (SunSpec 802); empty of one that says nothing."""

TripKind = Literal["over_voltage", "under_voltage", "over_frequency", "under_frequency"]
"""What equipment trips for."""


@dataclass(frozen=True)
class TripStage:
    """A stage of a trip: beyond `level`, per unit of nominal voltage or Hz, equipment clears within `time_s`."""

    level: float
    time_s: float


@dataclass(frozen=True)
class Trip:
    """Both stages of a mandatory trip (IEEE 1547-2018 6.4.1, 6.5.1): the inner one is nearer to nominal and slower."""

    inner: TripStage
    outer: TripStage


@dataclass(frozen=True)
class VoltVarCurve:
    """Volt-var characteristic: corner voltages in per unit of nominal, vars in per unit of rated VA (IEEE 1547 5.3.3).

    `response_s` is the open-loop response time, to 90 % of the final change. The corners stand where they say, whatever
    `reference_pu` is that they were chosen for. With `autonomous_s`, the time constant, s, the reference follows the
    voltage, and the corners move along with it; None: it stays.
    """

    v_pu: tuple[float, ...]
    q_pu: tuple[float, ...]
    response_s: float
    reference_pu: float = 1.0
    autonomous_s: float | None = None


@dataclass(frozen=True)
class MeterReading:
    """Registers of a revenue meter.

    `voltage_v` holds the legs to neutral, `line_voltage_v` leg to leg (0 where the service has one leg). Power follows
    the meter's own convention: > 0 is delivered to the customer, as is `import_wh`; `export_wh` came from the customer.
    `q_var` is NaN of a meter that has no reactive power.
    """

    voltage_v: tuple[float, ...]
    line_voltage_v: float
    frequency_hz: float
    p_w: float
    q_var: float
    import_wh: float
    export_wh: float


@dataclass(frozen=True)
class MeterEvents:
    """Event flags a meter set by itself; `raw` is its whole event register.

    `in_order`: it marks its alerts as ordinary traffic, which jumps no queue.
    """

    under_voltage: bool
    over_voltage: bool
    raw: int
    in_order: bool = False


@dataclass(frozen=True)
class LoadTapChangerStatus:
    """What a tap-changer control says of itself; the tap in service belongs to the plant, not to this register.

    `remote` is its panel switch, `operations` its own counter, `voltage_v` that of the PT secondary.
    """

    automatic: bool
    blocked: bool
    remote: bool
    tap_position: int
    voltage_v: float
    operations: int


@dataclass(frozen=True)
class CapacitorBankStatus:
    """What a capacitor control says of itself; the switch in service belongs to the plant, not to this register.

    `remote` is its panel switch, `operations` its own counter, `voltage_v` that of the PT secondary,
    `discharge_left_s` the time for which it refuses to close.
    """

    automatic: bool
    blocked: bool
    remote: bool
    closed: bool
    voltage_v: float
    operations: int
    operations_today: int
    discharge_left_s: float


@dataclass(frozen=True)
class CapacitorReadings:
    """What a capacitor control says that it measures, NaN for what it does not say: PT and CT secondary, kvar > 0
    towards the load on the primary side of all phases, current in the bank's neutral, temperature at its probe, and
    how many closes it refused while the bank discharged.
    """

    voltage_v: float
    current_a: float
    feeder_kvar: float
    neutral_current_a: float
    temperature_c: float
    refused_closes: float
