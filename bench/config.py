"""The bench file: what is on the bench, how it is wired, and on which feeder. A closed schema; all errors at once."""

import datetime
import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from bench.documents import merged, with_absolute_paths
from instruments.errors import ConfigError

Role = Literal[
    "inverter",
    "battery",
    "meter",
    "load_tap_changer",
    "capacitor_bank",
    "grid_simulator",
    "power_analyzer",
]
Range = tuple[float, float]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ScenarioNumber = Annotated[str, BeforeValidator(str), Field(pattern=r"^([123]|[a-z]+-\d+)$")]
"""As features name it in the tag of a scenario: `1` to `3`, or `controls-1`."""


class Section(BaseModel):
    """A part of the bench file; a key that it does not know is an error, and so is a number that is none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


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


class PlantSection(Section):
    """A plant of the utility's at a three-phase bus of the primary; `energy_kwh` for what stores energy."""

    kind: Literal["pv", "battery", "generator"]
    bus: str
    rating_kva: Annotated[float, Field(gt=0)]
    energy_kwh: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _stores_if_battery(self) -> "PlantSection":
        if (self.kind == "battery") != (self.energy_kwh > 0):
            raise ValueError("a battery has an `energy_kwh` above 0, and nothing else has one")
        return self


class DerSection(Section):
    """Distributed energy resources in place of a table of sites.

    `pv_kva_per_load_kw` at every n-th service in the order of the deck's loads, beginning with the first, for
    each kW that the load behind it takes nominally; and the utility's plants by name.
    """

    pv_kva_per_load_kw: Annotated[float, Field(ge=0)] = 0.0
    every_nth_service: Annotated[int, Field(ge=1)] = 1
    plants: dict[Name, PlantSection] = {}


class BankControlSection(Section):
    """A VAR control for a bank that the deck never switches: thresholds, kvar of all phases into a line's terminal."""

    line: str
    terminal: Literal[1, 2] = 1
    close_above_kvar: float
    open_below_kvar: float
    close_delay_s: Annotated[float, Field(gt=0)] = 60.0
    open_delay_s: Annotated[float, Field(gt=0)] = 60.0
    dead_time_s: Annotated[float, Field(ge=0)] = 300.0


class FeederSection(Section):
    """The OpenDSS master file, and the generation and storage on it, as a table of sites or described by `der`.

    `customers` is the table of rates, contracts and profiles; nobody can be called for demand response without one.
    `services` adds 120/240 V services to a deck without; `capacitor_controls` gives fixed banks a control, by bank.
    """

    model: Path
    services: bool = False
    sites: Path | None = None
    customers: Path | None = None
    der: DerSection = DerSection()
    capacitor_controls: dict[str, BankControlSection] = {}


class CloudSection(Section):
    """A cloud front: after `calm_s` of sun it takes irradiance down to `depth_pu` within `fall_s`, for `duration_s`."""

    calm_s: Annotated[float, Field(ge=0)] = 180.0
    fall_s: Annotated[float, Field(gt=0)] = 45.0
    depth_pu: Annotated[float, Field(ge=0, le=1)] = 0.08
    duration_s: Annotated[float, Field(ge=0)] = 7200.0


class HeatSection(Section):
    """Heat: from `delay_s` after it is let loose, air conditioning adds `load_rise_pu` to the load within `rise_s`."""

    delay_s: Annotated[float, Field(ge=0)] = 0.0
    rise_s: Annotated[float, Field(gt=0)] = 120.0
    load_rise_pu: Annotated[float, Field(gt=0)] = 0.15


class CloudsSection(Section):
    """Cloud fronts of a day, drawn from a seed: how many in twelve hours on average, and between which bounds.

    Fall and duration in seconds, `depth_pu` is the share of the sun that a front lets through.
    """

    per_12_h: Annotated[float, Field(gt=0)] = 10.0
    fall_s: Range = (30.0, 90.0)
    depth_pu: Range = (0.08, 0.4)
    duration_s: Range = (600.0, 2400.0)

    @model_validator(mode="after")
    def _has_room(self) -> "CloudsSection":
        bounds = (self.fall_s, self.depth_pu, self.duration_s)
        if any(not 0.0 < low <= high for low, high in bounds) or self.depth_pu[1] > 1.0:
            raise ValueError("bounds are positive and ascending, and a cloud lets at most all of the sun through")
        if self.mean_gap_s <= 0.0:
            raise ValueError("that many fronts of that duration leave no sun between them")
        return self

    @property
    def mean_gap_s(self) -> float:
        """Mean time of sun between two fronts, s."""
        return 43200.0 / self.per_12_h - sum(self.duration_s) / 2 - sum(self.fall_s)


