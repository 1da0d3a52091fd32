"""What is at the customer's: the home controller that acts on calls, the display, and the people in front of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.clock import Process
from bench.dispatch.override_code import code_proof, is_right_code
from bench.messages.customers import CustomerCall, CustomerStatus, Override, OverrideRefused
from bench.messages.names import Information, Party
from instruments.errors import WaitTimeout

STATUS_AFTER_S = 20.0
"""How long after the start of a call a home controller tells what came of it, s."""
TRIES = 3
"""Codes that a display takes for one call before it takes none any more."""


class HomeAreaNetwork(Protocol):
    """The appliances of all premises, switched by their own home controllers."""

    def schedule_shed(self, name: str, share: float, start_s: float, end_s: float) -> None:
        """Have a share of a premise's load switched off from a time to another."""
        ...

    def cancel_shed(self, name: str) -> None:
        """Let everything run again."""
        ...


class CustomerEnergyManagement(Actor):
    """The home controllers: hold a call against the customer's predefined profile and switch appliances by it.

    An override that comes before the start, or later, gives the load back.
    """

    party = Party.CUSTOMER_ENERGY

    def __init__(self, bus: Bus, shed_share: Mapping[str, float], appliances: HomeAreaNetwork) -> None:
        """Take the share of its load that each premise sheds by its profile, per unit."""
        super().__init__(bus)
        self._shed_share, self._appliances = shed_share, appliances
        self._overridden: set[tuple[str, str]] = set()
        self._binding: set[tuple[str, str]] = set()

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand calls from the premise's radio, and overrides from its display."""
        return {
            Information.CUSTOMER_CALL: self._act,
            Information.REDUCTION_CALL: self._act,
            Information.OVERRIDE: self._keep_running,
        }

    def _act(self, delivery: Delivery) -> Process:
        call = delivery.message.payload
        if not isinstance(call, CustomerCall):
            return
        (customer,) = (listed.customer for listed in call.customers)
        if not call.may_override:
            self._binding.add((call.event, customer))
        share = self._shed_share[customer]
        if share > 0.0:
            self._appliances.schedule_shed(customer, share, call.start_s, call.start_s + call.duration_s)
        yield self.clock.timeout(max(0.0, call.start_s + STATUS_AFTER_S - self.clock.now_s))
        status = CustomerStatus(event=call.event, customer=customer, response="shedding")
        if (call.event, customer) in self._overridden:
            status = status.model_copy(update={"response": "overridden"})
        elif share == 0.0:
            status = status.model_copy(update={"response": "nothing in the profile"})
        correlation, cited = delivery.message.correlation, (delivery.citation,)
        self.send(Party.PREMISE_INTERFACE, Information.CUSTOMER_STATUS, status, correlation, cited)

    def _keep_running(self, delivery: Delivery) -> None:
        override = delivery.message.payload
        if not isinstance(override, Override):
            return
        binds = (override.event, override.customer) in self._binding
        if binds or delivery.message.producer is not Party.CUSTOMER_DISPLAY:  # only the display checks codes
            refused = OverrideRefused(event=override.event, customer=override.customer, tries_left=0, allowed=not binds)
            correlation, cited = delivery.message.correlation, (delivery.citation,)
            self.send(delivery.message.producer, Information.OVERRIDE_REFUSED, refused, correlation, cited)
        else:
            self._overridden.add((override.event, override.customer))
            self._appliances.cancel_shed(override.customer)


@dataclass
class Shown:
    """A call on a display, how many codes it takes yet, and whether the customer may decline at all."""

    tries_left: int = TRIES
    may_override: bool = True


