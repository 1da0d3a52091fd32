"""Values in messages and answers of SCPI, as the wire log has them. No sockets here."""

import re

from instruments.wire import Value

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INTEGER_DIGITS = 16


def parse_values(text: str) -> tuple[Value, ...]:
    """Take an answer apart at semicolons and commas; numbers become numbers, quotes are dropped."""
    return tuple(_value(part) for part in re.split("[;,]", text)) if text else ()


def split_command(text: str) -> tuple[str, tuple[Value, ...]]:
    """Split a message into its headers, joined by semicolons, and all of its parameters in order."""
    units = [unit.partition(" ") for unit in text.split(";")]
    headers = ";".join(header for header, _, _ in units)
    return headers, tuple(value for _, _, parameters in units for value in parse_values(parameters))


def _value(text: str) -> Value:
    """Read a number; NAN and INF stay words, for they are not values."""
    if not _NUMBER.fullmatch(text):
        return text.strip(' "')
    return int(text) if text.lstrip("+-").isdecimal() and len(text) < _INTEGER_DIGITS else float(text)
