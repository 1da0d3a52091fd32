"""What a SunSpec interface is examined for. Each check returns what is wrong, in words; nothing is the good answer."""

from collections.abc import Callable, Iterator, Mapping

from bench.certification.sunspec.image import Address, ShownImage, ShownModel, read_image
from bench.certification.sunspec.reference import same_models, same_values
from bench.certification.sunspec.traffic import exceptions, parts, pipelined, several_clients
from bench.certification.sunspec.writing import curve_in_force, writing
from instruments.sunspec.layout import TEXT, Point

NEEDED_MODELS = (1, 701, 702, 703, 704, 705, 706)
"""Models without which an inverter's functions of IEEE 1547-2018 cannot be reached."""
SCALE_RANGE = range(-10, 11)
"""Powers of ten that a scale factor may state (SunSpec Device Information Model Specification)."""
UNDECODABLE = "\N{REPLACEMENT CHARACTER}"

Check = Callable[[Address], Iterator[str]]


def discovery(at: Address) -> Iterator[str]:
    """Ask all legal base addresses for the marker, and follow the chain to its end."""
    image = read_image(at)
    if image.base is None:
        yield "no legal base address has the SunSpec marker"
        return
    for base, ids in image.others:
        if ids != tuple(model.model_id for model in image.models):
            yield f"the marker stands at {base} as well, and leads to other models: {ids}"
    yield from _unended(image)
    if not image.models or image.models[0].model_id != 1:
        yield "the first model is not the common one"
    found = [model.model_id for model in image.models]
    yield from (f"model {model_id} is missing" for model_id in NEEDED_MODELS if model_id not in found)
    yield from same_models(at, found)


def common_model(at: Address) -> Iterator[str]:
    """Ask who it is: manufacturer, model and serial number have to be stated."""
    model = read_image(at).model(1)
    if model is None:
        yield "there is no common model"
        return
    yield from (f"{name} is empty" for name in ("Mn", "Md", "SN") if not model.raw(name))
    if (unit := model.raw("DA")) not in (None, at.unit):
        yield f"the device states unit {unit} and answers at {at.unit}"


def implementation(at: Address) -> Iterator[str]:
    """Hold lengths and mandatory points against the published models."""
    image = read_image(at)
    yield from _unended(image)
    for model in image.models:
        if model.plan.length != model.stated_length + 2:
            published = model.plan.length - 2
            yield f"model {model.model_id} states {model.stated_length} registers, its definition has {published}"
        yield from (f"mandatory {name} of model {model.model_id} is not implemented" for name in _missing(model))


def values(at: Address) -> Iterator[str]:
    """Look at every point: types, symbols, scale factors; and read it with pysunspec2's client as well."""
    image = read_image(at)
    yield from _unended(image)
    for model in image.models:
        for point in model.plan.points.values():
            yield from _value(model, point)
    yield from same_values(at, image)


CHECKS: Mapping[str, Check] = {
    "discovery": discovery,
    "common model": common_model,
    "implementation": implementation,
    "values": values,
    "writing": writing,
    "curve in force": curve_in_force,
    "exceptions": exceptions,
    "requests in parts": parts,
    "pipelined requests": pipelined,
    "several clients": several_clients,
}


def _unended(image: ShownImage) -> Iterator[str]:
    if not image.ended:
        yield "the chain of models does not end with id 0xFFFF"


def _missing(model: ShownModel) -> list[str]:
    return [name for name in sorted(model.mandatory) if model.raw(name) in (None, "")]


def _value(model: ShownModel, point: Point) -> Iterator[str]:
    raw, name = model.raw(point.name), f"{point.name} of model {model.model_id}"
    if isinstance(raw, str) and UNDECODABLE in raw:
        yield f"{name} is no text: {raw!r}"
    if raw is None or point.kind == TEXT:
        return
    if point.kind == "sunssf" and raw not in SCALE_RANGE:
        yield f"scale factor {name} is {raw}"
    if point.symbols and point.kind.startswith("enum") and raw not in point.symbols:
        yield f"{name} is {raw}, which is none of its symbols"
    if model.exponent(point) is None:
        yield f"{name} has a value, and its scale factor is not implemented"
