"""What every actor on the bus shares: a mailbox, and a handler for each information object it understands."""

from collections.abc import Callable, Mapping, Sequence

from pydantic import ValidationError

from bench.bus import Bus, Delivery, Message, Priority
from bench.clock import Process, misfit
from bench.messages.equipment import Payload
from bench.messages.names import Information, Party
from instruments.errors import BenchError

Handler = Callable[[Delivery], Process | None]


class Actor:
    """Reacts to what it is sent. A handler that takes time is a process; messages go on being read meanwhile."""

    party: Party

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.clock = bus.clock

    def handlers(self) -> Mapping[Information, Handler]:
        """Return the handler of each information object; others are left unread."""
        raise TypeError(f"{type(self).__name__} declares no handlers")

    def run(self) -> Process:
        """Read the mailbox for ever."""
        mailbox = self.bus.mailbox(self.party)
        handlers = self.handlers()
        while True:
            delivery: Delivery = yield mailbox.get()
            work = self._handle(delivery, handlers.get(delivery.message.information))
            if work is not None:
                self.clock.start(work)

    def _handle(self, delivery: Delivery, handler: Handler | None) -> Process | None:
        """Hand a message to its handler; raises BenchError where that makes data that cannot be."""
        try:
            return handler(delivery) if handler else None
        except ValidationError as error:
            told = f"upon {delivery.citation}, {delivery.message.information.value}"
            raise BenchError(f"the {self.party.value}, {told}: {misfit(error)}") from error

    def send(
        self,
        receiver: Party,
        information: Information,
        payload: Payload,
        correlation: str,
        because: tuple[str, ...] = (),
        priority: Priority = Priority.NORMAL,
    ) -> None:
        """Send a message; `because` cites the messages and wire exchanges it rests on."""
        self.bus.send(Message(self.party, receiver, information, payload, correlation, priority, because))

    def answer(
        self,
        delivery: Delivery,
        receiver: Party,
        information: Information,
        payload: Payload,
        citations: Sequence[str] = (),
    ) -> None:
        """Send what follows from a message, in the same event; `citations` are of wire exchanges."""
        self.send(receiver, information, payload, delivery.message.correlation, (delivery.citation, *citations))
