"""What the SunSpec drivers of inverter and battery have in common: nameplate, measurement, active-power command."""

import math

from instruments.drivers.sunspec_device import Block, SunSpecDevice
from instruments.errors import InstrumentError
from instruments.readings import AcReading, Nameplate, PowerCommand

WATTS = 1
RUNNING_STATES = frozenset({3.0, 4.0})
"""InvSt of model 701: running, throttled."""
CATEGORIES = {0.0: "A", 1.0: "B"}
ABNORMAL_CATEGORIES = {0.0: "I", 1.0: "II", 2.0: "III"}


def read_nameplate(device: SunSpecDevice) -> Nameplate:
    """Read model 702; a rating that the device does not state counts as 0."""
    block = device.read(702)

    def rating(name: str) -> float:
        value = block.number(name)
        return 0.0 if math.isnan(value) else value

    return Nameplate(
        p_max_w=rating("WMaxRtg"),
        va_max_va=rating("VAMaxRtg"),
        q_max_injected_var=rating("VarMaxInjRtg"),
        q_max_absorbed_var=rating("VarMaxAbsRtg"),
        charge_max_w=rating("WChaRteMaxRtg"),
        v_nom_v=rating("VNomRtg"),
        category=CATEGORIES.get(block.number("NorOpCatRtg"), ""),
        abnormal=ABNORMAL_CATEGORIES.get(block.number("AbnOpCatRtg"), ""),
    )


def read_ac(device: SunSpecDevice) -> AcReading:
    """Read model 701 up to its scale factors, in one request; what the device does not have is NaN.

    Raises InstrumentError when it gives no active power, which every device has.
    """
    block = device.read(701, "ID", "Tmp_SF")
    device.require(block, "W")
    alarms = block.number("Alrm")
    return AcReading(
        p_w=block.number("W"),
        q_var=block.number("Var"),
        va=block.number("VA"),
        frequency_hz=block.number("Hz"),
        voltage_v=_voltages_v(block),
        current_a=block.number("A"),
        connected=block.number("ConnSt") == 1,
        running=block.number("InvSt") in RUNNING_STATES,
        alarms=0 if math.isnan(alarms) else int(alarms),
    )


def _voltages_v(block: Block) -> tuple[float, ...]:
    return tuple(v for v in (block.number(f"VL{phase}") for phase in (1, 2, 3)) if not math.isnan(v))


def command_power(device: SunSpecDevice, power_w: float, reversion_s: float) -> PowerCommand:
    """Write a set-point to model 704 that ends by itself after `reversion_s`, enable it, and read it back.

    The set-point goes before the enable, so that an old one never acts. Raises InstrumentError when the device does
    not hold what was written.
    """
    device.write(704, {"WSetMod": WATTS, "WSet": power_w})
    device.write(704, {"WSetEnaRvrt": 0, "WSetRvrtTms": reversion_s})
    device.write(704, {"WSetEna": 1})
    block = device.read(704)
    held = _held(block)
    if not held.enabled or abs(held.power_w - power_w) > device.resolution(704, "WSet") / 2:
        raise InstrumentError(f"{device.name} was told {power_w:g} W and reads back {held}")
    if block.number("WSetRvrtTms") != round(reversion_s):
        raise InstrumentError(f"{device.name} does not keep the reversion time of {reversion_s:g} s")
    return held


def read_command(device: SunSpecDevice) -> PowerCommand:
    """Read the set-point that the device holds."""
    return _held(device.read(704))


def _held(block: Block) -> PowerCommand:
    remaining = block.number("WSetRvrtRem")
    return PowerCommand(
        enabled=block.number("WSetEna") == 1,
        power_w=block.number("WSet"),
        remaining_s=0.0 if math.isnan(remaining) else remaining,
    )


def release_power(device: SunSpecDevice) -> None:
    """Disable the set-point of model 704 and read it back; raises InstrumentError when it stays enabled."""
    device.write(704, {"WSetEna": 0})
    if read_command(device).enabled:
        raise InstrumentError(f"{device.name} keeps its set-point enabled after it was released")
