"""Device attributes of DNP3 (object group 0): who made an outstation and what it is, as text.

Neither library has them. An object is a type octet (1 for text), a length octet and that many octets, as other public
implementations of IEEE 1815-2012 have it; each stands under a header of its own that names one attribute of set 0.
"""

from collections.abc import Mapping

ATTRIBUTES = {252: "manufacturer", 250: "model", 242: "version", 248: "serial"}
"""Variations of group 0, by what they are in `Identity`."""
GROUP = 0
TEXT = 1
_HEADER = 5
"""Octets of group, variation, qualifier, and start and stop, or a count of one and its index."""
_START_STOP, _COUNT_INDEX = 0x00, 0x17


def parse_attributes(data: bytes) -> tuple[dict[int, str], bool]:
    """Read attributes by variation, up to where something else begins; and whether the last one was whole."""
    found: dict[int, str] = {}
    at = 0
    while len(data) >= at + _HEADER + 2 and data[at] == GROUP and data[at + 2] in {_START_STOP, _COUNT_INDEX}:
        variation, kind, length = data[at + 1], data[at + _HEADER], data[at + _HEADER + 1]
        begin = at + _HEADER + 2
        at = begin + length
        if len(data) < at:
            return found, False
        if kind == TEXT:
            found[variation] = data[begin:at].decode("ascii", "replace").strip("\0 ")
    return found, True


def attribute_objects(asked: bytes, held: Mapping[int, str]) -> tuple[bytes, bool]:
    """Answer the headers of a read of attributes: the objects that there are, and whether all were there."""
    answer, complete = b"", True
    for at in range(0, len(asked), _HEADER):
        header = asked[at : at + _HEADER]
        text = held.get(header[1], "").encode("ascii", "replace") if len(header) == _HEADER else b""
        if not text or header[0] != GROUP or header[2:] != bytes((_START_STOP, 0, 0)):
            complete = False
            continue
        answer += header + bytes((TEXT, len(text))) + text
    return answer, complete
