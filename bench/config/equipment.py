"""The parts of the bench file about time, links, devices, and what is wired to what."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bench.config.accuracy import Accuracy
from bench.config.section import Name, Range, Section

Role = Literal[
    "inverter",
    "battery",
    "meter",
    "load_tap_changer",
    "capacitor_bank",
    "grid_simulator",
    "power_analyzer",
    "sensing_source",
    "digital_io",
    "pv_simulator",
    "battery_simulator",
]
CONTROL_ROLES = frozenset({"load_tap_changer", "capacitor_bank"})
"""Roles of controls, which sense secondaries and act through contacts."""


DC_SOURCES = frozenset({"pv_simulator", "battery_simulator"})
"""Roles of what stands in front of an inverter's DC side."""
INSTRUMENTS = frozenset({"grid_simulator", "power_analyzer", "sensing_source", "digital_io"}) | DC_SOURCES
"""Roles of what sources or measures for the bench."""
MEASURING = frozenset({"grid_simulator", "power_analyzer", "sensing_source"})
"""Roles of instruments that measure voltage, current and power."""
USUAL_UNCERTAINTY_PCT = 0.5
"""Of an instrument of which the bench file says nothing else."""


TIMEOUT_S = 2.0
EMULATED_TIMEOUT_S = 15.0
"""What is emulated answers when its thread gets a processor, which on a busy machine may take a while."""


THREE: Literal[3] = 3
PHASED = frozenset({"grid_simulator", "power_analyzer"})
"""Roles whose phases are wired as the bench file says."""


class ClockSection(Section):
    """How time goes: `virtual`, or `wall` with slip recorded against its tolerance.

    The plant steps by `step_s`; in virtual time, with a `longest_step_s`, by up to so much where nothing moves.
    """

    mode: Literal["virtual", "wall"] = "virtual"
    step_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    longest_step_s: Annotated[float, Field(gt=0, le=3600)] = 1.0
    slip_tolerance_s: Annotated[float, Field(gt=0)] = 0.1

    @model_validator(mode="after")
    def _is_fixed_on_the_wall(self) -> "ClockSection":
        if self.mode == "wall" and self.longest_step_s > self.step_s:
            raise ValueError("equipment in wall time is stepped by `step_s` alone: leave out `longest_step_s`")
        return self


class AmiSection(Section):
    """Timing of the meters' radios and of the link that they share.

    `call_read_s` is the interval at which the meters of called customers are read, s; with a `read_spacing_s`, meters
    share moments of their scheduled reads that are at least so far apart.
    """

    event_poll_s: Annotated[float, Field(gt=0)] = 30.0
    scheduled_read_s: Annotated[float, Field(gt=0)] = 900.0
    call_read_s: Annotated[float, Field(gt=0)] = 10.0
    read_air_time_s: Annotated[float, Field(ge=0)] = 0.02
    read_spacing_s: Annotated[float, Field(ge=0)] = 0.0
    latency_s: Annotated[float, Field(ge=0)] = 1.0
    bandwidth_bps: Annotated[float, Field(gt=0)] = 19200.0
    loss_probability: Annotated[float, Field(ge=0, lt=1)] = 0.0
    retries: Annotated[int, Field(ge=0)] = 3
    queue: Literal["priority", "fifo"] = "priority"


class Limits(Section):
    """The bench's envelope of a device or instrument: no set-point leaves it, and none is clipped to it.

    At the device's own terminals; `power_w` and `reactive_var` > 0 are delivered.
    """

    voltage_v: Range | None = None
    frequency_hz: Range | None = None
    current_a: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    power_w: Range | None = None
    reactive_var: Range | None = None
    tap: Range | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> "Limits":
        spans = [value for value in self.model_dump(exclude_none=True).values() if isinstance(value, tuple)]
        if any(lowest > highest for lowest, highest in spans):
            raise ValueError("the lower limit comes first")
        return self


