"""Reactive power of a SunSpec inverter by command (model 704), and the reference voltage of its volt-var (model 705).

Over-excited equipment injects vars, under-excited equipment absorbs them. PFWInj holds while active power is injected,
PFWAbs, which equipment with storage has, while it is absorbed.
"""

import math
from collections.abc import Mapping

from instruments.drivers.sunspec_device import SunSpecDevice
from instruments.errors import InstrumentError
from instruments.readings import VoltVarCurve

PCT = 100.0
OVER_EXCITED, UNDER_EXCITED = 0, 1
PCT_OF_VA = 3
"""VarSetMod: VarSetPct is in per cent of rated VA, as IEEE 1547-2018 has its set-points."""
OFF, ON = 0, 1
MODES = ("PFWInj", "PFWAbs", "VarSet")
TOLERANCE = 1e-3


def command_power_factor(device: SunSpecDevice, power_factor: float, injects: bool) -> None:
    """Write power factor and excitation, and enable them; raises InstrumentError when they do not read back.

    The set-point goes before the enable, so that an old one never acts.
    """
    wanted = {"PF": power_factor, "Ext": OVER_EXCITED if injects else UNDER_EXCITED}
    for mode in ("PFWInj", "PFWAbs") if _has(device, "PFWAbsEna") else ("PFWInj",):
        _write_checked(device, {f"{mode}.{name}": value for name, value in wanted.items()})
        _write_checked(device, {f"{mode}Ena": ON})


def command_vars(device: SunSpecDevice, share_pu: float) -> None:
    """Write a share of rated VA, > 0 injected, and enable it; raises InstrumentError when it does not read back."""
    _write_checked(device, {"VarSetMod": PCT_OF_VA})
    _write_checked(device, {"VarSetPct": share_pu * PCT})
    _write_checked(device, {"VarSetEna": ON})


def disable_vars(device: SunSpecDevice) -> None:
    """Switch off all commands of reactive power that the device has; raises InstrumentError when one stays on."""
    for mode in MODES:
        if _has(device, f"{mode}Ena"):
            _write_checked(device, {f"{mode}Ena": OFF})


def reference_points(curve: VoltVarCurve) -> dict[str, float]:
    """Return the points of model 705 that hold the reference voltage of a curve."""
    follows = {} if curve.autonomous_s is None else {"VRefAutoTms": curve.autonomous_s}
    return {"VRef": curve.reference_pu * PCT, **follows, "VRefAutoEna": float(curve.autonomous_s is not None)}


def read_reference(device: SunSpecDevice) -> tuple[float, float | None]:
    """Read the reference voltage of the curve in force, per unit, and its time constant, s, None where it stays."""
    block = device.read(705)
    held = block.number("Crv[1].VRef")
    follows = block.number("Crv[1].VRefAutoEna") == ON
    return 1.0 if math.isnan(held) else held / PCT, block.number("Crv[1].VRefAutoTms") if follows else None


def _has(device: SunSpecDevice, name: str) -> bool:
    return not math.isnan(device.read(704, name, name).number(name))


def _write_checked(device: SunSpecDevice, wanted: Mapping[str, float]) -> None:
    device.write(704, wanted)
    block = device.read(704)
    for name, value in wanted.items():
        if not abs(block.number(name) - value) <= max(TOLERANCE, device.resolution(704, name) / 2):
            raise InstrumentError(f"{device.name}: {name} of model 704 reads {block.number(name):g}, not {value:g}")
