"""Text of devices and files, made harmless for whoever displays it: characters that command become visible."""

import re

_COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters but tab and line feed, those that turn the direction of writing, and halves of characters."""


def visible(text: str) -> str:
    r"""Write out each character that would command a terminal or a layout, as `\x1b` or `\u202e`."""
    return _COMMANDS.sub(lambda match: _escape(match[0]), text)


def one_line(text: str) -> str:
    """The same for a text that must not begin a line of its own, with its line ends written out too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - two digits, or four