SOURCE_LIMITS = frozenset({"voltage_v", "frequency_hz", "current_a"})
LIMITS_OF = {
    "grid_simulator": SOURCE_LIMITS,
    "sensing_source": SOURCE_LIMITS,
    **dict.fromkeys(DC_SOURCES, frozenset({"voltage_v", "current_a"})),
    "inverter": frozenset({"power_w", "reactive_var"}),
    "battery": frozenset({"power_w", "reactive_var"}),
    "load_tap_changer": frozenset({"tap"}),
}
"""Which limits a role's set-points are held to; a limit that nothing would hold to is refused."""


class CertificateSection(Section):
    """A certificate, PEM, and its key, in the same file or in one of its own; `key_password` opens the key."""

    certificate: Path | None = None
    key: Path | None = None
    key_password: Annotated[str | None, Field(repr=False)] = None

    @model_validator(mode="after")
    def _has_what_the_key_is_for(self) -> Self:
        if self.certificate is None and (self.key or self.key_password):
            raise ValueError("a key without its `certificate` is of no use")
        return self


class TlsSection(CertificateSection):
    """A device at `modbus+tls://`: who signed its certificate, and what the bench shows of itself.

    `server_name` is the name in the device's certificate where that is not the host of the resource.
    """

    ca: Path
    server_name: str | None = None


class ServedTlsSection(CertificateSection):
    """What an emulated device shows, and with `client_ca`, who signed the certificate that each client has to have."""

    certificate: Path
    client_ca: Path | None = None


class CaptureSection(Section):
    """An emulated analyzer that records by itself: at which shortest interval, s, and how many samples at most."""

    interval_s: Annotated[float, Field(gt=0)] = 0.001
    points: Annotated[int, Field(ge=2)] = 10_000


class Emulation(Section):
    """The behaviour that stands in for the equipment. Without this section the device is real.

    `rating_kva`, `capacity_kwh` and `dc_source` may stand here or at the device itself. `customer_unit` is
    the unit id at which the customer's own energy management system reaches an inverter, on the same address.
    With `capture` an analyzer records by itself: slower to play, as everything advances at its interval meanwhile.
    `registers`: whose registers it shows in place of SunSpec's, for the driver `point_map`; acme is an invented maker.
    Emulators know no users: `expose` is for one that listens elsewhere than on loopback. `tls` is what it shows there.
    """

    model: Literal["opender"] | None = None
    rating_kva: Annotated[float, Field(gt=0)] | None = None
    capacity_kwh: Annotated[float, Field(gt=0)] | None = None
    initial_soc_pct: Annotated[float, Field(ge=0, le=100)] = 60.0
    self_discharge_pct_per_day: Annotated[float, Field(ge=0, le=100)] = 0.0
    nominal_v: Annotated[float, Field(gt=0)] | None = None
    category: Literal["A", "B"] = "B"
    abnormal: Literal["I", "II", "III"] = "III"
    dc_source: Name | None = None
    customer_unit: Annotated[int, Field(ge=1, le=247)] | None = None
    volt_var: bool = True
    accuracy_pct: Annotated[float, Field(ge=0)] | None = None
    capture: CaptureSection | None = None
    listen: Annotated[str, Field(pattern=r"^[^:\s]+:\d+$")] | None = None
    expose: bool = False
    tls: ServedTlsSection | None = None
    registers: Literal["acme"] | None = None


class Identification(Section):
    """Who the device has to be; fields left out are not compared."""

    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None


RATINGS = ("rating_kva", "capacity_kwh", "dc_source", "nominal_v")
"""What a bench has to know of equipment, emulated or not."""


class ArraySection(Section):
    """The PV array that a simulator stands for, at 1000 W/m2, where it gives what its inverter is rated for.

    Open circuit voltage and short circuit current, and those at which it gives most; `channel` is the simulator's
    output.
    """

    voc_v: Annotated[float, Field(gt=0)]
    isc_a: Annotated[float, Field(gt=0)]
    vmp_v: Annotated[float, Field(gt=0)]
    imp_a: Annotated[float, Field(gt=0)]
    channel: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _is_an_array(self) -> "ArraySection":
        if not (self.voc_v > self.vmp_v and self.isc_a > self.imp_a):
            raise ValueError("open and short circuit lie beyond the point at which an array gives most")
        return self


