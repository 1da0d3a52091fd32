"""When a device enters service, and how: the settings of SunSpec model 703, written and read back."""

import math

from instruments.drivers.sunspec_device import SunSpecDevice
from instruments.errors import InstrumentError
from instruments.readings import EnterServiceSettings

SERVICE = 703
PCT = 100.0


def read_settings(device: SunSpecDevice) -> EnterServiceSettings:
    """Read criteria, delay, ramp, and the longest drawn delay; what the device does not have is NaN."""
    held = device.read(SERVICE)
    return EnterServiceSettings(
        v_pu=(held.number("ESVLo") / PCT, held.number("ESVHi") / PCT),
        f_hz=(held.number("ESHzLo"), held.number("ESHzHi")),
        delay_s=held.number("ESDlyTms"),
        ramp_s=held.number("ESRmpTms"),
        random_s=held.number("ESRndTms"),
    )


def write_settings(device: SunSpecDevice, settings: EnterServiceSettings) -> None:
    """Write criteria, delay, and the ramp or the drawn delay, of which equipment follows one only; read them back.

    Raises InstrumentError when the device does not hold what was written, or draws no delays and should.
    """
    draws = not math.isnan(device.read(SERVICE).number("ESRndTms"))
    if settings.random_s and not draws:
        raise InstrumentError(f"{device.name} has no randomised delay of entering service")
    wanted = {
        "ESVHi": settings.v_pu[1] * PCT,
        "ESVLo": settings.v_pu[0] * PCT,
        "ESHzHi": settings.f_hz[1],
        "ESHzLo": settings.f_hz[0],
        "ESDlyTms": settings.delay_s,
    }
    slow = ({"ESRndTms": settings.random_s} if draws else {}) | (
        {} if settings.random_s else {"ESRmpTms": settings.ramp_s}
    )
    device.write(SERVICE, wanted)
    for name, value in slow.items():
        device.write(SERVICE, {name: value})
    held = device.read(SERVICE)
    wrong = [name for name, value in (wanted | slow).items() if not _close(held.number(name), value)]
    if wrong:
        raise InstrumentError(f"{device.name} does not keep {', '.join(wrong)} of model {SERVICE}")


def _close(held: float, wanted: float) -> bool:
    return math.isclose(held, wanted, rel_tol=1e-3, abs_tol=1e-3)
