"""Which real equipment may be driven, and by whom."""

import socket
from collections.abc import Set as AbstractSet
from dataclasses import replace

from bench.assembly.resources import parse_resource
from bench.config import BenchFile
from bench.lease import Lease
from instruments.errors import ConfigError


def real_devices(bench: BenchFile) -> AbstractSet[str]:
    """Return the devices that are not emulated."""
    return {name for name, device in bench.devices.items() if device.emulate is None}


def real_resources(bench: BenchFile) -> AbstractSet[str]:
    """Return the addresses of everything real on a bench, in any of its scenarios, each written in one way only."""
    benches = [bench, *map(bench.for_scenario, bench.scenarios)]
    real = [b.devices[name] for b in benches for name in real_devices(b)]
    return {
        _canonical(address) for device in real for address in (device.resource, device.customer_resource) if address
    }


def _canonical(address: str) -> str:
    """Write an address with its host's number, so that two names of one device are no two devices."""
    resource = parse_resource(address)
    if resource.line is not None:
        return resource.lease_key
    try:
        host = socket.gethostbyname(resource.host)
    except OSError:  # it will be told by whoever opens it
        host = resource.host.lower()
    return str(replace(resource, host=host))


def admit(bench: BenchFile, lease: Lease | None) -> None:
    """Refuse real equipment without a lease, which keeps other runs away, and in a time that is not its own.

    Raises ConfigError naming the devices.
    """
    real = ", ".join(sorted(real_devices(bench)))
    if not real:
        return
    if bench.clock.mode != "wall":
        raise ConfigError(f"clock.mode: real equipment lives in wall time, not in {bench.clock.mode} time: {real}")
    if lease is None or not lease.files:
        raise ConfigError(f"real equipment is driven under a lease only: {real}")
