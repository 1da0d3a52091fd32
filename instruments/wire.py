"""What crosses a wire, as every transport reports it."""

from collections.abc import Callable
from dataclasses import dataclass

Value = int | float | str


@dataclass(frozen=True)
class WireExchange:
    """One request and its answer, seen from the driver's side.

    `values` are what was written, or what came back; `error` is the refusal, or None.
    """

    protocol: str
    operation: str
    address: str
    values: tuple[Value, ...]
    error: str | None = None


WireObserver = Callable[[WireExchange], None]


def unobserved(_exchange: WireExchange) -> None:
    """Take an exchange and keep nothing: the observer of a notebook session."""
