"""What an emulated SCPI instrument reports of itself: error queue, IEEE 488.2 events, SCPI condition registers."""

from collections import deque

ERROR_TEXTS = {
    0: "No error",
    -100: "Command error",
    -102: "Syntax error",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -114: "Header suffix out of range",
    -201: "Invalid while in local",
    -221: "Settings conflict",
    -222: "Data out of range",
    -223: "Too much data",
    -226: "Lists not same length",
    -224: "Illegal parameter value",
    -310: "System error",
    -350: "Queue overflow",
    -363: "Input buffer overrun",
    -410: "Query INTERRUPTED",
}
"""Error numbers in use and their texts (SCPI-99 volume 2, chapter 21)."""

QUEUE_LENGTH = 16

_OPERATION_COMPLETE, _POWER_ON = 1, 128
# Bit of the standard event status register that each hundred of error numbers sets (IEEE 488.2, 11.5.1).
_EVENT_BITS = {1: 32, 2: 16, 3: 8, 4: 4}


class ScpiError(Exception):
    """A program message unit that the instrument refuses; `code` is an SCPI error number."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def error_text(code: int, detail: str = "") -> str:
    """Format an entry as `SYSTem:ERRor?` answers it: `-222,"Data out of range;VOLT 500"`."""
    text = ERROR_TEXTS[code] + (f";{detail}" if detail else "")
    return f'{code},"{text[:255]}"'


class ConditionRegister:
    """A SCPI register group: live condition, latched event (cleared by reading), enable mask. Fifteen bits."""

    def __init__(self) -> None:
        self.condition = 0
        self.enable = 0
        self._event = 0

    def set(self, condition: int) -> None:
        """Take the live condition; bits that rise are latched as events."""
        self._event |= condition & ~self.condition
        self.condition = condition

    def take_event(self) -> int:
        """Return the latched events and clear them, as a query does."""
        event, self._event = self._event, 0
        return event

    @property
    def summary(self) -> bool:
        """True when an enabled event is latched."""
        return bool(self._event & self.enable)


class Status:
    """Error queue and the registers behind `*ESR?`, `*STB?` and `STATus:QUEStionable?`."""

    def __init__(self) -> None:
        self.questionable = ConditionRegister()
        self.event_enable = 0
        self.service_enable = 0
        self._event = _POWER_ON
        self._errors: deque[str] = deque()

    def report(self, code: int, detail: str = "") -> None:
        """Queue an error; when the queue is full its last entry becomes -350 and later ones are lost."""
        self._event |= _EVENT_BITS[-code // 100]
        if len(self._errors) < QUEUE_LENGTH:
            self._errors.append(self.error_entry(code, detail))
        else:
            self._errors[-1] = self.error_entry(-350)

    def error_entry(self, code: int, detail: str = "") -> str:
        """Word an error as the instrument's queue has it."""
        return error_text(code, detail)

    def take_error(self) -> str:
        """Return the oldest error and remove it, or `0,"No error"`."""
        return self._errors.popleft() if self._errors else self.error_entry(0)

    def queues(self, begin: str) -> bool:
        """Whether an error that begins so is in the queue."""
        return any(entry.startswith(begin) for entry in self._errors)

    def clear_event(self, bit: int) -> None:
        """Clear a bit of the standard event status register."""
        self._event &= ~bit

    def take_event(self) -> int:
        """Return the standard event status register and clear it."""
        event, self._event = self._event, 0
        return event

    def complete_operation(self) -> None:
        """Set the operation-complete event; every command of these emulators has finished when the next starts."""
        self._event |= _OPERATION_COMPLETE

    def clear(self) -> None:
        """Clear events and errors, and keep the enable masks (IEEE 488.2, 10.3)."""
        self._event = 0
        self._errors.clear()
        self.questionable.take_event()

    @property
    def byte(self) -> int:
        """The status byte: error queue 4, questionable 8, standard event 32, master summary 64."""
        byte = 4 * bool(self._errors) | 8 * self.questionable.summary | 32 * bool(self._event & self.event_enable)
        return byte | 64 * bool(byte & self.service_enable)
