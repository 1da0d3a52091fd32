"""Digital input and output behind SCPI: `ROUTe` for output contacts, `SENSe:DIGital` for input contacts."""

from instruments.drivers.fence import require_within
from instruments.drivers.scpi_answers import read_identity
from instruments.errors import InstrumentError, TransportError
from instruments.readings import Identity, InputContacts
from instruments.transports.visa import VisaLink

COUNT_DIGITS = 12
_CONTACT = {"0": False, "1": True}


class ScpiDigitalIO:
    """Contacts of the control under test are read, contacts of the apparatus are set; channels count from 1.

    Every method talks to the instrument and raises TransportError when the link fails, InstrumentError when the
    instrument refuses. Each is one round trip.
    """

    def __init__(self, link: VisaLink) -> None:
        self._link = link
        self._outputs = 0

    def identify(self) -> Identity:
        """Ask who answers."""
        return read_identity(self._link)

    def read_inputs(self) -> tuple[bool, ...]:
        """Read all input contacts, channel 1 first; True is closed."""
        return self._contacts(self._link.query_checked(":SENS:DIG:DATA?"))

    def watch_inputs(self) -> InputContacts:
        """Read states and counts of all inputs as they were at one moment."""
        states, _, counts = self._link.query_checked(":SENS:DIG:DATA?;:SENS:TOT:DATA?").partition(";")
        seen = InputContacts(self._contacts(states), self._counts(counts))
        if len(seen.closed) != len(seen.closures):
            raise InstrumentError(
                f"{self._link.resource} has {len(seen.closed)} inputs and counts {len(seen.closures)}"
            )
        return seen

    def count_closures(self) -> tuple[int, ...]:
        """Read how often each input closed since the reset: a short pulse is counted even where no reading saw it."""
        return self._counts(self._link.query_checked(":SENS:TOT:DATA?"))

    def set_output(self, channel: int, closed: bool) -> None:
        """Close or open an output contact and read it back.

        Raises SafetyTrip, before anything is sent, for a contact that the instrument does not have; InstrumentError
        when it did not follow.
        """
        self._outputs = self._outputs or len(self.read_outputs())
        require_within(self._link.resource, "output contact", (channel,), (1, self._outputs))
        verb = "CLOS" if closed else "OPEN"
        (state,) = self._contacts(self._link.query_checked(f":ROUT:{verb} (@{channel});:ROUT:CLOS? (@{channel})"))
        if state != closed:
            raise InstrumentError(f"{self._link.resource}: contact {channel} did not {'close' if closed else 'open'}")

    def read_outputs(self) -> tuple[bool, ...]:
        """Read back all output contacts, channel 1 first; True is closed."""
        return self._contacts(self._link.query_checked(":ROUT:CLOS?"))

    def make_safe(self) -> None:
        """Open all output contacts and read them back; over a new connection where the old one is broken.

        Raises InstrumentError naming the contacts that stay closed. An error from before does not stand in its way.
        """
        try:
            self._open_all()
        except TransportError:
            self._open_all()

    def _open_all(self) -> None:
        done, _, states = self._link.query(":ROUT:OPEN:ALL;*OPC?;:ROUT:CLOS?").partition(";")
        closed = [channel for channel, state in enumerate(self._contacts(states), 1) if state]
        if closed or done != "1":
            raise InstrumentError(f"{self._link.resource}: contacts {closed} did not open (acknowledged {done!r})")

    def _counts(self, answer: str) -> tuple[int, ...]:
        words = answer.split(",")
        if not all(word.isdecimal() and len(word) <= COUNT_DIGITS for word in words):
            raise InstrumentError(f"{self._link.resource} answers {answer!r} in place of counts")
        return tuple(int(word) for word in words)

    def _contacts(self, answer: str) -> tuple[bool, ...]:
        words = answer.split(",")
        if not all(word in _CONTACT for word in words):
            raise InstrumentError(f"{self._link.resource} answers {answer!r} in place of contact states")
        return tuple(_CONTACT[word] for word in words)
