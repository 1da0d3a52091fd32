"""What operators at the DMS decide about DER: they confirm it, and ask for less load where it falls short."""

from bench.actors.base import Actor
from bench.bus import Delivery
from bench.messages.names import Information, Party
from bench.messages.resources import (
    AvailableResources,
    ConfirmedDer,
    ConfirmedResources,
    DispatchOrder,
    ReductionRequest,
    RequiredResources,
    ResourceAssessment,
    ResourceRequest,
)
from instruments.errors import WaitTimeout

MARGIN = 1.1
"""What operators ask for over the shortfall that they see: the load goes on moving."""


class ResourceDesk:
    """The part of the operators' station that shows DER. The test plays the people: it decides when they act."""

    def __init__(self, operators: Actor, duration_s: float) -> None:
        """Take how long a constraint or a reduction is to be served, s."""
        self._operators, self._duration_s = operators, duration_s
        self._shown: dict[Information, Delivery] = {}
        operators.bus.listeners.append(self._look)

    def confirm_required(self) -> None:
        """Confirm that the required equipment will be available, and schedule it; raises WaitTimeout without any."""
        shown, required = self._required()
        confirmed = ConfirmedResources(event=required.event, requests=required.requests)
        self._send(shown, self._operators.party, Information.CONFIRMED_RESOURCES, confirmed)
        order = DispatchOrder(event=required.event, requests=required.requests)
        self._send(shown, Party.DMS, Information.DISPATCH_ORDER, order)

    def confirm_to_control_centre(self) -> None:
        """Tell the control centre of what was confirmed."""
        shown, required = self._required()
        confirmed = ConfirmedResources(event=required.event, requests=required.requests)
        self._send(shown, Party.ENERGY_MANAGEMENT, Information.CONFIRMED_RESOURCES, confirmed)

    def confirm_available(self) -> None:
        """Confirm what is available to the control centre, and order it; raises WaitTimeout without any."""
        shown = self._shown.get(Information.AVAILABLE_RESOURCES)
        found = shown.message.payload if shown else None
        if shown is None or not isinstance(found, AvailableResources) or not found.resources:
            raise WaitTimeout("the Distribution Management System shows no available resource: nothing to confirm")
        now_s = self._operators.clock.now_s
        requests = tuple(
            ResourceRequest(
                request=r.device,
                device=r.device,
                resource=r.resource,
                power_kw=r.available_kw,
                start_s=now_s,
                duration_s=self._duration_s,
            )
            for r in found.resources
        )
        confirmed = ConfirmedDer(event=found.event, requests=requests, total_kw=found.total_kw)
        self._send(shown, Party.ENERGY_MANAGEMENT, Information.CONFIRMED_DER, confirmed)
        self._send(shown, Party.DMS, Information.DISPATCH_ORDER, DispatchOrder(event=found.event, requests=requests))

    def ask_for_reduction(self) -> None:
        """Ask the wholesale desk for what the DER fall short of; raises WaitTimeout where they suffice."""
        shown = self._shown.get(Information.INSUFFICIENT_RESOURCES)
        found = shown.message.payload if shown else None
        if shown is None or not isinstance(found, ResourceAssessment) or found.sufficient:
            raise WaitTimeout("the Distribution Management System shows no shortfall: no load has to be reduced")
        request = ReductionRequest(
            event=found.event,
            system_load_kw=found.head_load_kw,
            reduction_kw=round(MARGIN * found.shortfall_kw, 1),
            duration_s=self._duration_s,
        )
        self._send(shown, Party.WHOLESALE_POWER, Information.REDUCTION_REQUEST, request)

    def _required(self) -> tuple[Delivery, RequiredResources]:
        shown = self._shown.get(Information.REQUIRED_RESOURCES)
        required = shown.message.payload if shown else None
        if shown is None or not isinstance(required, RequiredResources) or not required.requests:
            raise WaitTimeout("the DER automation application shows no required resource: nothing to confirm")
        return shown, required

    def _look(self, delivery: Delivery) -> None:
        """See what the application and the DMS record for themselves: their screens show it."""
        message = delivery.message
        if message.producer is message.receiver and message.receiver in {Party.DMS, Party.DER_AUTOMATION}:
            self._shown[message.information] = delivery

    def _send(self, shown: Delivery, receiver: Party, information: Information, payload: "_Decision") -> None:
        self._operators.send(receiver, information, payload, shown.message.correlation, (shown.citation,))


_Decision = ConfirmedResources | ConfirmedDer | DispatchOrder | ReductionRequest
