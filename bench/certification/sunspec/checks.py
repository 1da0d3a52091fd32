"""What a SunSpec interface is examined for. Each check returns what is wrong, in words; nothing is the good answer."""

import math
from collections.abc import Callable, Iterator, Mapping

from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP, SunSpecModbusClientError
from sunspec2.modbus.modbus import ModbusClientError

from bench.certification.sunspec.image import Address, ShownImage, ShownModel, read_image
from instruments.sunspec.layout import TEXT, Point
from instruments.transports.modbus_frames import ModbusFrames, frame, read_request, write_request

NEEDED_MODELS = (1, 701, 702, 703, 704, 705, 706)
"""Models without which an inverter's functions of IEEE 1547-2018 cannot be reached."""
SCALE_RANGE = range(-10, 11)
"""Powers of ten that a scale factor may state (SunSpec Device Information Model Specification)."""
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
UNKNOWN_FUNCTION = 0x2B
PIPELINED = 8
CLIENTS = 4
TRANSACTION = 7

Check = Callable[[Address], Iterator[str]]


def discovery(at: Address) -> Iterator[str]:
    """Ask all legal base addresses for the marker, and follow the chain to its end."""
    image = read_image(at)
    if image.base is None:
        yield "no legal base address has the SunSpec marker"
        return
    if image.other_bases:
        yield f"the marker stands at {', '.join(map(str, image.other_bases))} as well"
    yield from _unended(image)
    if not image.models or image.models[0].model_id != 1:
        yield "the first model is not the common one"
    found = [model.model_id for model in image.models]
    yield from (f"model {model_id} is missing" for model_id in NEEDED_MODELS if model_id not in found)
    yield from _against_pysunspec2(at, found)


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
    yield from _same_as_pysunspec2(at, image)


def writing(at: Address) -> Iterator[str]:
    """Write what may be written, what may not, and what is out of range; what was refused must have changed nothing."""
    before = read_image(at)
    with ModbusFrames(at.host, at.port) as frames:
        for model in before.models:
            for name in ("ID", "L"):
                point = model.plan.points[name]
                words = model.words[point.offset : point.offset + point.size]
                answer = frames.ask(at.unit, write_request(model.address + point.offset, tuple(w ^ 1 for w in words)))
                if answer.exception is None:
                    yield f"{name} of model {model.model_id} can be written"
        yield from _out_of_range(at, frames, before)
        yield from _written_back(at, frames, before)
    yield from _changed(before, read_image(at))


def exceptions(at: Address) -> Iterator[str]:
    """Ask for what there is not: the exception code has to be the protocol's."""
    outside = 0xFFF0
    asked = (
        ("an unknown function", bytes((UNKNOWN_FUNCTION, 0x0E, 1, 0)), {ILLEGAL_FUNCTION}),
        ("registers that there are not", read_request(outside, 4), {ILLEGAL_ADDRESS}),
        ("no registers at all", read_request(40000, 0), {ILLEGAL_VALUE}),
        ("more registers than a frame can hold", read_request(40000, 126), {ILLEGAL_VALUE}),
    )
    with ModbusFrames(at.host, at.port) as frames:
        for what, pdu, codes in asked:
            answer = frames.ask(at.unit, pdu)
            if answer.exception not in codes:
                yield f"{what} is answered with {_told(answer.exception)}, not with {' or '.join(map(str, codes))}"


def parts(at: Address) -> Iterator[str]:
    """Send a request byte by byte: it is one request all the same."""
    request = frame(TRANSACTION, at.unit, read_request(_base(at), 2))
    with ModbusFrames(at.host, at.port) as frames:
        for byte in request:
            frames.send(bytes((byte,)))
        answer = frames.receive()
    if answer.transaction != TRANSACTION or answer.exception is not None:
        yield f"a request in parts is answered with transaction {answer.transaction}, {_told(answer.exception)}"


def pipelined(at: Address) -> Iterator[str]:
    """Send several requests in one piece: each is answered once, under its own number, by its own registers."""
    base = _base(at)
    with ModbusFrames(at.host, at.port) as frames:
        alone = [frames.ask(at.unit, read_request(base + n, 1)).words for n in range(PIPELINED)]
        frames.send(b"".join(frame(100 + n, at.unit, read_request(base + n, 1)) for n in range(PIPELINED)))
        answers = {answer.transaction: answer.words for answer in (frames.receive() for _ in range(PIPELINED))}
    for n in range(PIPELINED):
        if (together := answers.get(100 + n)) != alone[n]:
            yield f"pipelined request {n + 1} of {PIPELINED} is answered with {together}, alone with {alone[n]}"


def several_clients(at: Address) -> Iterator[str]:
    """Ask over several connections in turn: each has to get its own answer."""
    base = _base(at)
    opened = [ModbusFrames(at.host, at.port) for _ in range(CLIENTS)]
    try:
        for n, frames in enumerate(opened):
            frames.send(frame(200 + n, at.unit, read_request(base, 2)))
        for n, frames in enumerate(opened):
            answer = frames.receive()
            if answer.transaction != 200 + n or answer.exception is not None:
                yield f"client {n + 1} of {CLIENTS} gets transaction {answer.transaction}, {_told(answer.exception)}"
    finally:
        for frames in opened:
            frames.__exit__(None, None, None)


