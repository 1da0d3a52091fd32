"""The wholesale power group: people who authorize a reduction of load when operators ask for it."""

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.messages.names import Information, Party
from bench.messages.resources import LoadReductionEvent, ReductionRequest
from instruments.errors import WaitTimeout


class WholesalePower(Actor):
    """Sees what operators ask for; a person acts when the test says so."""

    party = Party.WHOLESALE_POWER

    def __init__(self, bus: Bus, may_override: bool) -> None:
        """Take whether customers may decline what it authorizes."""
        super().__init__(bus)
        self._may_override = may_override
        self._asked: Delivery | None = None
        bus.listeners.append(self._look)

    def handlers(self) -> dict[Information, Handler]:
        """Understand nothing by themselves: a person acts when the test says so."""
        return {}

    def _look(self, delivery: Delivery) -> None:
        if delivery.message.receiver is self.party and isinstance(delivery.message.payload, ReductionRequest):
            self._asked = delivery

    def authorize_reduction(self) -> None:
        """Order the reduction from the DRAACS; raises WaitTimeout where nobody has asked for one."""
        asked = self._asked.message.payload if self._asked else None
        if self._asked is None or not isinstance(asked, ReductionRequest):
            raise WaitTimeout("no request for a load reduction has reached the wholesale power group")
        order = LoadReductionEvent(
            event=asked.event,
            system_load_kw=asked.system_load_kw,
            reduction_kw=asked.reduction_kw,
            duration_s=asked.duration_s,
            may_override=self._may_override,
        )
        correlation, cited = self._asked.message.correlation, (self._asked.citation,)
        self.send(Party.RESOURCE_CONTROL, Information.REDUCTION_EVENT, order, correlation, cited)
