"""How a device takes requests: wrong ones, ones in pieces, several in one piece, and from several clients at once."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

from bench.certification.sunspec.image import Address, read_image
from instruments.transports.modbus_frames import ModbusFrames, frame, read_request, write_request

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
UNKNOWN_FUNCTION = 0x2B
BEYOND = 0xFFF0
"""Registers that no legal base address leads to."""
PIPELINED = 8
CLIENTS = 4
TRANSACTION = 7
PAUSE_S = 0.1
"""Between the pieces of a request: without one they travel, and arrive, as one."""


def exceptions(at: Address) -> Iterator[str]:
    """Ask for what there is not: the exception code has to be the protocol's, and the next request is answered."""
    base = base_of(at)
    short = write_request(BEYOND, (1, 2))[:-2]
    asked = (
        ("an unknown function", bytes((UNKNOWN_FUNCTION, 0x0E, 1, 0)), {ILLEGAL_FUNCTION}),
        ("registers that there are not", read_request(BEYOND, 4), {ILLEGAL_ADDRESS}),
        ("a write to registers that there are not", write_request(BEYOND, (1,)), {ILLEGAL_ADDRESS}),
        ("no registers at all", read_request(base, 0), {ILLEGAL_VALUE}),
        ("more registers than a frame can hold", read_request(base, 126), {ILLEGAL_VALUE}),
        ("a write with fewer values than it says", short, {ILLEGAL_VALUE}),
    )
    with ModbusFrames(at.host, at.port) as frames:
        for what, pdu, codes in asked:
            answer = frames.ask(at.unit, pdu)
            if answer.exception not in codes:
                yield f"{what} is answered with {told(answer.exception)}, not with {' or '.join(map(str, codes))}"
            if frames.ask(at.unit, read_request(base, 2)).exception is not None:
                yield f"after {what} it refuses what it answered before"


def parts(at: Address) -> Iterator[str]:
    """Send a request in pieces, cut in its header and in its body: it is one request all the same."""
    request = frame(TRANSACTION, at.unit, read_request(base_of(at), 2))
    with ModbusFrames(at.host, at.port) as frames:
        for piece in (request[:3], request[3:9], request[9:]):
            frames.send(piece)
            time.sleep(PAUSE_S)
        answer = frames.receive()
    if answer.transaction != TRANSACTION or answer.exception is not None:
        yield f"a request in parts is answered with transaction {answer.transaction}, {told(answer.exception)}"


def pipelined(at: Address) -> Iterator[str]:
    """Send several requests in one piece: each is answered once, under its own number, by its own registers."""
    base = base_of(at)
    with ModbusFrames(at.host, at.port) as frames:
        alone = [frames.ask(at.unit, read_request(base + n, 1)).words for n in range(PIPELINED)]
        frames.send(b"".join(frame(100 + n, at.unit, read_request(base + n, 1)) for n in range(PIPELINED)))
        answers = {answer.transaction: answer.words for answer in (frames.receive() for _ in range(PIPELINED))}
    for n in range(PIPELINED):
        if (together := answers.get(100 + n)) != alone[n]:
            yield f"pipelined request {n + 1} of {PIPELINED} is answered with {together}, alone with {alone[n]}"


def several_clients(at: Address) -> Iterator[str]:
    """Ask over several connections in turn: each gets its own answer, and sees what another one has written."""
    base, limit = base_of(at), _limit(at)
    with ExitStack() as connections:  # entered one by one: where one is refused, the others are closed
        opened = [connections.enter_context(ModbusFrames(at.host, at.port)) for _ in range(CLIENTS)]
        for n, frames in enumerate(opened):
            frames.send(frame(200 + n, at.unit, read_request(base, 2)))
        for n, frames in enumerate(opened):
            answer = frames.receive()
            if answer.transaction != 200 + n or answer.exception is not None:
                yield f"client {n + 1} of {CLIENTS} gets transaction {answer.transaction}, {told(answer.exception)}"
        if limit is not None:
            yield from _seen_by_all(at, opened, *limit)


def _limit(at: Address) -> tuple[int, int] | None:
    """Return where the limit of active power is, and what it is."""
    model = read_image(at).model(704)
    if model is None:
        return None
    offset = model.plan.points["WMaxLimPct"].offset
    return model.address + offset, model.words[offset]


def _seen_by_all(at: Address, opened: list[ModbusFrames], address: int, before: int) -> Iterator[str]:
    """Have each client write the limit in turn: the others have to read it. It is not enabled by that."""
    for number, writer in enumerate(opened, start=1):
        wanted = before - number
        writer.ask(at.unit, write_request(address, (wanted,)))
        seen = {frames.ask(at.unit, read_request(address, 1)).words for frames in opened}
        if seen != {(wanted,)}:
            yield f"client {number} wrote {wanted} counts, clients read {sorted(seen)}"
    opened[0].ask(at.unit, write_request(address, (before,)))


def base_of(at: Address) -> int:
    """Return the base address, or the first legal one where there is none."""
    base = read_image(at).base
    return 40000 if base is None else base


def told(exception: int | None) -> str:
    """Word an exception code."""
    return "no exception" if exception is None else f"exception {exception}"
