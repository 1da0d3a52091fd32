"""What a SunSpec battery tells and is told beside its power: limits and reserve (model 802), ramp rate (model 704)."""

import math

from instruments.drivers.fence import require_within
from instruments.drivers.sunspec_device import SunSpecDevice
from instruments.errors import InstrumentError
from instruments.readings import ChargeStatus, StorageLimits

BANK, CONTROLS = 802, 704
PCT = 100.0
A_MAX = 0
"""WRmpRef: the rate is of the rated current, which says nothing of power."""
FASTEST_PCT_PER_S = 65_534.0
"""A 16-bit register; its last value means that there is none."""
STATUSES: dict[float, ChargeStatus] = {
    1.0: "off",
    2.0: "empty",
    3.0: "discharging",
    4.0: "charging",
    5.0: "full",
    6.0: "holding",
    7.0: "testing",
}


def read_limits(device: SunSpecDevice) -> StorageLimits:
    """Read what the battery states of its limits; NaN for all where it has no model 802."""
    if BANK not in device.models():
        return StorageLimits(math.nan, math.nan, math.nan, math.nan)
    block = device.read(BANK)
    return StorageLimits(*(block.number(name) for name in ("SoCMin", "SoCMax", "SoCRsvMin", "DisChaRte")))


def read_charge_status(device: SunSpecDevice) -> ChargeStatus:
    """Read what the battery says that it is about; empty where it does not say."""
    if BANK not in device.models():
        return ""
    return STATUSES.get(device.read(BANK, "ChaSt", "ChaSt").number("ChaSt"), "")


def set_reserve(device: SunSpecDevice, reserve_pct: float) -> None:
    """Write what has to stay in the battery, and read it back.

    Raises SafetyTrip, before anything is sent, for what is no share, and InstrumentError when it is not held.
    """
    require_within(device.name, "reserve, per cent,", (reserve_pct,), (0.0, PCT))
    device.write(BANK, {"SoCRsvMin": reserve_pct})
    held = device.read(BANK).number("SoCRsvMin")
    if not abs(held - reserve_pct) <= device.resolution(BANK, "SoCRsvMin") / 2:
        raise InstrumentError(f"{device.name} was told to keep {reserve_pct:g} % and reads back {held:g}")


def read_ramp_rate(device: SunSpecDevice) -> float:
    """Read how fast generated power may rise, per cent of rated power a second; NaN where that cannot be set."""
    block = device.read(CONTROLS, "WRmp", "WRmpRef")
    return math.nan if block.number("WRmpRef") == A_MAX else block.number("WRmp")


def set_ramp_rate(device: SunSpecDevice, pct_per_s: float) -> None:
    """Write how fast generated power may rise, whole per cent of rated power a second, and read it back.

    Raises SafetyTrip, before anything is sent, for what is no rate, and InstrumentError when it is not held.
    """
    require_within(device.name, "ramp rate, per cent a second,", (pct_per_s,), (1.0, FASTEST_PCT_PER_S))
    device.write(CONTROLS, {"WRmp": pct_per_s})
    held = device.read(CONTROLS, "WRmp", "WRmp").number("WRmp")
    if held != round(pct_per_s):
        raise InstrumentError(f"{device.name} was told to ramp by {pct_per_s:g} % a second, and reads back {held:g}")
