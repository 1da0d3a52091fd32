"""Ratings and settings of a device by the labels of the common file format, over the points that its map has."""

import math

from instruments.der_labels import LOWEST_POWER, MORE, NAMEPLATE, NEEDED, REVERSION, Setting
from instruments.drivers.labelled_points import LabelledPoints
from instruments.errors import InstrumentError
from instruments.readings import Identity

DIGITS = 9
"""Of a setting: what a scale leaves behind them is no part of it."""
WORDS = {"ENTER": "ENABLED", "CEASE": "DISABLED"}
"""The permit of service as settings files have it."""
OURS = (LOWEST_POWER, REVERSION)
"""Settings that the format has no label for."""


def read_as_set(points: LabelledPoints, who: Identity) -> dict[str, float | str]:
    """Read what the device is set to; what of it cannot be read stands in words under COMMENT.

    Raises TransportError, and InstrumentError where not even the nameplate can be read.
    """
    told: dict[str, float | str] = {
        "NP_MANUFACTURER": who.manufacturer,
        "NP_MODEL": who.model,
        "NP_SERIAL_NUM": who.serial,
        "NP_FW_VER": who.version,
    }
    told |= {label: _told(value) for label, value in points.get(*NAMEPLATE).items()}
    refused: list[str] = []
    for function in NEEDED:
        labels = [label for label in (*NEEDED[function], *MORE.get(function, ())) if label not in OURS]
        try:
            told |= {f"{label}-AS": _told(value) for label, value in points.get(*labels).items()}
        except InstrumentError as error:
            refused.append(str(error))
    told["COMMENT"] = "; ".join(refused)
    return {label: value for label, value in told.items() if value != "" and not _is_nan(value)}


def _told(value: Setting) -> float | str:
    if isinstance(value, bool):
        return "ENABLED" if value else "DISABLED"
    return WORDS.get(value, value) if isinstance(value, str) else round(value, DIGITS)


def _is_nan(value: float | str) -> bool:
    return isinstance(value, float) and math.isnan(value)
