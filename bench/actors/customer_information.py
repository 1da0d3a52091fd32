"""The Customer Information System: knows who is enrolled in which programme, with which meters and contract."""

from collections.abc import Mapping, Sequence

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.customers import Premise
from bench.messages.customers import CustomerCall, EnrolledCustomer, Enrolment, EnrolmentRequest
from bench.messages.names import Information, Party


class CustomerInformation(Actor):
    """Answers who may be called, and keeps who was: that is what bills and complaints go back to."""

    party = Party.CUSTOMER_INFORMATION

    def __init__(self, bus: Bus, premises: Sequence[Premise]) -> None:
        super().__init__(bus)
        self._enrolled = tuple(_record(premise) for premise in premises if premise.customer.is_enrolled)
        self.called: dict[str, tuple[str, ...]] = {}

    def handlers(self) -> Mapping[Information, Handler]:
        """Understand requests for enrolment, and calls."""
        return {
            Information.ENROLMENT_REQUEST: self._answer,
            Information.CUSTOMER_CALL: self._keep,
            Information.REDUCTION_CALL: self._keep,
        }

    def _answer(self, delivery: Delivery) -> None:
        request = delivery.message.payload
        if isinstance(request, EnrolmentRequest):
            enrolment = Enrolment(event=request.event, customers=self._enrolled)
            correlation, cited = delivery.message.correlation, (delivery.citation,)
            self.send(delivery.message.producer, Information.ENROLMENT, enrolment, correlation, cited)

    def _keep(self, delivery: Delivery) -> None:
        call = delivery.message.payload
        if isinstance(call, CustomerCall):
            self.called[call.event] = tuple(customer.customer for customer in call.customers)


def _record(premise: Premise) -> EnrolledCustomer:
    return EnrolledCustomer(
        customer=premise.name,
        net_meter=premise.net_meter,
        credit_meter=premise.credit_meter,
        contracted_kw=premise.customer.contracted_kw,
    )
