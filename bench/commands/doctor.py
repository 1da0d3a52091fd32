"""`bench doctor`: opens and identifies everything on a bench, energises nothing, and tells all faults at once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.assembly.admission import real_resources
from bench.assembly.drivers import DriverRack, address_of, anonymous_meter, customer_address, require_identity
from bench.assembly.emulation import EmulatedEquipment
from bench.assembly.feeders import open_feeder
from bench.assembly.outside import OutsideSystems
from bench.assembly.places import FeederPlaces
from bench.assembly.resources import Resource
from bench.config import BenchFile, Device, load_bench
from bench.config.addresses import exposure_warnings
from bench.config.systems import SystemSection
from bench.feeder.sites import load_sites
from bench.lease import take_lease
from bench.plant.weather import make_weather
from instruments.dialects.language import Dialect
from instruments.errors import BenchError, ConfigError
from instruments.readings import Identity
from instruments.wire import unobserved
from reports.plain_text import one_line

CONFIGURATION, BROKEN = 2, 3
"""Exit codes: something cannot be used as written; something does not answer, or is another device."""


@dataclass(frozen=True)
class Finding:
    """What was found out about one thing on the bench; `error` is None where it is in order."""

    subject: str
    text: str
    error: BenchError | None = None

    def __str__(self) -> str:
        return f"{'fault' if self.error else 'ok':<6} {self.subject}: {self.text}"


def doctor(path: Path) -> tuple[str, int]:
    """Examine a bench; return the findings, one a line, and the exit code.

    Raises ConfigError when the bench file or its feeder cannot be read, an emulator cannot have its address, or
    somebody else is driving the real equipment.
    """
    bench = load_bench(path)
    with take_lease(real_resources(bench), bench.bench):
        findings = list(_examine(bench))
    faults = [finding.error for finding in findings if finding.error is not None]
    lines = [*map(str, findings), f"{len(faults)} faults; nothing was energised"]
    if any(isinstance(error, ConfigError) for error in faults):
        return "\n".join(lines), CONFIGURATION
    return "\n".join(lines), BROKEN if faults else 0


def _examine(bench: BenchFile) -> Iterator[Finding]:
    with ExitStack() as opened:
        feeder = opened.enter_context(open_feeder(bench.feeder))
        places = FeederPlaces(bench, feeder, load_sites(bench.feeder.sites) if bench.feeder.sites else ())
        yield from (Finding("warning", warning) for warning in exposure_warnings(bench.exposed))
        yield Finding("feeder", f"{len(feeder.node_names)} nodes, {len(feeder.services)} services")
        yield _found("environment", partial(_sunshine, bench, len(places.sites)))
        equipment = EmulatedEquipment(bench, places, seed=1)
        opened.callback(equipment.close)
        rack = DriverRack()
        opened.callback(rack.close)
        addresses = {name: endpoint.resource for name, endpoint in equipment.endpoints.items()}
        for name, device in bench.devices.items():
            yield _found(name, partial(_identify, rack, name, device, addresses.get(name)))
            if (reached := customer_address(device, addresses.get(name))) is not None:
                side = device.model_copy(update={"resource": str(reached), "emulate": None})
                yield _found(f"{name}, the customer's side", partial(_identify, rack, name, side, None))
        yield from _examine_fleets(rack, {n: a for n, a in addresses.items() if n not in bench.devices})
        systems = OutsideSystems()
        opened.callback(systems.close)
        for name, section in bench.systems.items():
            yield _found(name, partial(_greet, systems, name, section))


def _examine_fleets(rack: DriverRack, addresses: dict[str, Resource]) -> Iterator[Finding]:
    """Identify every meter of the fleets; those in order are counted, those that are not are told one by one."""
    meter = anonymous_meter()
    found = [_found(n, partial(_identify, rack, n, meter, a)) for n, a in addresses.items()]
    faults = [finding for finding in found if finding.error]
    yield from faults
    yield Finding("fleets", f"{len(found) - len(faults)} of {len(found)} meters identified")


def _found(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, look())
    except BenchError as error:
        return Finding(subject, str(error), error)


def _sunshine(bench: BenchFile, sites: int) -> str:
    weather = make_weather(bench.environment, sites)
    sun_pu = weather.irradiance_pu(0.0)
    return f"sun {sun_pu.mean() if sites else 0.0:.2f}, load {weather.load_pu(0.0):.2f} per unit at the start"


def _identify(rack: DriverRack, name: str, device: Device, served: Resource | None) -> str:
    resource = address_of(device, served)
    driver = rack.open(name, device, resource, unobserved)
    found: Identity = driver.identify()
    require_identity(device, found, str(resource))
    return f"{resource} {_who(found)}{' (emulated)' if device.emulate else ''}{_spoken(driver)}{_cannot(driver)}"


def _spoken(driver: Any) -> str:
    """Tell which dialect a driver speaks, and how much of that nobody has held against a manual."""
    dialect: Dialect | None = getattr(driver, "dialect", None)
    if dialect is None:
        return ""
    unconfirmed = len(dialect.unconfirmed())
    return f"; dialect {dialect.dialect}" + (f", {unconfirmed} of its entries not confirmed" if unconfirmed else "")


def _cannot(driver: Any) -> str:
    """Say what a driver that depends on a point map cannot do, and what the map lacks for it."""
    lacking = getattr(driver, "lacking", {}).items()
    return "".join(f"; no {function}, for which its map lacks {', '.join(missing)}" for function, missing in lacking)


def _greet(systems: OutsideSystems, name: str, section: SystemSection) -> str:
    return f"{_who(systems.connect(name, section, unobserved))} at {section.broker} under {section.topic}"


def _who(found: Identity) -> str:
    told = (found.manufacturer, found.model, found.version, found.serial)
    return ", ".join(one_line(text) for text in told if text)
