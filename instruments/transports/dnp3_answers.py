"""What is to be taken from an outstation's answer, and what speaks against taking anything."""

import math
from collections.abc import Iterable

from py1815.application import IINBit
from py1815.decode import Decoded, DecodedObject, PointType
from py1815.master import controls
from py1815.master.association import Exchange

from instruments.dnp3_points import Kind, PointEvent, PointValue, Ref
from instruments.errors import Doubtful, InstrumentError, TransportError
from instruments.transports.dnp3_words import refusal_words, status_words
from instruments.wire import Value

POINT_TYPES = {
    Kind.BINARY_INPUT: PointType.BINARY_INPUT,
    Kind.BINARY_OUTPUT: PointType.BINARY_OUTPUT,
    Kind.ANALOG_INPUT: PointType.ANALOG_INPUT,
    Kind.ANALOG_OUTPUT: PointType.ANALOG_OUTPUT,
    Kind.COUNTER: PointType.COUNTER,
}
_OF_TYPE = {point: kind for kind, point in POINT_TYPES.items()}
CUT = "ends inside"
"""What py1815 says of an answer that is over before its last object is."""


def present_values(objects: Iterable[DecodedObject]) -> Iterable[tuple[Ref, PointValue]]:
    """Yield the points of an answer with the values that they have now."""
    for found in objects:
        if found.point in _OF_TYPE and not found.event and found.index is not None and found.value is not None:
            yield Ref(_OF_TYPE[found.point], found.index), PointValue(found.value, found.flags, found.time_ms)


def changes(objects: Iterable[DecodedObject]) -> Iterable[PointEvent]:
    """Yield the changes that an answer tells, in their order."""
    for found in objects:
        if found.point in _OF_TYPE and found.event and found.index is not None and found.value is not None:
            ref = Ref(_OF_TYPE[found.point], found.index)
            yield PointEvent(ref, PointValue(found.value, found.flags, found.time_ms))


def shown(kind: Kind, value: PointValue) -> Value:
    """Return a value for the wire log, which has finite numbers only, with what speaks against it."""
    if not math.isfinite(value.value):
        return str(value.value)
    plain = int(value.value) if float(value.value).is_integer() else value.value
    doubts = value.doubts(kind)
    return f"{plain} ({', '.join(doubts)})" if doubts else plain


def refused(exchange: Exchange) -> str:
    """Say what error any fragment of an answer indicates; empty for none."""
    told = (refusal_words(fragment.iin) for fragment in exchange.fragments)
    return ", ".join(dict.fromkeys(filter(None, told)))


def restarted(exchange: Exchange) -> bool:
    """Whether an answer indicates that the outstation was restarted, and nobody has acknowledged that."""
    return _indicates(exchange, IINBit.DEVICE_RESTART)


def disbelief(name: str, exchange: Exchange) -> InstrumentError | TransportError | None:
    """Return why no value is to be taken from an answer, although it came whole and refuses nothing."""
    if exchange.undecoded:
        return _unreadable(name, exchange.undecoded[0])
    if _indicates(exchange, IINBit.DEVICE_TROUBLE):
        return Doubtful(f"{name} says that it is in trouble, so that none of its values is a reading")
    known: dict[Ref, PointValue] = {}
    for ref, value in present_values(exchange.objects):
        if repr(known.setdefault(ref, value)) != repr(value):  # also where both are no number
            return Doubtful(f"{name} sent two different values of {ref}")
    return None


def objection(
    name: str, what: str, target: str, command: controls.Command, exchange: Exchange
) -> InstrumentError | None:
    """Return why a command does not count as taken: only its own echo, alone and with success, says that it is.

    `what` is to be done, and `target` what to: `operate` and `bo 2 to close`.
    """
    (answered,), words = controls.read_statuses((command,), exchange), refused(exchange)
    if exchange.objects or exchange.undecoded:
        if not answered.echoed or len(exchange.objects) > 1 or exchange.undecoded:
            return Doubtful(f"{name} was to {what} {target} and answered to another command")
        words = ", ".join(filter(None, (status_words(answered.status), words)))
    elif not words:
        return Doubtful(f"{name} was to {what} {target} and does not answer the command")
    return InstrumentError(f"{name} refused to {what} {target}: {words}") if words else None


def _indicates(exchange: Exchange, bit: IINBit) -> bool:
    return any(fragment.iin.is_set(bit) for fragment in exchange.fragments)


def _unreadable(name: str, found: Decoded) -> Doubtful | TransportError:
    """Tell an outstation that leaves out a part, in frames with a sound CRC, from objects that nobody here knows."""
    told = f"{name} sent what cannot be read: {found.problem}"
    return Doubtful(told) if CUT in (found.problem or "") else TransportError(told)
