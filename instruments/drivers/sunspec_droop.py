"""Frequency-droop of SunSpec model 711: read, written to a spare control, adopted, and read back.

Control 1 shows what is in force, 2 is the first that can be written. Powers are in per cent of rated active power.
"""

import math

from instruments.drivers.sunspec_curves import await_adoption
from instruments.drivers.sunspec_device import SunSpecDevice
from instruments.errors import InstrumentError
from instruments.readings import FrequencyDroop

DROOP = 711
ACTIVE, SPARE = 1, 2
ON = 1
PCT = 100.0
TOLERANCE = {"DbOf": 1e-3, "DbUf": 1e-3, "KOf": 1e-3, "KUf": 1e-3, "RspTms": 0.1, "PMin": 0.5}
"""What may get lost in the scale factors of common equipment, in the unit of each point."""


def read_droop(device: SunSpecDevice) -> FrequencyDroop:
    """Read the frequency-droop that it has; a lowest power that the device does not tell counts as 0."""
    block, prefix = device.read(DROOP), f"Ctl[{ACTIVE}]."
    lowest_pct = block.number(prefix + "PMin")
    return FrequencyDroop(
        over_deadband_hz=block.number(prefix + "DbOf"),
        under_deadband_hz=block.number(prefix + "DbUf"),
        over_droop=block.number(prefix + "KOf"),
        under_droop=block.number(prefix + "KUf"),
        response_s=block.number(prefix + "RspTms"),
        p_min_pu=0.0 if math.isnan(lowest_pct) else lowest_pct / PCT,
        enabled=block.number("Ena") == ON,
    )


def adopt_droop(device: SunSpecDevice, wanted: FrequencyDroop) -> None:
    """Write a frequency-droop, have the device adopt it, and compare what is in force; it is not enabled by that.

    Raises InstrumentError when the device has one control only, does not adopt, or adopts another droop.
    """
    if not device.read(DROOP, "ID", "NCtl").number("NCtl") >= SPARE:
        raise InstrumentError(f"{device.name} has no frequency-droop control that could be written")
    values = _points(wanted)
    if wanted.p_min_pu == 0.0 and math.isnan(device.read(DROOP).number(f"Ctl[{SPARE}].PMin")):
        del values["PMin"]
    device.write(DROOP, {f"Ctl[{SPARE}].{name}": value for name, value in values.items()})
    device.write(DROOP, {"AdptCtlReq": SPARE})
    await_adoption(device, DROOP, "the frequency-droop", "AdptCtlRslt")
    held = _points(read_droop(device))
    wrong = [name for name, value in values.items() if not abs(held[name] - value) <= TOLERANCE[name]]
    if wrong:
        raise InstrumentError(f"{device.name} was given {wanted} and holds another {', '.join(wrong)}")


def _points(droop: FrequencyDroop) -> dict[str, float]:
    return {
        "DbOf": droop.over_deadband_hz,
        "DbUf": droop.under_deadband_hz,
        "KOf": droop.over_droop,
        "KUf": droop.under_droop,
        "RspTms": droop.response_s,
        "PMin": droop.p_min_pu * PCT,
    }
