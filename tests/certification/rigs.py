"""The rig around a device under test that is a formula, with source, analyzer and supply in one; in virtual time."""

from typing import Any

from bench.certification.rig import InstrumentClass, Rig
from bench.clock import Clock
from instruments.readings import Nameplate


def rig_around(device: Any, nameplate: Nameplate, instrument: InstrumentClass, phases: int, **others: Any) -> Rig:
    """Return a rig whose parts are all the device, but for the `others` that are given by name."""
    parts = dict.fromkeys(("functions", "source", "analyzer"), device)
    parts |= {"clock": Clock(), "advance": getattr(device, "advance", None), "supply": getattr(device, "supply", None)}
    return Rig(
        device="device",
        analyzer_name="analyzer",
        nameplate=nameplate,
        instrument=instrument,
        phases=phases,
        **(parts | others),
    )
