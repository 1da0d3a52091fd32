"""What an outstation's indications and refusals mean, in words."""

from py1815.application import IIN, IIN2Bit
from py1815.control import CommandStatus

_REFUSALS = {
    IIN2Bit.FUNC_NOT_SUPPORTED: "function not supported",
    IIN2Bit.OBJECT_UNKNOWN: "object unknown",
    IIN2Bit.PARAM_ERROR: "parameter error",
    IIN2Bit.ALREADY_EXECUTING: "already executing",
    IIN2Bit.CONFIG_CORRUPT: "its configuration is corrupt",
}
"""Internal indications that are errors (IEEE 1815-2012 Table 4-14); an overflow of events refuses nothing."""
_STATUS = {
    1: "selected too long ago",
    2: "not selected",
    3: "format error",
    4: "not supported",
    5: "already active",
    6: "hardware error",
    7: "the control is in local",
    8: "too many operations",
    9: "not authorized",
    10: "inhibited by its automatic",
    11: "too much under way",
    12: "out of range",
    13: "something behind it is in local",
    14: "already complete",
    15: "blocked",
    16: "cancelled",
    17: "blocked by another master",
    18: "something behind it failed",
    126: "takes no part",
    127: "undefined",
}
"""Status of a command other than success (IEEE 1815-2012 Table 11-7)."""


def refusal_words(indications: IIN) -> str:
    """Say what error an answer indicates; empty for none."""
    return ", ".join(words for bit, words in _REFUSALS.items() if indications.is_set(bit))


def status_words(status: CommandStatus | None) -> str:
    """Say why a command was not accepted; empty for one that was."""
    if status is None:
        return "it does not answer the command"
    return "" if status == CommandStatus.SUCCESS else _STATUS.get(int(status), f"status {int(status)}")