def curve_in_force(at: Address) -> Iterator[str]:
    """Try to write the first curve of each function, which shows what is in force."""
    image = read_image(at)
    with ModbusFrames(at.host, at.port) as frames:
        for model in image.models:
            for point in model.plan.points.values():
                if point.writable and point.name.startswith("Crv[1]."):
                    words = model.words[point.offset : point.offset + point.size]
                    answer = frames.ask(at.unit, write_request(model.address + point.offset, words))
                    if answer.exception is None:
                        yield f"{point.name} of model {model.model_id} can be written"


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


def _base(at: Address) -> int:
    return read_image(at).base or 0


def _told(exception: int | None) -> str:
    return "no exception" if exception is None else f"exception {exception}"


def _unended(image: ShownImage) -> Iterator[str]:
    if not image.ended:
        yield "the chain of models does not end with id 0xFFFF"


def _missing(model: ShownModel) -> list[str]:
    return [name for name in sorted(model.mandatory) if name in model.plan.points and model.raw(name) in (None, "")]


def _value(model: ShownModel, point: Point) -> Iterator[str]:
    raw, name = model.raw(point.name), f"{point.name} of model {model.model_id}"
    if raw is None or point.kind == TEXT:
        return
    if point.kind == "sunssf" and raw not in SCALE_RANGE:
        yield f"scale factor {name} is {raw}"
    if point.symbols and point.kind.startswith("enum") and raw not in point.symbols:
        yield f"{name} is {raw}, which is none of its symbols"
    if model.exponent(point) is None:
        yield f"{name} has a value, and its scale factor is not implemented"


def _scanned(at: Address) -> tuple[SunSpecModbusClientDeviceTCP, str]:
    """Let pysunspec2's client read everything; return it, and what it could not do."""
    client = SunSpecModbusClientDeviceTCP(slave_id=at.unit, ipaddr=at.host, ipport=at.port, timeout=2)
    try:
        client.scan()
    except (SunSpecModbusClientError, ModbusClientError) as error:
        return client, f"pysunspec2's client cannot read it: {error}"
    finally:
        client.disconnect()
    return client, ""


def _against_pysunspec2(at: Address, found: list[int]) -> Iterator[str]:
    client, problem = _scanned(at)
    seen = [model.model_id for model in client.model_list]
    if problem:
        yield problem
    elif seen != found:
        yield f"pysunspec2 finds the models {seen}, frame by frame there are {found}"


def _same_as_pysunspec2(at: Address, image: ShownImage) -> Iterator[str]:
    """Compare static points, which cannot have changed between two reads, as both clients decode them."""
    client, problem = _scanned(at)
    if problem:
        yield problem
        return
    for model in image.models:
        theirs = client.models.get(model.model_id)
        for name in sorted(model.mandatory) if theirs else ():
            yield from _differs(model, name, theirs[0].points.get(name))


def _differs(model: ShownModel, name: str, theirs: object) -> Iterator[str]:
    value, ours = getattr(theirs, "value", None), model.raw(name)
    if value != ours:
        yield f"{name} of model {model.model_id} is {ours!r}, to pysunspec2 it is {value!r}"


def _out_of_range(at: Address, frames: ModbusFrames, image: ShownImage) -> Iterator[str]:
    """Try a limit of active power above and below what a share can be."""
    model = image.model(704)
    if model is None:
        return
    point = model.plan.points["WMaxLimPct"]
    exponent = model.exponent(point) or 0
    above = round(150.0 / math.pow(10.0, exponent))
    for raw in (above, 0xFFFF):
        answer = frames.ask(at.unit, write_request(model.address + point.offset, (raw & 0xFFFF,)))
        if answer.exception is None:
            yield f"a limit of {raw} counts, which is no share of a rating, is accepted"


def _written_back(at: Address, frames: ModbusFrames, image: ShownImage) -> Iterator[str]:
    """Write the limit that is there, and half of it, and read both back; then restore."""
    model = image.model(704)
    if model is None:
        return
    point = model.plan.points["WMaxLimPct"]
    (before,) = model.words[point.offset : point.offset + 1]
    for wanted in (before // 2, before):
        answer = frames.ask(at.unit, write_request(model.address + point.offset, (wanted,)))
        (held,) = frames.ask(at.unit, read_request(model.address + point.offset, 1)).words
        if answer.exception is not None or held != wanted:
            yield f"WMaxLimPct was told {wanted} counts and holds {held} ({_told(answer.exception)})"


def _changed(before: ShownImage, after: ShownImage) -> Iterator[str]:
    """Compare what nobody may write: identity, ratings, and the chain itself."""
    if before.ended != after.ended or [m.model_id for m in before.models] != [m.model_id for m in after.models]:
        yield "the chain of models has changed under writes that should be refused"
    for model_id in (1, 702):
        then, now = before.model(model_id), after.model(model_id)
        if then is not None and now is not None and then.words != now.words:
            yield f"model {model_id} has changed under writes that were refused"
