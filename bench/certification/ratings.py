"""What a device says of its own ratings: whether that can be, and whether it is the device of the bench file."""

import math
from collections.abc import Iterator

from bench.certification.not_passed import NotPassed
from bench.certification.refusals import RatingsError
from bench.config import Device
from instruments.errors import IdentityMismatch
from instruments.readings import Nameplate
from reports.verdict import Verdict

SAME_PU = 0.05
"""How far a stated rating may be from that of the bench file, per unit of it: names of products are rounded."""


def impossible(nameplate: Nameplate) -> Iterator[str]:
    """Say what is wrong with ratings by themselves: power that exceeds apparent power, none at all, no voltage."""
    va = nameplate.va_max_va
    if not (math.isfinite(va) and va > 0.0):
        yield f"an apparent power of {va:g} VA"
        return
    if not 0.0 < nameplate.v_nom_v < math.inf:
        yield f"a nominal voltage of {nameplate.v_nom_v:g} V"
    if not 0.0 < nameplate.p_max_w <= va:
        yield f"an active power of {nameplate.p_max_w:g} W with {va:g} VA"
    for what, value in (
        ("vars injected", nameplate.q_max_injected_var),
        ("vars absorbed", nameplate.q_max_absorbed_var),
        ("power while charging", nameplate.charge_max_w),
    ):
        if not 0.0 <= value <= va:
            yield f"{what} of {value:g} with {va:g} VA"


def require_usable(name: str, device: Device, nameplate: Nameplate) -> None:
    """Refuse to put a source in front of a device by ratings that are none, or that are not its own.

    Raises RatingsError for a nameplate that cannot be, and IdentityMismatch where it is not what the bench file says:
    its voltage is what the source is set by, and every band is per unit of it.
    """
    if device.driver == "point_map" and nameplate.v_nom_v == 0.0:
        reason = f"neither the point map of {name} has a rated_voltage, nor the bench file a nominal_v of it"
        raise NotPassed(reason, Verdict.NOT_RUN)
    if wrong := list(impossible(nameplate)):
        raise RatingsError(f"{name} states ratings that cannot be: {'; '.join(wrong)}")
    configured = ((device.rated_kva * 1000.0, nameplate.va_max_va, "VA"), (device.rated_v, nameplate.v_nom_v, "V"))
    for wanted, stated, unit in configured:
        if wanted and abs(stated - wanted) > SAME_PU * wanted:
            raise IdentityMismatch(f"{name} is another device: it states {stated:g} {unit}, not {wanted:g} {unit}")
