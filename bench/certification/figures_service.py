"""Figures of being in service and of ceasing to energize: what counts as delivering, what may be left, how soon."""

from typing import Annotated

from pydantic import Field

from bench.certification.figure import Figure
from bench.config.section import Section


class ServiceFigures(Section):
    """What the analyzer has to see of equipment in service, and what of equipment that has ceased to energize.

    `delivers_share` is of the power that is offered and that the apparent rating leaves; `nothing_pu` of active power,
    and `residual_q_pu` of vars, or `residual_q_large_pu` from a rating of `large_va` on, per unit of rated VA.
    """

    delivers_share: Figure
    nothing_pu: Figure
    residual_q_pu: Figure
    residual_q_large_pu: Figure
    large_va: Figure
    cease_within_s: Figure

    def vars_left_pu(self, rating_va: float) -> float:
        """Return the most vars that equipment of a rating may exchange once it has ceased to energize."""
        return (self.residual_q_large_pu if rating_va >= self.large_va.value else self.residual_q_pu).value


class CeaseRun(Section):
    """From what equipment has to cease: a share of the vars it is rated for, > 0 injected, beside active power.

    `absorbs`: it takes active power from the grid before; for equipment that can.
    """

    name: str
    q_share: Annotated[float, Field(ge=-1, le=1)]
    absorbs: bool = False


class CeaseFigures(Section):
    """Ceasing to energize on command: the runs, how long it is watched, s, and how it comes back when permitted again.

    `returns_s` are delay and ramp of entering service, s.
    """

    clause: str
    watched_s: Annotated[float, Field(gt=0)]
    returns_s: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]
    runs: Annotated[tuple[CeaseRun, ...], Field(min_length=1)]
