"""What is wrong with addresses of a bench file: their form, TLS that one side lacks, emulators open to everybody."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bench.assembly.resources import PTY, Resource, parse_resource
from bench.config.equipment import CertificateSection, Device
from instruments.errors import ConfigError


def listening_at(device: Device) -> Resource:
    """Return where an emulated device answers: its resource, or `listen` where that points at a gateway.

    Raises ConfigError for an address that is none.
    """
    resource = parse_resource(device.resource)
    if device.emulate is None or device.emulate.listen is None:
        return resource
    if resource.line is not None:
        raise ConfigError("emulate.listen: an emulator at a serial port answers there, and nowhere on a network")
    host, _, port = device.emulate.listen.rpartition(":")
    return parse_resource(str(replace(resource, host=host, port=int(port))))


def exposed(devices: Mapping[str, Device]) -> dict[str, str]:
    """Return the address of each emulated device that other machines reach, by device."""
    places = {name: listening_at(device) for name, device in devices.items() if device.emulate}
    return {name: place.place for name, place in places.items() if not place.on_loopback}


def exposure_warnings(exposed: Mapping[str, str]) -> list[str]:
    """Word what `exposed` found, one warning for each device."""
    return [
        f"the emulated {name} listens at {address}: every machine that reaches it may command it"
        for name, address in exposed.items()
    ]


def wrong_addresses(devices: Mapping[str, Device]) -> Iterator[str]:
    """Tell each address that cannot be used as written, with its place in the bench file."""
    for name, device in devices.items():
        try:
            places = [parse_resource(text) for text in (device.resource, device.customer_resource) if text is not None]
            listening = listening_at(device)
        except ConfigError as error:
            yield f"devices.{name}: {error}"
        else:
            yield from (f"devices.{name}.{fault}" for fault in _wrong_tls(device, places))
            yield from (f"devices.{name}: {fault}" for fault in _wrong_line(device, places))
            if device.emulate and not device.emulate.expose and not listening.on_loopback:
                yield (
                    f"devices.{name}.emulate: it would listen at {listening.host}, where other machines reach it and "
                    "nobody is asked who he is; if that is meant, say `expose: true`"
                )


def wrong_lines(devices: Mapping[str, Device]) -> Iterator[str]:
    """Tell each serial port that two devices want differently: set otherwise, real and emulated, or one unit twice."""
    ports: dict[str, tuple[str, Resource, Device]] = {}
    units: dict[tuple[str, int | None], str] = {}
    for name, device in devices.items():
        resource = _sound(device.resource)
        if resource is None or resource.line is None or resource.line.path == PTY:
            continue
        path, line = os.path.realpath(resource.line.path), resource.line
        other, others, section = ports.setdefault(path, (name, resource, device))
        if _settings(others) != line.settings:
            yield f"devices.{name}: {line.path} is {line.settings} here, and {_settings(others)} for {other}"
        if (section.emulate is None) != (device.emulate is None):
            yield f"devices.{name}: {line.path} has an emulated device and a real one, {other}, on it"
        if device.emulate and (first := units.setdefault((path, resource.unit), name)) != name:
            yield f"devices.{name}: {first} has unit {resource.unit} on {line.path} already"


def _sound(address: str) -> Resource | None:
    """Return an address, None for one that is told elsewhere to be none."""
    try:
        return parse_resource(address)
    except ConfigError:
        return None


def _settings(resource: Resource) -> str:
    return resource.line.settings if resource.line else ""


def _wrong_line(device: Device, places: list[Resource]) -> Iterator[str]:
    for place in places:
        if place.line and not place.line.path.startswith("/") and device.emulate is None:
            yield f"{place} is a pseudo-terminal of an emulated device; a real one is at a port, as /dev/ttyUSB0 is"


def certificate_files(device: Device) -> Iterator[tuple[str, Path | None]]:
    """Yield the files that TLS needs, each with its place below the device."""
    for place, section in (("tls", device.tls), ("emulate.tls", device.emulate.tls if device.emulate else None)):
        if isinstance(section, CertificateSection):
            keys = ("ca", "client_ca", "certificate", "key")
            yield from ((f"{place}.{key}", getattr(section, key, None)) for key in keys)


def _wrong_tls(device: Device, places: list[Resource]) -> Iterator[str]:
    """Find TLS of which one half is missing: a link that only looks protected is worse than an open one."""
    secure = any(place.secure for place in places)
    if secure and device.tls is None:
        yield "tls: a resource at modbus+tls:// needs it, at least with the `ca` that signed the device's certificate"
    if device.tls is not None and not all(place.secure for place in places):
        yield "tls: it protects nothing at a resource that is not at modbus+tls://"
    if device.emulate is not None and (device.emulate.tls is not None) != places[0].secure:
        yield "emulate.tls: it belongs to a resource at modbus+tls://, which cannot be served without it"
