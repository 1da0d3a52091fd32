"""Settings that type tests change on their way, whatever they test: read before a test, and put back after it."""

import math
from collections.abc import Callable
from dataclasses import astuple, replace
from typing import TypeVar

from bench.certification.not_passed import NotPassed
from bench.certification.refusals import DeviceError
from instruments.readings import EnterServiceSettings, FrequencyDroop
from instruments.roles import DerFunctions

Held = TypeVar("Held", FrequencyDroop, EnterServiceSettings)


def remember(functions: DerFunctions) -> Callable[[], None]:
    """Read frequency-droop and the way of entering service; return what sets them as they were, where they differ.

    What a device refuses to tell, or does not hold whole, cannot be put back and is left alone: the clauses that set
    it say what is wrong there. Both raise TransportError, putting back also DeviceError; both parts of it are tried.
    """
    droop, service = _told(functions.read_frequency_droop), _told(lambda: _service(functions))

    def put_back() -> None:
        try:
            if service is not None and _service(functions) != service:
                _set_service(functions, service)
        finally:
            if droop is not None:
                _put_back_droop(functions, droop)

    return put_back


def _told(read: Callable[[], Held]) -> Held | None:
    try:
        held = read()
    except (DeviceError, NotPassed):  # refused, or its point map has not all of it
        return None
    return held if all(map(math.isfinite, _numbers(held))) else None


def _numbers(held: FrequencyDroop | EnterServiceSettings) -> list[float]:
    parts = (part if isinstance(part, tuple) else (part,) for part in astuple(held))
    return [number for part in parts for number in part]


def _service(functions: DerFunctions) -> EnterServiceSettings:
    """Return when it enters service; of equipment that draws no delays as of such that has that off."""
    held = functions.read_enter_service()
    return replace(held, random_s=0.0) if math.isnan(held.random_s) else held


def _put_back_droop(functions: DerFunctions, droop: FrequencyDroop) -> None:
    """Write no more than differs: one that was only switched off need not be adopted anew."""
    held = functions.read_frequency_droop()
    if replace(held, enabled=droop.enabled) != droop:
        functions.set_frequency_droop(droop)
    elif held != droop and droop.enabled:
        functions.enable_frequency_droop()
    elif held != droop:
        functions.disable_frequency_droop()


def _set_service(functions: DerFunctions, service: EnterServiceSettings) -> None:
    """Set the ramp also where a drawn delay is in its place."""
    functions.set_enter_service(replace(service, random_s=0.0))
    if service.random_s:
        functions.set_enter_service(service)
