"""Looking a name up, with an error that helps who mistyped it."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from instruments.errors import ConfigError

Thing = TypeVar("Thing")

_SHOWN = 12


def known(things: Mapping[str, Thing], name: str, what: str) -> Thing:
    """Return the thing of this name, in any case of letters.

    Raises:
        ConfigError: there is none; the text names the nearest and, where they are few, all.
    """
    try:
        return things[name.lower()]
    except KeyError:
        raise ConfigError(unknown(list(things), name, what)) from None


def unknown(names: list[str], name: str, what: str) -> str:
    """Say that a name is unknown, which is nearest and which there are."""
    nearest = get_close_matches(name.lower(), names, n=1, cutoff=0.0)
    hint = f"; nearest: {nearest[0]}" if nearest else ""
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return f"the feeder has no {what} {name!r}{hint}; it has: {shown or 'none'}"
