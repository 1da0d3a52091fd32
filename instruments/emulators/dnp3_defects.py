"""An outstation with what can be wrong with it: what it indicates, shows, takes and sends on demand.

The device behind it and the library that serves it are sound; each defect is one question where something passes.
"""

from collections.abc import Callable

from instruments.dnp3_points import PointValue
from instruments.emulators.faults import Fault
from instruments.transports.dnp3_outstation import COMMANDS, HEADER, READ, SEQUENCE, Conduct

LOCAL_STATUS = 7
LOCAL_CONTROL, DEVICE_TROUBLE, DEVICE_RESTART = 0x20, 0x40, 0x80
"""Bits of the first octet of an answer's indications."""
_INDICATIONS, _ERRORS, _OBJECTS = 2, 3, 4
"""Where an answer has its indications, the octet of them that is about errors, and its first object."""
_SHORT = 3
"""How many octets an answer lacks that is too short."""
_NARROW = 0x17
"""Qualifier of commands whose count and index have one octet each; those of the other have two."""

Active = Callable[[str], Fault | None]


def sound(_kind: str) -> Fault | None:
    """Tell of no fault."""
    return None


class Dnp3Defects:
    """What is wrong with an outstation at a moment: `active` says which faults it has then."""

    def __init__(self, active: Active, is_local: Callable[[], bool] = lambda: False) -> None:
        """Take also whether the panel is on local, which sound equipment indicates."""
        self._active, self._is_local = active, is_local
        self._unanswered = 0
        self._begun: Fault | None = None
        self._is_off = False

    @property
    def conduct(self) -> Conduct:
        """What becomes of its answers."""
        return Conduct(self.listens, self.fragment, self.source, self.octets)

    @property
    def is_frozen(self) -> bool:
        """Whether it keeps the values that it has."""
        return self._active("frozen-values") is not None

    @property
    def swallows(self) -> bool:
        """Whether commands come to nothing."""
        return self._active("answers-success-alone") is not None

    def is_restarted(self) -> bool:
        """Whether a restart is to be indicated that was not yet: where a fault says so, and when a reboot is over."""
        before, self._begun = self._begun, self._active("indicates-restart")
        was_off, self._is_off = self._is_off, self._active("reboots") is not None
        return (self._begun is not None and self._begun is not before) or (was_off and not self._is_off)

    def flagged(self, value: PointValue) -> PointValue:
        """Return a reading as it is sent."""
        fault = self._active("readings-flagged")
        return PointValue(value.value, round(fault.value)) if fault else value

    def refusal(self, *, selected: bool) -> int | None:
        """Return the status of a command that is not even looked at; None for one that is."""
        if self._active("local-without-panel"):
            return LOCAL_STATUS
        fault = self._active("refuses-commands") or (self._active("selects-and-refuses") if selected else None)
        return round(fault.value) if fault else None

    def listens(self) -> bool:
        """Take a request; False where it is to go unanswered."""
        fault = self._active("leaves-unanswered")
        if fault is None or self._unanswered >= fault.value:
            return True
        self._unanswered += 1
        return False

    def fragment(self, request: bytes, answer: bytes) -> bytes:
        """Return a fragment of an answer as it is sent."""
        function, made = request[1], bytearray(answer)
        made[_INDICATIONS] |= self._indications()
        if (fault := self._active("indicates-an-error")) and function == READ:
            made[_ERRORS] |= 1 << round(fault.value)
            del made[_OBJECTS:]
        if self._active("echoes-another-command") and function in COMMANDS and len(made) > _OBJECTS + HEADER:
            made[_OBJECTS + (5 if made[_OBJECTS + HEADER] == _NARROW else 7)] ^= 1
        if self._active("answers-too-short") and len(made) > _OBJECTS + _SHORT:
            del made[-_SHORT:]
        if self._active("wrong-sequence-number"):
            made[0] = made[0] & ~SEQUENCE | (made[0] - 1) & SEQUENCE
        return bytes(made)

    def source(self, address: int) -> int:
        """Return the link address that it answers from."""
        fault = self._active("answers-as-another")
        return address + round(fault.value) if fault else address

    def octets(self, frames: bytes) -> bytes:
        """Return frames as they are sent."""
        broken = frames and self._active("broken-crc")
        return frames[:-1] + bytes((frames[-1] ^ 0xFF,)) if broken else frames

    def _indications(self) -> int:
        local = self._is_local() or self._active("local-without-panel")
        trouble, restart = self._active("indicates-trouble"), self._active("keeps-indicating-restart")
        return (LOCAL_CONTROL if local else 0) | (DEVICE_TROUBLE if trouble else 0) | (DEVICE_RESTART if restart else 0)
