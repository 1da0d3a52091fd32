"""The stored program of an emulated Pacific source: segments with keywords, in which values ramp."""

import math
from collections.abc import Iterator, Mapping, Sequence

from instruments.emulators.scpi_instrument import Call
from instruments.emulators.scpi_status import ScpiError
from instruments.emulators.transient import LineBuilder, Transient

MOST_SEGMENTS = 200
Segments = tuple[Mapping[str, float], ...]


def parse_program(call: Call, phases: int) -> Segments:
    """Read `SEG,1,FSEG,60,VSEG1,120,...,TSEG,0.5,...,LAST`; raises ScpiError: -104, -109, -223, -224."""
    if not call.parameters or call.text(len(call.parameters) - 1) != "LAST":
        raise ScpiError(-109)
    segments: list[dict[str, float]] = []
    for keyword, value in _pairs(call):
        if keyword == "SEG":
            if value != len(segments) + 1:
                raise ScpiError(-224, keyword)
            segments.append({})
        elif not segments or keyword not in _keywords(phases):
            raise ScpiError(-224, keyword)
        else:
            segments[-1][keyword] = value
    if len(segments) > MOST_SEGMENTS:
        raise ScpiError(-223)
    if not segments or any(set(segment) != _keywords(phases) for segment in segments):
        raise ScpiError(-109)
    return tuple(segments)


def program_transient(segments: Segments, voltage_v: Sequence[float], frequency_hz: float) -> Transient:
    """Make a transient of a program; a segment of no time takes a cycle of its frequency."""
    volts, hertz = [LineBuilder(value) for value in voltage_v], LineBuilder(frequency_hz)
    lasts_s = 0.0
    for segment in segments:
        duration_s = segment["TSEG"] or 1.0 / segment["FSEG"]
        hertz.ramp(segment["FSEG"], duration_s)
        for phase, line in enumerate(volts, 1):
            line.ramp(segment[f"VSEG{phase}"], duration_s)
        lasts_s += duration_s
    return Transient(lasts_s, tuple(line.line for line in volts), hertz.line)


def _keywords(phases: int) -> set[str]:
    each = {f"{name}{phase}" for name in ("VSEG", "WFSEG") for phase in range(1, phases + 1)}
    return {"FSEG", "TSEG", *each}


def _pairs(call: Call) -> Iterator[tuple[str, float]]:
    """Yield keywords with their values, but for the last word."""
    if len(call.parameters) % 2 == 0:
        raise ScpiError(-109)
    for index in range(0, len(call.parameters) - 1, 2):
        yield call.text(index), call.number(-math.inf, math.inf, index + 1)