class StoreSection(Section):
    """The battery that a simulator stands for: its voltage, V, and the currents, A, at which it gives and takes.

    They have to be enough for what its inverter is rated for, either way.
    """

    voltage_v: Annotated[float, Field(gt=0)]
    discharge_a: Annotated[float, Field(gt=0)]
    charge_a: Annotated[float, Field(gt=0)]


class StorageStatement(Section):
    """What the maker of a battery states of its performance, beside its ratings; not what the bench asks of it.

    `response_s` is the time within which it follows a set-point, s; `self_discharge_pct_per_day` of its capacity.
    """

    response_s: Annotated[float, Field(gt=0)] | None = None
    self_discharge_pct_per_day: Annotated[float, Field(ge=0)] | None = None


class Device(Section):
    """A device or instrument on the bench. `accuracy_pct` of rating is what its set-point must be held within.

    `class_pct` of an instrument or a meter: the largest error of what it sources or measures, percent of the reading.
    `uncertainty_pct` of an analyzer: expanded, k = 2, percent of a voltage read and of rated power. In place of both,
    an instrument has an `accuracy` as its maker states it, of which `bench.accuracy` makes both.
    `rating_kva` is the unit's own, `capacity_kwh` what a battery stores, `dc_source` the battery on an inverter's DC
    link or the simulator in front of it; all three may stand in `emulate` instead. `array` is what a PV simulator
    stands for, `store` what a battery simulator does. `efficiency_pct` of a battery: how much of the charged energy is
    stored.
    `start_up_s`: how long a real device may take until it is in service, or discharged, when a scenario is to begin.
    `customer_resource` is where the customer's own energy management system reaches a real inverter, if it does.
    `timeout_s`: how long an answer may take.
    `phases` of a grid simulator or a power analyzer: how many of its phases are wired, 1 or 3.
    `calibrated` and `calibration_due` of an instrument: the days of its certificate of calibration, YYYY-MM-DD.
    `stated` is what a battery is held to by what its maker states of it.
    """

    role: Role
    driver: str
    resource: str
    customer_resource: str | None = None
    point_map: Path | None = None
    identity: Identification | None = None
    limits: Limits | None = None
    rating_kva: Annotated[float, Field(gt=0)] | None = None
    capacity_kwh: Annotated[float, Field(gt=0)] | None = None
    dc_source: Name | None = None
    nominal_v: Annotated[float, Field(gt=0)] | None = None
    phases: Literal[1, 3] = THREE
    accuracy_pct: Annotated[float, Field(gt=0)] = 3.0
    uncertainty_pct: Annotated[float, Field(ge=0)] | None = None
    class_pct: Annotated[float, Field(gt=0)] | None = None
    accuracy: Accuracy | None = None
    array: ArraySection | None = None
    store: StoreSection | None = None
    efficiency_pct: Annotated[float, Field(gt=0, le=100)] = 90.0
    timeout_s: Annotated[float, Field(gt=0)] | None = None
    tls: TlsSection | None = None
    start_up_s: Annotated[float, Field(gt=0)] = 900.0
    calibrated: date | None = None
    calibration_due: date | None = None
    stated: StorageStatement | None = None
    emulate: Emulation | None = None

    @model_validator(mode="after")
    def _has_phases_of_its_own(self) -> "Device":
        if self.phases != THREE and self.role not in PHASED:
            raise ValueError(f"phases: the site says those of {self.role}; {', '.join(sorted(PHASED))} have their own")
        return self

    @model_validator(mode="after")
    def _is_calibrated_as_an_instrument(self) -> "Device":
        if not self.is_instrument and (self.calibrated or self.calibration_due):
            raise ValueError(f"calibrated: a {self.role} is no instrument of the bench")
        if self.calibrated and self.calibration_due and self.calibrated > self.calibration_due:
            raise ValueError(f"calibration_due: {self.calibration_due} lies before {self.calibrated}, when it was done")
        return self

    @model_validator(mode="after")
    def _states_its_accuracy_once(self) -> "Device":
        if self.accuracy is None:
            return self
        if self.role not in MEASURING:
            raise ValueError(f"accuracy: a {self.role} measures no power for the bench")
        if self.uncertainty_pct is not None or self.class_pct is not None:
            raise ValueError("accuracy: it takes the place of uncertainty_pct and class_pct, leave those out")
        if (self.accuracy.power is None) != (self.role == "sensing_source"):
            raise ValueError(f"accuracy: `power` {'is missing' if self.accuracy.power is None else 'is not asked for'}")
        if self.role == "power_analyzer" and self.accuracy.frequency_hz is None:
            raise ValueError("accuracy: `frequency_hz` is missing, and verdicts need to know how far it may be off")
        return self

    @model_validator(mode="after")
    def _states_what_it_is(self) -> "Device":
        if self.stated is not None and self.role != "battery":
            raise ValueError("stated: this is told of a battery alone")
        return self

    @model_validator(mode="after")
    def _stands_for_something(self) -> "Device":
        if (self.array is None) == (self.role == "pv_simulator"):
            what = "is missing: what does it stand for?" if self.array is None else f"is none of a {self.role}'s"
            raise ValueError(f"array: it {what}")
        if (self.store is None) == (self.role == "battery_simulator"):
            what = "is missing: what does it stand for?" if self.store is None else f"is none of a {self.role}'s"
            raise ValueError(f"store: it {what}")
        return self

    @model_validator(mode="after")
    def _is_held_to_its_limits(self) -> "Device":
        known = LIMITS_OF.get(self.role, frozenset())
        surplus = sorted(self.limits.model_dump(exclude_none=True).keys() - known) if self.limits else []
        if surplus:
            has = f"it has {', '.join(sorted(known))}" if known else "it has none"
            article = "an" if self.role.startswith("i") else "a"
            raise ValueError(f"limits: no set-point of {article} {self.role} is held to {', '.join(surplus)}; {has}")
        return self

    @model_validator(mode="after")
    def _records_as_an_analyzer(self) -> "Device":
        if self.emulate and self.emulate.capture and self.role != "power_analyzer":
            raise ValueError(f"emulate.capture: a {self.role} records nothing")
        return self

    @model_validator(mode="after")
    def _says_it_once(self) -> "Device":
        twice = [key for key in RATINGS if self.emulate and getattr(self, key) and getattr(self.emulate, key)]
        if twice:
            raise ValueError(f"{', '.join(twice)}: once is enough, here or in `emulate`")
        return self

    @model_validator(mode="after")
    def _shows_what_its_driver_reads(self) -> "Device":
        if self.emulate is None or self.role not in {"inverter", "battery", "meter"}:
            return self
        mapped = self.driver == "point_map"
        if mapped and self.emulate.registers is None:
            raise ValueError("emulate: `registers` says whose registers are behind the point map; known: acme")
        if self.emulate.registers is not None and not mapped:
            raise ValueError(f"emulate.registers: the driver {self.driver!r} does not read them, `point_map` does")
        return self

    @property
    def is_instrument(self) -> bool:
        """Whether it belongs to the laboratory, and not to what is tested."""
        return self.role in INSTRUMENTS

    @property
    def expanded_pct(self) -> float:
        """Expanded uncertainty of what it measures in the simple form, percent."""
        return USUAL_UNCERTAINTY_PCT if self.uncertainty_pct is None else self.uncertainty_pct

    @property
    def patience_s(self) -> float:
        """How long an answer may take, s, by the bench file or else by what it is."""
        return self.timeout_s or (EMULATED_TIMEOUT_S if self.emulate else TIMEOUT_S)

    @property
    def rated_kva(self) -> float:
        """The unit's own rating as the bench file gives it; 0 where it does not."""
        return self.rating_kva or (self.emulate.rating_kva if self.emulate else None) or 0.0

    @property
    def rated_v(self) -> float:
        """The unit's own voltage as the bench file gives it; 0 where it does not."""
        return self.nominal_v or (self.emulate.nominal_v if self.emulate else None) or 0.0

    @property
    def stored_kwh(self) -> float | None:
        """What the battery stores when it is full, as the bench file gives it."""
        return self.capacity_kwh or (self.emulate.capacity_kwh if self.emulate else None)

    @property
    def dc_battery(self) -> str | None:
        """What is on the inverter's DC link by name: a battery, or the simulator in front of it."""
        return self.dc_source or (self.emulate.dc_source if self.emulate else None)