class CustomerDisplays(Actor):
    """The displays: show calls, check override codes in constant time, and take only so many."""

    party = Party.CUSTOMER_DISPLAY

    def __init__(self, bus: Bus, codes: Mapping[str, str]) -> None:
        """Take the override code of each customer."""
        super().__init__(bus)
        self._codes = codes
        self._shown: dict[tuple[str, str], Shown] = {}

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand calls, and codes typed by people."""
        return {
            Information.CUSTOMER_CALL: self._show,
            Information.REDUCTION_CALL: self._show,
            Information.OVERRIDE: self._check,
        }

    def _show(self, delivery: Delivery) -> None:
        call = delivery.message.payload
        if isinstance(call, CustomerCall):
            for listed in call.customers:
                self._shown.setdefault((call.event, listed.customer), Shown(may_override=call.may_override))

    def _check(self, delivery: Delivery) -> None:
        """Pass the override on without its code, or refuse it; a customer who was not called has nothing to decline."""
        override = delivery.message.payload
        if not isinstance(override, Override):
            return
        shown = self._shown.get((override.event, override.customer), Shown(tries_left=0))
        correlation, cited = delivery.message.correlation, (delivery.citation,)
        code = self._codes.get(override.customer, "")
        right = is_right_code(code, override.event, override.customer, override.code_proof)
        if right and shown.tries_left > 0 and shown.may_override:
            accepted = Override(event=override.event, customer=override.customer)
            self.send(Party.CUSTOMER_ENERGY, Information.OVERRIDE, accepted, correlation, cited)
            return
        shown.tries_left = max(0, shown.tries_left - 1)
        refused = OverrideRefused(
            event=override.event,
            customer=override.customer,
            tries_left=shown.tries_left,
            allowed=shown.may_override,
        )
        self.send(Party.CUSTOMER, Information.OVERRIDE_REFUSED, refused, correlation, cited)


class Customers(Actor):
    """The people in front of the displays. The test plays them: it decides when, they see what their display shows."""

    party = Party.CUSTOMER

    def __init__(self, bus: Bus, codes: Mapping[str, str], overriding: int, forgetful: int) -> None:
        """Take the codes that customers were given, how many keep their load, and how many have forgotten the code."""
        super().__init__(bus)
        self._codes, self._overriding, self._forgetful = codes, overriding, forgetful
        self._calls: dict[str, Delivery] = {}
        bus.listeners.append(self._look_at_display)

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand nothing by themselves: people act when the test says so."""
        return {}

    def decline(self) -> None:
        """Let the last of those who were called type their codes, some of them a wrong one.

        Raises WaitTimeout where fewer have a call on their display.
        """
        wanted = self._overriding + self._forgetful
        if self._overriding < 1 or len(self._calls) < wanted:
            raise WaitTimeout(f"{len(self._calls)} customers see a call, {wanted} are to decline: nothing to decline")
        declining = list(self._calls)[-wanted:]
        for customer in declining[: self._overriding]:
            self.type_code(customer, self._codes[customer])
        for customer in declining[self._overriding :]:
            self.type_code(customer, _mistaken(self._codes[customer]))

    def try_all_ways(self) -> None:
        """Let the first who was called decline at the display with the right code, and at the home controller as well.

        Raises WaitTimeout where nobody has a call on the display.
        """
        if not self._calls:
            raise WaitTimeout("no customer sees a call: nothing to decline")
        customer, shown = next(iter(self._calls.items()))
        self.type_code(customer, self._codes[customer])
        call = shown.message.payload
        event = call.event if isinstance(call, CustomerCall) else ""
        override = Override(event=event, customer=customer)
        correlation, cited = shown.message.correlation, (shown.citation,)
        self.send(Party.CUSTOMER_ENERGY, Information.OVERRIDE, override, correlation, cited)

    def type_code(self, customer: str, code: str) -> None:
        """Let a customer type a code for the call that the display shows; raises KeyError where it shows none."""
        shown = self._calls[customer]
        call = shown.message.payload
        event = call.event if isinstance(call, CustomerCall) else ""
        override = Override(event=event, customer=customer, code_proof=code_proof(code, event, customer))
        correlation, cited = shown.message.correlation, (shown.citation,)
        self.send(Party.CUSTOMER_DISPLAY, Information.OVERRIDE, override, correlation, cited)

    def _look_at_display(self, delivery: Delivery) -> None:
        call = delivery.message.payload
        if delivery.message.receiver is Party.CUSTOMER_DISPLAY and isinstance(call, CustomerCall):
            for listed in call.customers:
                self._calls[listed.customer] = delivery


def _mistaken(code: str) -> str:
    """Return a code that differs in its last digit."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)
