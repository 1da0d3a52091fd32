"""The four kinds of DER that the use case dispatches: the sequence, the request and the parties of each."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.dispatch.eligibility import ResourceClass
from bench.messages.names import Information, Party


@dataclass(frozen=True)
class DispatchPath:
    """A sequence's name in the step tables, the request that travels it, its inverter and what is behind that."""

    sequence: str
    request: Information
    inverter: Party
    device: Party


PATHS: Mapping[ResourceClass, DispatchPath] = {
    ResourceClass.UTILITY_STORAGE: DispatchPath(
        "1A", Information.UTILITY_STORAGE_REQUEST, Party.UTILITY_INVERTER, Party.UTILITY_BATTERY
    ),
    ResourceClass.CUSTOMER_STORAGE: DispatchPath(
        "1B", Information.CUSTOMER_STORAGE_REQUEST, Party.CUSTOMER_INVERTER, Party.CUSTOMER_BATTERY
    ),
    ResourceClass.UTILITY_GENERATION: DispatchPath(
        "1C", Information.UTILITY_GENERATION_REQUEST, Party.UTILITY_INVERTER, Party.UTILITY_GENERATION
    ),
    ResourceClass.CUSTOMER_GENERATION: DispatchPath(
        "1D", Information.CUSTOMER_GENERATION_REQUEST, Party.CUSTOMER_INVERTER, Party.CUSTOMER_GENERATION
    ),
}
REQUESTS = frozenset(path.request for path in PATHS.values())
"""The information objects that carry a request to one device."""
