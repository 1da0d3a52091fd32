"""What a certificate says of an instrument's accuracy, and what a calibration that is past makes of a verdict."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from bench.accuracy import COVERAGE_FACTOR
from bench.config import Device


def described(device: Device) -> dict[str, Any]:
    """Return role, accuracy and calibration of a device or instrument, as the bench file gives them."""
    return {
        "role": device.role,
        "emulated": device.emulate is not None,
        "uncertainty_pct": device.expanded_pct if device.is_instrument and device.accuracy is None else None,
        "accuracy": _accuracy(device),
        "calibrated": _written(device.calibrated),
        "calibration_due": _written(device.calibration_due),
    }


def overdue(devices: Mapping[str, Device], analyzer: str, today: date | None = None) -> str:
    """Say that the calibration of a real analyzer is past; empty where it is not, or where no day is given for it.

    All findings are the analyzer's word: of one past its calibration no finding is better than INCONCLUSIVE, and what
    it finds wrong stays found. The source is only named on the certificate, because it measures nothing. An analyzer
    for which the bench file gives no day is named there too.
    """
    device, now = devices[analyzer], today or datetime.now(UTC).date()
    due = device.calibration_due
    if device.emulate is not None or due is None or now <= due:
        return ""
    return f"the calibration of {analyzer} was due on {due}: nothing that it found inside of limits is proven"


def _accuracy(device: Device) -> str | None:
    """Say how far an instrument may be off as its maker states it, and by which factor that is expanded."""
    return None if device.accuracy is None else f"{device.accuracy.worded} (limits of error; k = {COVERAGE_FACTOR:g})"


def _written(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
