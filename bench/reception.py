"""What a receiver remembers, so that nothing acts twice and nothing old wins over what is newer."""

from bench.messages.equipment import (
    OperationalCommand,
    Payload,
    VarSwitchingOrder,
    VoltageOutOfRangeEvent,
    VoltageRestored,
)
from bench.messages.names import Party
from bench.messages.resources import DispatchRequest

WINDOW = 512
"""Messages whose numbers a receiver remembers."""
DUPLICATE, STALE = "a duplicate", "overtaken by a newer one"


class Reception:
    """One receiver's memory: the numbers of the last messages, and the newest word on each subject by its sender."""

    def __init__(self) -> None:
        self._numbers: dict[int, None] = {}
        self._newest: dict[tuple[Party, str], int] = {}

    def refusal(self, number: int, producer: Party, payload: Payload) -> str:
        """Say why a message is not taken, `DUPLICATE` or `STALE`; empty where it is.

        Numbers grow in the order in which messages were sent.
        """
        if number in self._numbers:
            return DUPLICATE
        self._remember(number)
        subject = superseding(payload)
        if not subject:
            return ""
        newest = self._newest.get((producer, subject), number)
        self._newest[producer, subject] = max(newest, number)
        return STALE if number < newest else ""

    def _remember(self, number: int) -> None:
        self._numbers[number] = None
        if len(self._numbers) > WINDOW:
            del self._numbers[next(iter(self._numbers))]


def superseding(payload: Payload) -> str:
    """Name what a payload has the last word on, a device or a meter's alert; empty where it replaces nothing."""
    match payload:
        case OperationalCommand(command=command):
            return command.device
        case DispatchRequest(request=request):
            return request.device
        case VarSwitchingOrder(device=device):
            return f"{device} VAR switching"
        case VoltageOutOfRangeEvent(meter=meter) | VoltageRestored(meter=meter):
            return f"{meter} range"
    return ""