def class_of_pct(device: Device) -> float:
    """Return the class of an instrument or meter, percent of the reading.

    One that the bench file does not give is that of its emulator, or what it says of uncertainty.
    """
    emulated = device.emulate.accuracy_pct if device.emulate else None
    return next(pct for pct in (device.class_pct, emulated, device.expanded_pct) if pct is not None)


class Fleet(Section):
    """Many meters of one kind: one at every service or generation site that no single meter is wired to."""

    role: Literal["meter"]
    driver: str
    at: Literal["services", "generation"]
    prefix: Name
    timeout_s: Annotated[float, Field(gt=0)] = EMULATED_TIMEOUT_S
    emulate: Emulation


Channel = Annotated[int, Field(ge=1, le=999)]


class Contacts(Section):
    """How the contacts of a control reach the digital I/O in front of it; channels count from 1.

    `inputs` read its raise and lower, or its close and open contact. `status` are the outputs that tell it where its
    apparatus is: one for a switch, closed as the switch is; for a tap changer the position above the lowest one in
    Gray code, least significant contact first. A control without them goes by its own pulses.
    """

    digital_io: Name
    inputs: tuple[Channel, Channel]
    status: tuple[Channel, ...] = ()

    @model_validator(mode="after")
    def _has_channels_of_their_own(self) -> "Contacts":
        for key, channels in (("inputs", self.inputs), ("status", self.status)):
            if len(set(channels)) < len(channels):
                raise ValueError(f"`{key}` names a channel twice: {', '.join(map(str, channels))}")
        return self