class EnvironmentSection(Section):
    """Sun and load. `irradiance_csv` is a one-second record of the user's in place of clear sky and cloud.

    `line_out` is the branch of the transmission grid that a test takes out of service.
    `cloud` is the one front that a test releases; `clouds` are those of the days that `bench manage` plays.
    """

    date: datetime.date = datetime.date(2026, 6, 21)
    start_hour: Annotated[float, Field(ge=0, lt=24)] = 13.0
    latitude_deg: Annotated[float, Field(ge=-90, le=90)] = 34.05
    longitude_deg: Annotated[float, Field(ge=-180, le=180)] = -117.6
    load_pu: Annotated[float, Field(gt=0)] = 1.0
    load_shape: Path | None = None
    cloud: CloudSection | None = None
    heat: HeatSection | None = None
    clouds: CloudsSection | None = None
    line_out: str | None = None
    irradiance_csv: Path | None = None
    irradiance_column: str | None = None


class RangeASection(Section):
    """On which interval service voltage is judged and how long it must be back before an event flag clears, s."""

    interval_s: Annotated[float, Field(gt=0)] = 60.0
    recover_s: Annotated[float, Field(gt=0)] = 300.0


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
    """The bench's envelope of a source: no set-point leaves it."""

    voltage_v: Range | None = None
    frequency_hz: Range | None = None
    current_a: float | None = None


class Emulation(Section):
    """The behaviour that stands in for the equipment. Without this section the device is real.

    `rating_kva` is the emulated unit's own; `dc_source` names the battery on an inverter's DC link. `customer_unit` is
    the unit id at which the customer's own energy management system reaches an inverter, on the same address.
    """

    model: Literal["opender"] | None = None
    rating_kva: Annotated[float, Field(gt=0)] | None = None
    capacity_kwh: Annotated[float, Field(gt=0)] | None = None
    initial_soc_pct: Annotated[float, Field(ge=0, le=100)] = 60.0
    nominal_v: Annotated[float, Field(gt=0)] | None = None
    category: Literal["A", "B"] = "B"
    abnormal: Literal["I", "II", "III"] = "III"
    dc_source: Name | None = None
    customer_unit: Annotated[int, Field(ge=1, le=247)] | None = None
    volt_var: bool = True
    accuracy_pct: Annotated[float, Field(ge=0)] | None = None
    listen: Annotated[str, Field(pattern=r"^[^:\s]+:\d+$")] | None = None


class Identification(Section):
    """Who the device has to be; fields left out are not compared."""

    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None


class Device(Section):
    """A device or instrument on the bench. `accuracy_pct` of rating is what its set-point must be held within.

    `efficiency_pct` of a battery: how much of the charged energy is stored.
    `customer_resource` is where the customer's own energy management system reaches a real inverter, if it does.
    """

    role: Role
    driver: str
    resource: str
    customer_resource: str | None = None
    point_map: Path | None = None
    identity: Identification | None = None
    limits: Limits | None = None
    accuracy_pct: Annotated[float, Field(gt=0)] = 3.0
    uncertainty_pct: Annotated[float, Field(ge=0)] = 0.5
    efficiency_pct: Annotated[float, Field(gt=0, le=100)] = 90.0
    timeout_s: Annotated[float, Field(gt=0)] = 2.0
    emulate: Emulation | None = None

    @property
    def rating_kva(self) -> float:
        """The unit's own rating as the bench file gives it; 0 where it does not."""
        return (self.emulate.rating_kva or 0.0) if self.emulate else 0.0


class Fleet(Section):
    """Many meters of one kind: one at every service or generation site that no single meter is wired to."""

    role: Literal["meter"]
    driver: str
    at: Literal["services", "generation"]
    prefix: Name
    emulate: Emulation


