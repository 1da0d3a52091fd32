"""The bench file: what is on the bench, how it is wired, and on which feeder. A closed schema; all errors at once."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, cast, get_args, get_origin

from pydantic import BeforeValidator, Field, ValidationError

from bench.config.actors import ActorsSection
from bench.config.addresses import certificate_files, exposed, wrong_addresses, wrong_lines
from bench.config.environment import EnvironmentSection, RangeASection
from bench.config.equipment import CONTROL_ROLES, DC_SOURCES, AmiSection, ClockSection, Device, Fleet, Terminal
from bench.config.feeder import FeederSection
from bench.config.section import Name, Section
from bench.config.systems import SystemName, SystemSection, system_files, wrong_systems
from bench.documents import merged, with_absolute_paths
from instruments.errors import ConfigError
from instruments.files import parse_yaml, read_text

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_OPEN, _CLOSE = "\ue000", "\ue001"
"""Stand for the braces of a variable while YAML is read, to which braces mean something of their own."""
_MARKED = re.compile(rf"{_OPEN}(\w+){_CLOSE}")

ScenarioNumber = Annotated[str, BeforeValidator(str), Field(pattern=r"^([123]|[a-z]+-\d+)$")]
"""As features name it in the tag of a scenario: `1` to `3`, or `controls-1`."""


LIKE = "like"
"""Key of a bench file that names another one, over which its own parts are laid."""


class BenchFile(Section):
    """A whole bench. `scenarios` has, by number, what a scenario of the use case has differently: part of a bench."""

    bench: str
    clock: ClockSection = ClockSection()
    feeder: FeederSection
    environment: EnvironmentSection = EnvironmentSection()
    range_a: RangeASection = RangeASection()
    ami: AmiSection = AmiSection()
    devices: dict[Name, Device]
    fleets: dict[Name, Fleet] = Field(default_factory=dict)
    terminals: dict[Name, Terminal] = Field(default_factory=dict)
    actors: ActorsSection = ActorsSection()
    systems: dict[SystemName, SystemSection] = Field(default_factory=dict)
    horizon_s: Annotated[float, Field(gt=0)] = 1200.0
    scenarios: dict[ScenarioNumber, dict[str, Any]] = Field(default_factory=dict)

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
    def exposed(self) -> dict[str, str]:
        """Return where emulated devices listen for other machines, by device: whoever reaches them may command them."""
        return exposed(self.devices)

    @property
    def behind_inverter(self) -> dict[str, str]:
        """Return each battery on a DC link with the inverter that it works through."""
        linked = {device.dc_battery: name for name, device in self.devices.items() if device.dc_battery}
        return {battery: name for battery, name in linked.items() if not self._has_role(battery, DC_SOURCES)}

    def _has_role(self, name: str, roles: AbstractSet[str]) -> bool:
        return name in self.devices and self.devices[name].role in roles

    def pv_simulator_of(self, inverter: str) -> str | None:
        """Return the PV simulator in front of the DC side of an inverter."""
        return self._in_front_of(inverter, {"pv_simulator"})

    def battery_simulator_of(self, inverter: str) -> str | None:
        """Return the battery simulator in front of the DC side of an inverter."""
        return self._in_front_of(inverter, {"battery_simulator"})

    def _in_front_of(self, inverter: str, roles: AbstractSet[str]) -> str | None:
        source = self.devices[inverter].dc_battery
        return source if source is not None and self._has_role(source, roles) else None


def load_bench(path: Path) -> BenchFile:
    """Read a bench file; paths in it are relative to it, `${VAR}` is taken from the environment.

    One that begins with `like: FILE` is that other bench file with its own parts laid over it.

    Raises ConfigError with every error of the file: unknown keys with the nearest known one, wrong values, names that
    nothing has.
    """
    document = _whole(path, ())
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
    text = read_text(path, "bench file")
    try:
        document = parse_yaml(_VARIABLE.sub(rf"{_OPEN}\1{_CLOSE}", text.replace(_OPEN, "").replace(_CLOSE, "")))
    except ConfigError as error:
        raise _refused(path, [_marked_back(str(error))]) from None
    if not isinstance(document, dict):
        raise _refused(path, ["it must be a mapping that starts with `bench:`"])
    missing: set[str] = set()
    expanded = _expanded(document, missing)
    if missing:
        raise _refused(path, [f"environment variable {name} is not set" for name in sorted(missing)])
    return cast(Mapping[str, Any], expanded)


def _expanded(value: Any, missing: set[str]) -> Any:
    """Put variables into values after YAML has been read, so that what a variable holds is never taken for YAML."""
    if isinstance(value, str):
        missing |= {name for name in _MARKED.findall(value) if name not in os.environ}
        return _MARKED.sub(lambda match: os.environ.get(match[1], ""), value)
    if isinstance(value, dict):
        return {_marked_back(k) if isinstance(k, str) else k: _expanded(v, missing) for k, v in value.items()}
    return [_expanded(item, missing) for item in value] if isinstance(value, list) else value


def _marked_back(text: str) -> str:
    return _MARKED.sub(r"${\1}", text)


def bench_files(path: Path) -> tuple[Path, ...]:
    """Return a bench file and the ones that it is like, in that order; raises ConfigError as `load_bench` does."""
    found = [path]
    while (below := _read(found[-1]).get(LIKE)) is not None:
        found.append(_liked(found[-1], below, found))
    return tuple(found)


def _whole(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    """Return a bench file's document, laid over the one that it is like."""
    document = with_absolute_paths(_read(path), path.parent)
    below = document.pop(LIKE, None)
    if below is None:
        return document
    return merged(_whole(_liked(path, below, (*above, path)), (*above, path)), document)


