"""What every actor on the bus shares: a mailbox, and a handler for each information object it understands."""

from collections.abc import Callable, Mapping, Sequence

from bench.bus import Bus, Delivery, Message, Priority
from bench.clock import Process
from bench.messages.equipment import Payload
from bench.messages.names import Information, Party

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
            handler = handlers.get(delivery.message.information)
            work = handler(delivery) if handler else None
            if work is not None:
                self.clock.start(work)

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
