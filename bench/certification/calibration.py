"""What a certificate says of an instrument's accuracy, and what a calibration that is past makes of a verdict."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from bench.accuracy import COVERAGE_FACTOR, EXPANDED
from bench.config import Device, class_of_pct

MAKERS_WORD = {"rating_kva", "capacity_kwh", "nominal_v", "efficiency_pct"}
"""Keys of a device in the bench file that are its maker's statements, beside `stated`."""


def described(device: Device) -> dict[str, Any]:
    """Return role, accuracy, calibration and what is stated of a device or instrument, as the bench file gives them."""
    return {
        "role": device.role,
        "emulated": device.emulate is not None,
        "uncertainty_pct": _accuracy_pct(device),
        "accuracy": _accuracy(device),
        "calibrated": _written(device.calibrated),
        "calibration_due": _written(device.calibration_due),
        "stated": _stated(device),
    }


def _stated(device: Device) -> dict[str, float]:
    """Return what its maker states of a device: what is written in the bench file, and no default."""
    written = device.model_dump(include=MAKERS_WORD, exclude_none=True, exclude_unset=True)
    return written | (device.stated.model_dump(exclude_none=True) if device.stated else {})


def _accuracy_pct(device: Device) -> float | None:
    """Return what an instrument's readings are known to, %, where no more is said; contacts have no such thing."""
    if device.accuracy is not None:
        return None
    if device.role == "sensing_source":
        return EXPANDED * class_of_pct(device)
    return device.expanded_pct if device.role in {"grid_simulator", "power_analyzer"} else None


def overdue(devices: Mapping[str, Device], judges: Iterable[str], today: date | None = None) -> str:
    """Say whose calibration is past of the real instruments that judge; empty where none is, or no day is given.

    All findings are their word: of one past its calibration no finding is better than INCONCLUSIVE, and what it finds
    wrong stays found. Others are only named on the certificate, and so is one for which the bench file gives no day.
    """
    now = today or datetime.now(UTC).date()
    due = {name: devices[name].calibration_due for name in judges if devices[name].emulate is None}
    past = [f"the calibration of {name} was due on {day}" for name, day in due.items() if day is not None and now > day]
    return f"{'; '.join(past)}: nothing that it found inside of limits is proven" if past else ""


def _accuracy(device: Device) -> str | None:
    """Say how far an instrument may be off as its maker states it, and by which factor that is expanded."""
    return None if device.accuracy is None else f"{device.accuracy.worded} (limits of error; k = {COVERAGE_FACTOR:g})"


def _written(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