def _liked(path: Path, name: object, above: Sequence[Path]) -> Path:
    if not isinstance(name, str):
        raise _refused(path, [f"{LIKE}: it has to be the name of another bench file"])
    other = path.parent / name
    if any(other.resolve() == file.resolve() for file in above):
        raise _refused(path, [f"{LIKE}: {name} is itself like this one"])
    return other


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
        for key, wanted in {"device": terminal.device, **terminal.instruments}.items():
            if wanted not in bench.devices:
                yield f"terminals.{name}.{key}: {_no_such(wanted, bench.devices)}"
    for name, device in bench.devices.items():
        source = device.dc_battery
        if source is not None and source not in bench.devices:
            yield f"devices.{name}.{'' if device.dc_source else 'emulate.'}dc_source: {_no_such(source, bench.devices)}"
    yield from _wrong_dc_sources(bench)
    yield from wrong_systems(bench.systems, bench.clock.mode)
    yield from _wrong_instruments(bench)
    yield from _unmeasured(bench)
    yield from wrong_addresses(bench.devices)
    yield from wrong_lines(bench.devices)


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
        yield from ((f"devices.{name}.{place}", file) for place, file in certificate_files(device))
    yield from system_files(bench.systems)


def _wrong_instruments(bench: BenchFile) -> Iterator[str]:
    """Find instruments that cannot do what a terminal wants of them, and contacts that two terminals share."""
    taken: dict[tuple[str, str, int], str] = {}
    for name, terminal in bench.terminals.items():
        device = bench.devices.get(terminal.device)
        for key, instrument in terminal.instruments.items():
            yield from _wrong_instrument(f"terminals.{name}.{key}", device, instrument, bench, key)
        for channel in _channels(terminal):
            if taken.setdefault(channel, name) != name:
                io, kind, number = channel
                yield f"terminals.{name}.contacts: {kind} {number} of {io} is wired to the terminal {taken[channel]!r}"


def _wrong_instrument(place: str, device: Device | None, name: str, bench: BenchFile, key: str) -> Iterator[str]:
    instrument = bench.devices.get(name)
    if device is None or instrument is None:
        return
    is_control = device.role in CONTROL_ROLES
    roles = {"source": "sensing_source" if is_control else "grid_simulator", "analyzer": "power_analyzer"}
    wanted = roles.get(key, "digital_io")
    if instrument.role != wanted:
        yield f"{place}: {name!r} is a {instrument.role}; in front of a {device.role} it has to be a {wanted}"
    elif key != "source" and is_control != (key == "contacts.digital_io"):
        yield f"{place}: a {wanted} has no place in front of a {device.role}"
    elif (device.emulate is None) != (instrument.emulate is None):
        real, emulated = ("device", "instrument") if device.emulate is None else ("instrument", "device")
        yield f"{place}: the {real} is real and the {emulated} is emulated: nothing can be wired between them"


def _wrong_dc_sources(bench: BenchFile) -> Iterator[str]:
    """Tell of simulators in front of nothing, of several inverters, or of one that nothing can be wired to."""
    behind: dict[str, list[str]] = {name: [] for name, device in bench.devices.items() if device.role in DC_SOURCES}
    for name in bench.devices:
        source = bench.pv_simulator_of(name) or bench.battery_simulator_of(name)
        if source is not None:
            behind[source].append(name)
    for source, inverters in behind.items():
        if len(inverters) != 1:
            found = ", ".join(inverters) or "none"
            yield f"devices.{source}: it stands in front of one inverter, whose dc_source it is; found: {found}"
        elif (bench.devices[source].emulate is None) != (bench.devices[inverters[0]].emulate is None):
            yield f"devices.{source}: one of it and {inverters[0]} is real, the other emulated: no wire leads there"
        elif bench.devices[inverters[0]].role != "inverter":
            yield f"devices.{source}: {inverters[0]} is no inverter, and has no DC side for it"


def _channels(terminal: Terminal) -> Iterator[tuple[str, str, int]]:
    contacts = terminal.contacts
    if contacts is not None:
        yield from ((contacts.digital_io, "input", channel) for channel in contacts.inputs)
        yield from ((contacts.digital_io, "output", channel) for channel in contacts.status)


def _unmeasured(bench: BenchFile) -> Iterator[str]:
    wired = {terminal.device: terminal for terminal in bench.terminals.values()}
    for name, device in bench.devices.items():
        terminal = wired.get(name)
        if device.role in {"inverter", "meter", *CONTROL_ROLES} and terminal is None:
            yield f"devices.{name}: no terminal wires it to the feeder"
        elif terminal is not None and device.emulate is None and terminal.source is None:
            measured_by = "contacts" if device.role in CONTROL_ROLES else "an analyzer"
            yield f"devices.{name}: real equipment needs a source and {measured_by} in front of it"
        if device.role in {"inverter", "battery"} and device.emulate is None and not device.rated_kva:
            yield f"devices.{name}: real equipment needs its `rating_kva`, of which its accuracy is a share"


def _no_such(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"no device {name!r}" + (f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(known))}")