class Terminal(Section):
    """What is wired to what. With a source and an analyzer, the device sees the feeder only through them.

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
    voltage_ratio: Annotated[float, Field(gt=0)] = 1.0
    power_scale: Annotated[float, Field(gt=0)] = 1.0
    settle_s: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _has_one_place(self) -> "Terminal":
        places = (self.site, self.service, self.transformer, self.capacitor, self.bus)
        if sum(place is not None for place in places) != 1:
            raise ValueError("a terminal is at one place: a `site`, `service`, `transformer`, `capacitor` or `bus`")
        if (self.source is None) != (self.analyzer is None):
            raise ValueError("a source and an analyzer belong together: what is fed must be measured")
        return self


class ReviewSection(Section):
    """An application that stays in charge: the settings are those of `bench.dispatch.review.ReviewSettings`."""

    every_s: Annotated[float, Field(gt=0)] = 900.0
    spacing_s: Annotated[float, Field(gt=0)] = 120.0
    cloud_pu: Annotated[float, Field(ge=0, le=1)] = 0.1


class DispatchSection(Section):
    """Settings of the DER automation application: margin to Range A, V; how long commands hold, s.

    With `review` it stays in charge after the first event and holds what it switched.
    """

    margin_v: Annotated[float, Field(ge=0)] = 0.5
    duration_s: Annotated[float, Field(gt=0)] = 3600.0
    compute_s: Annotated[float, Field(ge=0)] = 2.0
    review: ReviewSection | None = None


class OperationsSection(Section):
    """What the operators order: load reduction, kW, and for how long, s."""

    reduction_kw: Annotated[float, Field(gt=0)] = 250.0
    duration_s: Annotated[float, Field(gt=0)] = 3600.0


class ResourceControlSection(Section):
    """Settings of the DRAACS: time from a call to its start, s, and for computing; what it knows of responses.

    `response_rate` is the share of the contracted load that calls brought so far; `customer_sd` and `common_sd` are its
    standard deviations, per unit of contracted load: from customer to customer, and of all together.
    """

    notice_s: Annotated[float, Field(gt=0)] = 30.0
    compute_s: Annotated[float, Field(ge=0)] = 2.0
    response_rate: Annotated[float, Field(gt=0)] = 0.95
    customer_sd: Annotated[float, Field(ge=0)] = 0.3
    common_sd: Annotated[float, Field(ge=0)] = 0.08


class CustomersSection(Section):
    """What called customers do: so many keep their load, and so many more would but have forgotten the code."""

    overriding: Annotated[int, Field(ge=0)] = 2
    forgetful: Annotated[int, Field(ge=0)] = 1


class PlanningSection(Section):
    """What the application's register says of DER: one-way efficiency of storage, and what stays in it, per unit.

    `charged_from_grid`: whose storage the utility may have charged from the grid, by tariff.
    Costs of generators' energy per MWh, by device, and of those that are not listed.
    """

    compute_s: Annotated[float, Field(ge=0)] = 5.0
    efficiency: Annotated[float, Field(gt=0, le=1)] = 0.95
    reserve_pu: Annotated[float, Field(ge=0, lt=1)] = 0.1
    charged_from_grid: tuple[Literal["utility", "customer"], ...] = ("utility",)
    cost_per_mwh: dict[Name, Annotated[float, Field(ge=0)]] = {}
    generation_cost_per_mwh: Annotated[float, Field(ge=0)] = 120.0


class EnergyManagementSection(Section):
    """The control centre: its generation stack and transmission grid, and how many feeders alike it serves.

    `feeders_at_bus` of them hang at this feeder's bus of the transmission grid.
    `plan_at_s`: when the plan for the next day is made, s of the scenario; `price_gaps`: intervals of that day without
    a price. `security_every_s`: time between two security analyses; `duration_s`: how long a constraint lasts, s.
    """

    generation_stack: Path | None = None
    transmission: Path | None = None
    feeders_alike: Annotated[float, Field(gt=0)] = 10.0
    feeders_at_bus: Annotated[float, Field(gt=0)] = 6.0
    reserve_kw: Annotated[float, Field(ge=0)] = 0.0
    plan_at_s: Annotated[float, Field(ge=0)] | None = None
    interval_s: Annotated[float, Field(gt=0)] = 3600.0
    lambda_every_s: Annotated[float, Field(gt=0)] = 3600.0
    price_gaps: tuple[int, ...] = ()
    security_every_s: Annotated[float, Field(gt=0)] = 30.0
    duration_s: Annotated[float, Field(gt=0)] = 3600.0


class WholesaleSection(Section):
    """What the wholesale desk authorizes: whether customers may decline a load reduction."""

    may_override: bool = True


class ActorsSection(Section):
    """Settings of actors that have any."""

    energy_management: EnergyManagementSection = EnergyManagementSection()
    planning: PlanningSection = PlanningSection()
    wholesale: WholesaleSection = WholesaleSection()

    der_automation: DispatchSection = DispatchSection()
    operations: OperationsSection = OperationsSection()
    resource_control: ResourceControlSection = ResourceControlSection()
    customers: CustomersSection = CustomersSection()
    status_after_s: Annotated[float, Field(gt=0)] = 15.0
    generator_status_after_s: Annotated[float, Field(gt=0)] = 45.0


class BenchFile(Section):
    """A whole bench. `scenarios` has, by number, what a scenario of the use case has differently: part of a bench."""

    bench: str
    clock: ClockSection = ClockSection()
    feeder: FeederSection
    environment: EnvironmentSection = EnvironmentSection()
    range_a: RangeASection = RangeASection()
    ami: AmiSection = AmiSection()
    devices: dict[Name, Device]
    fleets: dict[Name, Fleet] = {}
    terminals: dict[Name, Terminal] = {}
    actors: ActorsSection = ActorsSection()
    horizon_s: Annotated[float, Field(gt=0)] = 1200.0
    scenarios: dict[ScenarioNumber, dict[str, Any]] = {}

    def for_scenario(self, number: str) -> "BenchFile":
        """Return the bench as its own section below `scenarios` changes it; one without a section stays as it is.

        Mappings are merged key by key; everything else, `null` included, takes the place of what was there. Raises
        ConfigError for a section that does not fit the schema; those of a bench file that was loaded do.
        """
        try:
            bench = _overridden(self, number)
        except ValidationError as error:
            raise ConfigError("\n  ".join(_worded_override(number, error))) from None
        return bench

    @property
    def behind_inverter(self) -> dict[str, str]:
        """Return each battery on a DC link with the inverter that it works through."""
        return {d.emulate.dc_source: name for name, d in self.devices.items() if d.emulate and d.emulate.dc_source}


def load_bench(path: Path) -> BenchFile:
    """Read a bench file; paths in it are relative to it, `${VAR}` is taken from the environment.

    Raises ConfigError with every error of the file: unknown keys with the nearest known one, wrong values, names that
    nothing has.
    """
    document = with_absolute_paths(_read(path), path.parent)
    try:
        bench = BenchFile.model_validate(document)
    except ValidationError as error:
        raise _refused(path, [_worded(item) for item in error.errors()]) from None
    faults = [*_dangling(bench), *_wrong_overrides(bench)]
    if faults:
        raise _refused(path, faults)
    return bench


def _overridden(bench: BenchFile, number: str) -> BenchFile:
    changes = bench.scenarios.get(number)
    if changes is None:
        return bench
    return BenchFile.model_validate(merged(bench.model_dump(exclude={"scenarios"}), changes))


def _wrong_overrides(bench: BenchFile) -> Iterator[str]:
    """Find what does not fit in what scenarios have differently, with its place in the file."""
    known = set(_dangling(bench))
    for number in bench.scenarios:
        try:
            changed = _overridden(bench, number)
        except ValidationError as error:
            yield from _worded_override(number, error)
        else:
            yield from (f"scenarios.{number}.{fault}" for fault in _dangling(changed) if fault not in known)
            if changed.scenarios or changed.bench != bench.bench:
                yield f"scenarios.{number}: a scenario has no `bench` or `scenarios` of its own"


def _worded_override(number: str, error: ValidationError) -> list[str]:
    return [f"scenarios.{number}.{_worded(item)}" for item in error.errors()]


def _read(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the bench file {path}: {error}") from None
    missing = sorted({v for v in re.findall(r"\$\{(\w+)\}", text) if v not in os.environ})
    if missing:
        raise _refused(path, [f"environment variable {name} is not set" for name in missing])
    expanded = re.sub(r"\$\{(\w+)\}", lambda match: os.environ[match[1]], text)
    try:
        document = yaml.safe_load(expanded)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that there is not
        raise _refused(path, [str(error)]) from None
    if not isinstance(document, dict):
        raise _refused(path, ["it must be a mapping that starts with `bench:`"])
    return document


def _refused(path: Path, faults: list[str]) -> ConfigError:
    return ConfigError("\n  ".join([f"bench file {path} has {len(faults)} error{'s' * (len(faults) > 1)}:", *faults]))


def _worded(item: Any) -> str:
    place = ".".join(str(part) for part in item["loc"])
    if item["type"] != "extra_forbidden":
        return f"{place}: {item['msg']}"
    known = sorted(_fields_at(BenchFile, item["loc"][:-1]))
    near = get_close_matches(str(item["loc"][-1]), known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{place}: unknown key; {hint}known here: {', '.join(known)}"


def _fields_at(model: Any, place: tuple[Any, ...]) -> set[str]:
    """Follow a path into the schema and return the keys that are known there."""
    for part in place:
        model = _inner(model.model_fields[part].annotation) if hasattr(model, "model_fields") else model
        if get_origin(model) is dict:
            model = _Entries(get_args(model)[1])
        elif isinstance(model, _Entries):
            model = model.entry
    return set(model.model_fields) if hasattr(model, "model_fields") else set()


class _Entries:
    """A mapping on the way through the schema: its next path part is a name, not a key of the schema."""

    def __init__(self, entry: Any) -> None:
        self.entry = entry


def _inner(annotation: Any) -> Any:
    """Strip an optional: `X | None` becomes X."""
    options = [option for option in get_args(annotation) if option is not type(None)]
    return options[0] if options and get_origin(annotation) is not dict else annotation


def _dangling(bench: BenchFile) -> Iterator[str]:
    """Find names that nothing on the bench has, files that are not there, and real devices without a measurement."""
    for place, file in _files(bench):
        if file is not None and not file.is_file():
            yield f"{place}: there is no file {file}"
    for name, terminal in bench.terminals.items():
        for key in ("device", "source", "analyzer"):
            wanted = getattr(terminal, key)
            if wanted is not None and wanted not in bench.devices:
                yield f"terminals.{name}.{key}: {_no_such(wanted, bench.devices)}"
    for name, device in bench.devices.items():
        source = device.emulate.dc_source if device.emulate else None
        if source is not None and source not in bench.devices:
            yield f"devices.{name}.emulate.dc_source: {_no_such(source, bench.devices)}"
    yield from _unmeasured(bench)


def _files(bench: BenchFile) -> Iterator[tuple[str, Path | None]]:
    yield "feeder.model", bench.feeder.model
    yield "feeder.sites", bench.feeder.sites
    yield "feeder.customers", bench.feeder.customers
    yield "environment.irradiance_csv", bench.environment.irradiance_csv
    yield "environment.load_shape", bench.environment.load_shape
    yield "actors.energy_management.generation_stack", bench.actors.energy_management.generation_stack
    yield "actors.energy_management.transmission", bench.actors.energy_management.transmission
    for name, device in bench.devices.items():
        yield f"devices.{name}.point_map", device.point_map


def _unmeasured(bench: BenchFile) -> Iterator[str]:
    wired = {terminal.device: terminal for terminal in bench.terminals.values()}
    for name, device in bench.devices.items():
        terminal = wired.get(name)
        if device.role in {"inverter", "meter"} and terminal is None:
            yield f"devices.{name}: no terminal wires it to the feeder"
        elif terminal is not None and device.emulate is None and terminal.source is None:
            yield f"devices.{name}: real equipment needs a source and an analyzer in front of it"


def _no_such(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"no device {name!r}" + (f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(known))}")
