"""What a device does with writes: kept where they may be, refused where they may not, at the ends of each range."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.certification.sunspec.image import Address, ShownImage, ShownModel, read_image
from bench.certification.sunspec.traffic import told
from instruments.sunspec.layout import Point, from_words, to_words
from instruments.transports.modbus_frames import ModbusFrames, read_request, write_request

SETTINGS = (702, 703, 704)
"""Models whose writable points hold a value, and do nothing by being written what they hold."""
RANGES = {
    "WMaxLimPct": (0.0, 100.0),
    "WMaxLimPctRvrt": (0.0, 100.0),
    "PFWInj.PF": (None, 1.0),
    "VarSetPct": (-100.0, 100.0),
}
"""Shares and power factors of model 704 by their nature, in the point's unit; None where the end is the device's."""
NO_SYMBOL = 0x7FFF
BEYOND = 1.5
"""Times the end of a range: what has to be refused."""


@dataclass
class Writer:
    """Writes points of one device frame by frame, and looks at what is held afterwards."""

    at: Address
    frames: ModbusFrames

    def write(self, model: ShownModel, point: Point, words: Sequence[int]) -> int | None:
        """Write the registers of a point; return the exception, None where there was none."""
        return self.frames.ask(self.at.unit, write_request(model.address + point.offset, tuple(words))).exception

    def held(self, model: ShownModel, point: Point) -> tuple[int, ...]:
        """Read the registers of a point."""
        return self.frames.ask(self.at.unit, read_request(model.address + point.offset, point.size)).words


def writing(at: Address) -> Iterator[str]:
    """Write what may be written, what may not, and what is out of range; what was refused must have changed nothing."""
    before = read_image(at)
    with ModbusFrames(at.host, at.port) as frames:
        writer = Writer(at, frames)
        for model in before.models:
            yield from _read_only(writer, model)
            yield from _no_symbols(writer, model)
            if model.model_id in SETTINGS:
                yield from _kept(writer, model)
        if commands := before.model(704):
            yield from _ends_of_ranges(writer, commands)
    yield from _changed(before, read_image(at))


def curve_in_force(at: Address) -> Iterator[str]:
    """Try to write the first curve of each function, which shows what is in force."""
    image = read_image(at)
    with ModbusFrames(at.host, at.port) as frames:
        writer = Writer(at, frames)
        for model in image.models:
            first = [*model.plan.group("Crv[1]."), *model.plan.group("Ctl[1].")]
            for point in (point for point in first if point.writable):
                if writer.write(model, point, model.of(point)) is None:
                    yield f"{point.name} of model {model.model_id} can be written"


def _read_only(writer: Writer, model: ShownModel) -> Iterator[str]:
    """Write the value that is there to what is read only or not implemented: also that has to be refused."""
    for point in model.plan.points.values():
        if point.kind == "pad" or (point.writable and model.raw(point.name) is not None):
            continue
        if point.name.startswith(("Crv[", "Ctl[")) and point.writable:
            continue
        words = [0] * point.size if point.writable else model.of(point)
        if writer.write(model, point, words) is None:
            why = "is not implemented and" if point.writable else "is read-only and"
            yield f"{point.name} of model {model.model_id} {why} can be written"


def _no_symbols(writer: Writer, model: ShownModel) -> Iterator[str]:
    """Write what is no symbol to enumerations, and the value that says that there is none."""
    for point in model.plan.points.values():
        if not (point.writable and point.kind == "enum16" and point.symbols) or point.name.startswith("Crv["):
            continue
        words = model.of(point)
        if model.raw(point.name) is None:
            continue
        for raw in (NO_SYMBOL, point.not_implemented):
            if writer.write(model, point, (raw,)) is None:
                yield f"{point.name} of model {model.model_id} takes {raw}, which is none of its symbols"
                writer.write(model, point, words)


def _kept(writer: Writer, model: ShownModel) -> Iterator[str]:
    """Write what is there to each setting: it has to be taken, and to be there afterwards."""
    for point in model.plan.points.values():
        if not point.writable or model.raw(point.name) is None:
            continue
        words = model.of(point)
        refused = writer.write(model, point, words)
        if refused is not None or writer.held(model, point) != words:
            yield f"{point.name} of model {model.model_id} does not take the value that it has ({told(refused)})"


def _ends_of_ranges(writer: Writer, model: ShownModel) -> Iterator[str]:
    """Go to both ends of each range, and beyond; then back to what was there."""
    for name, ends in RANGES.items():
        point, exponent = model.plan.points[name], model.exponent(model.plan.points[name])
        if model.raw(name) is None or exponent is None:
            continue
        for end in (end for end in ends if end is not None):
            raw = round(end / 10.0**exponent)
            yield from _taken(writer, model, point, raw)
            if end:
                yield from _refused(writer, model, point, round(BEYOND * raw))
        yield from _refused(writer, model, point, point.not_implemented)
        writer.write(model, point, model.of(point))


def _taken(writer: Writer, model: ShownModel, point: Point, raw: int) -> Iterator[str]:
    refused = writer.write(model, point, to_words(point, raw))
    held = from_words(point, writer.held(model, point))
    if refused is not None or held != raw:
        yield f"{point.name} was told {raw} counts and holds {held} ({told(refused)})"


def _refused(writer: Writer, model: ShownModel, point: Point, raw: int) -> Iterator[str]:
    if not (point.fits(raw) or raw == point.not_implemented):
        return
    before = writer.held(model, point)
    if writer.write(model, point, to_words(point, raw)) is None:
        yield f"{raw} counts, beyond what {point.name} can be, are accepted"
    elif writer.held(model, point) != before:
        yield f"{raw} counts for {point.name} were refused, and have changed it"


def _changed(before: ShownImage, after: ShownImage) -> Iterator[str]:
    """Compare what nobody may have changed: identity, ratings, settings, and the chain itself."""
    if before.ended != after.ended or [m.model_id for m in before.models] != [m.model_id for m in after.models]:
        yield "the chain of models has changed under writes that should be refused"
    for model_id in (1, *SETTINGS):
        then, now = before.model(model_id), after.model(model_id)
        if then is not None and now is not None:
            changed = [p.name for p in then.plan.points.values() if then.of(p) != now.of(p) and not _runs(p)]
            if changed:
                yield f"{', '.join(changed)} of model {model_id} changed under writes that were refused or undone"


def _runs(point: Point) -> bool:
    """Whether a point changes by itself."""
    return point.name.endswith("Rem") or point.name.endswith("RemTms")