class Sensors(Section):
    """How far what is put on sensors of a control that no source feeds may be off: limits of error, in their units."""

    temperature_c: Annotated[float, Field(ge=0)] | None = None
    neutral_current_a: Annotated[float, Field(ge=0)] | None = None

    @property
    def stated(self) -> dict[str, float]:
        """Those that are known, by name."""
        return {name: limit for name, limit in self if limit is not None}


class Terminal(Section):
    """What is wired to what. With a source and an analyzer, the device sees the feeder only through them.

    A control has a sensing source for a `source`, and `contacts` in place of the analyzer; its `sensors` are those that
    have no source.
    `voltage_ratio`: feeder volts for one volt at the device; `power_scale`: feeder watts for one watt of the device.
    """

    device: Name
    site: str | None = None
    service: str | None = None
    transformer: str | None = None
    capacitor: str | None = None
    bus: str | None = None
    phases: tuple[int, ...] | None = None
    source: Name | None = None
    analyzer: Name | None = None
    contacts: Contacts | None = None
    sensors: Sensors | None = None
    voltage_ratio: Annotated[float, Field(gt=0)] = 1.0
    power_scale: Annotated[float, Field(gt=0)] = 1.0
    settle_s: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _has_one_place(self) -> "Terminal":
        places = (self.site, self.service, self.transformer, self.capacitor, self.bus)
        if sum(place is not None for place in places) != 1:
            raise ValueError("a terminal is at one place: a `site`, `service`, `transformer`, `capacitor` or `bus`")
        if self.analyzer is not None and self.contacts is not None:
            raise ValueError("an analyzer is in front of what delivers power, contacts are in front of a control")
        if self.sensors is not None and self.contacts is None:
            raise ValueError("sensors: they are told of a control behind `contacts` alone")
        if (self.source is None) != (self.analyzer is None and self.contacts is None):
            raise ValueError(
                "a source and an analyzer belong together, and in front of a control a source and `contacts`: "
                "what is fed must be measured"
            )
        return self

    @property
    def instruments(self) -> dict[str, str]:
        """Return the instruments in front of the device by the key that names them."""
        named = {"source": self.source, "analyzer": self.analyzer}
        named["contacts.digital_io"] = self.contacts.digital_io if self.contacts else None
        return {key: name for key, name in named.items() if name is not None}
