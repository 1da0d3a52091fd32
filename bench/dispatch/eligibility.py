"""Which distributed energy resources the distribution management system may dispatch.

Eligible is whatever stands behind a meter with more than 100 kW of them together; exactly 100 kW is not more.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

THRESHOLD_KW = 100.0
"""Ratings behind one meter have to exceed this."""
ROUNDING_KW = 1e-6
"""What adding ratings up in binary fractions may leave over."""
STORAGE, DISPATCHABLE, WEATHER_DEPENDENT = "battery", "generator", "pv"
OWNERS = ("utility", "customer")


class ResourceClass(StrEnum):
    """The four sequences in which resources are dispatched, in their order of merit."""

    UTILITY_STORAGE = "utility storage"
    CUSTOMER_STORAGE = "customer storage"
    UTILITY_GENERATION = "utility generation"
    CUSTOMER_GENERATION = "customer generation"


@dataclass(frozen=True)
class DistributedResource:
    """A resource behind a meter: `owner` is utility or customer, `kind` battery, generator or pv; its rating, kW.

    Raises ValueError for another owner or kind, and for a rating that is none.
    """

    device: str
    meter: str
    owner: str
    kind: str
    rating_kw: float

    def __post_init__(self) -> None:
        if self.owner not in OWNERS:
            raise ValueError(f"{self.device}: {self.owner!r} owns nothing here; owners are {', '.join(OWNERS)}")
        if self.kind not in {STORAGE, DISPATCHABLE, WEATHER_DEPENDENT}:
            raise ValueError(f"{self.device}: {self.kind!r} is no kind of resource")
        if not (math.isfinite(self.rating_kw) and self.rating_kw >= 0.0):
            raise ValueError(f"{self.device}: {self.rating_kw} kW is no rating")


@dataclass(frozen=True)
class Eligibility:
    """Resources that may be dispatched, by class; why others may not, by device; and what stands behind each meter."""

    by_class: dict[ResourceClass, tuple[DistributedResource, ...]]
    excluded: dict[str, str]
    meter_kw: dict[str, float]

    @property
    def devices(self) -> tuple[str, ...]:
        """All that may be dispatched, class by class."""
        return tuple(resource.device for group in self.by_class.values() for resource in group)


def eligible(resources: Iterable[DistributedResource], threshold_kw: float = THRESHOLD_KW) -> Eligibility:
    """Sort resources into the four classes.

    Every rating behind a meter counts towards its threshold, a PV plant's too, but nobody turns the sun up: a PV plant
    itself is in no class. Raises ValueError for a device that is listed twice.
    """
    all_of_them = sorted(resources, key=lambda resource: resource.device)
    names = [resource.device for resource in all_of_them]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"listed twice: {', '.join(doubled)}")
    meter_kw = {
        meter: math.fsum(r.rating_kw for r in all_of_them if r.meter == meter)
        for meter in sorted({r.meter for r in all_of_them})
    }
    reasons = {r.device: _reason(r, meter_kw[r.meter], threshold_kw) for r in all_of_them}
    return Eligibility(
        by_class={
            group: tuple(r for r in all_of_them if reasons[r.device] is None and resource_class(r) == group)
            for group in ResourceClass
        },
        excluded={device: reason for device, reason in reasons.items() if reason is not None},
        meter_kw=meter_kw,
    )


def resource_class(resource: DistributedResource) -> ResourceClass:
    """Return the class of a resource by owner and kind, eligible or not."""
    if resource.kind == STORAGE:
        is_utility = resource.owner == "utility"
        return ResourceClass.UTILITY_STORAGE if is_utility else ResourceClass.CUSTOMER_STORAGE
    return ResourceClass.UTILITY_GENERATION if resource.owner == "utility" else ResourceClass.CUSTOMER_GENERATION


def _reason(resource: DistributedResource, meter_kw: float, threshold_kw: float) -> str | None:
    if meter_kw <= threshold_kw + ROUNDING_KW:
        return f"{meter_kw:g} kW behind {resource.meter} are not more than {threshold_kw:g} kW"
    return "its output follows the sun" if resource.kind == WEATHER_DEPENDENT else None
