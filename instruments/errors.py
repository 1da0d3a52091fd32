"""Errors that reach a user. Equipment outside its limits is never an exception: it is a verdict."""

from collections.abc import Iterator
from contextlib import contextmanager


class BenchError(Exception):
    """Root of every error that this project raises on purpose; its text is written for a person."""


class ConfigError(BenchError):
    """The bench file, a feature, a feeder or an option cannot be used as written."""


class TransportError(BenchError):
    """A link did not carry a request or its answer: refused, silent, garbled."""


class InstrumentError(BenchError):
    """A device or instrument answered, but refused or reported an error of its own."""


class Doubtful(InstrumentError):
    """A device answered with what is no reading, or not to what it was asked: it has refused nothing, and said nothing.

    Who waits for a refusal may not take this for one.
    """


class Unanswered(InstrumentError):
    """A gateway answered in the place of a unit behind it, which is silent or cannot be reached."""


class OutOfReach(InstrumentError):
    """A link on the way to a device lets nothing through: the device has heard nothing."""


class Unmapped(InstrumentError):
    """The point map of a device has no such function: nothing was asked of the device."""


class IdentityMismatch(BenchError):
    """The device at the address is another than the one configured."""


class SafetyTrip(BenchError):
    """A set-point lies outside the instrument's limits or the bench's envelope; nothing was sent."""


class WaitTimeout(BenchError):
    """Something awaited did not happen within its time."""


@contextmanager
def blaming(name: str) -> Iterator[None]:
    """Have errors of a link or an instrument say which one it is, by its name on the bench."""
    try:
        yield
    except (TransportError, InstrumentError, SafetyTrip) as error:
        raise type(error)(f"{name}: {error}") from error
