"""Step numbers of a use case: ``1.19.5.1A.2`` as a tuple of components, and what such a number says about order."""

import re
from dataclasses import dataclass

_COMPONENT = re.compile(r"([1-9]\d*)([A-Z]?)")


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a step number between two dots: a number, and the letter of a sequence where there is one."""

    number: int
    letter: str = ""

    def __str__(self) -> str:
        return f"{self.number}{self.letter}"


Dewey = tuple[Component, ...]


def parse(text: str) -> Dewey:
    """Read a step number; `ValueError` when it is none."""
    return tuple(_component(part, text) for part in text.split("."))


def _component(part: str, text: str) -> Component:
    match = _COMPONENT.fullmatch(part)
    if match is None:
        raise ValueError(f"{text!r} is not a step number such as 1.19.5.1A.2")
    return Component(int(match[1]), match[2])


def render(dewey: Dewey) -> str:
    """Write a step number as the tables do."""
    return ".".join(map(str, dewey))


def numbered_before(first: Dewey, second: Dewey) -> bool:
    """Say whether the numbers alone put `first` before `second`.

    A row comes before everything nested in it. Otherwise the first component that differs decides; when only its letter
    differs the two belong to concurrent or alternative sequences and neither comes first.
    """
    for one, other in zip(first, second, strict=False):
        if one != other:
            return one.number < other.number
    return len(first) < len(second)


def lettered_forks(dewey: Dewey) -> list[tuple[str, str]]:
    """List where a number enters a lettered sequence: (number of the row or branch above, name such as ``1A``)."""
    return [
        (render(dewey[:depth]), str(component)) for depth, component in enumerate(dewey) if depth and component.letter
    ]
