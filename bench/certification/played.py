"""Whether the source did what it was told, by the analyzer: a disturbance that did not happen proves nothing.

Functions raise InstrumentError: it is the laboratory's equipment that did not do it, not the device under test.
"""

from collections.abc import Sequence

from bench.certification.rig import Rig, Sample
from instruments.errors import InstrumentError

ANGLE_DEG = 2.0
"""How far an angle may be off: the source's own accuracy, and that of an analyzer that looks for a few cycles."""


def require_voltage(rig: Rig, sample: Sample, span_pu: tuple[float, float], place: str) -> None:
    """Raise InstrumentError unless every phase has a voltage between two."""
    if not _is_at(rig, sample, span_pu):
        measured = ", ".join(f"{v:.4f}" for v in sample.voltage_pu)
        raise InstrumentError(_told(rig, f"{measured} pu, not {span_pu[0]:g} to {span_pu[1]:g}", place))


def first_at(rig: Rig, samples: Sequence[Sample], span_pu: tuple[float, float]) -> int:
    """Return the number of the first sample at which every phase has a voltage between two, else of the last."""
    return next((n for n, sample in enumerate(samples) if _is_at(rig, sample, span_pu)), len(samples) - 1)


def _is_at(rig: Rig, sample: Sample, span_pu: tuple[float, float]) -> bool:
    off = rig.instrument.voltage_at
    return all(span_pu[0] - off(v) <= v <= span_pu[1] + off(v) for v in sample.voltage_pu)


def require_frequency(rig: Rig, sample: Sample, wanted_hz: float, tolerance_hz: float, place: str) -> None:
    """Raise InstrumentError unless the frequency is there up to a tolerance."""
    if not abs(sample.frequency_hz - wanted_hz) <= tolerance_hz:
        raise InstrumentError(_told(rig, f"{sample.frequency_hz:.3f} Hz, not {wanted_hz:g}", place))


def require_angles(rig: Rig, sample: Sample, wanted_deg: Sequence[float], place: str) -> None:
    """Raise InstrumentError unless the phases are turned against the first as they should be, or nobody can tell."""
    if len(sample.angle_deg) != len(wanted_deg):
        raise InstrumentError(_told(rig, f"angles of {len(sample.angle_deg)} phases, not {len(wanted_deg)}", place))
    wanted = [angle - wanted_deg[0] for angle in wanted_deg]
    if not all(abs(turned_deg(w, seen)) <= ANGLE_DEG for w, seen in zip(wanted, sample.angle_deg, strict=True)):
        measured = ", ".join(f"{angle:.1f}" for angle in sample.angle_deg)
        raise InstrumentError(_told(rig, f"phases at {measured} deg", place))


def turned_deg(before_deg: float, after_deg: float) -> float:
    """Return how far an angle was turned, -180 to 180 deg."""
    return (after_deg - before_deg + 180.0) % 360.0 - 180.0


def _told(rig: Rig, measured: str, place: str) -> str:
    return f"the source did not play {place}: {rig.analyzer_name} measures {measured}"
