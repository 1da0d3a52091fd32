"""Whether a device delivered all the while: one that has tripped gives no vars, which many a band allows."""

import math
from collections.abc import Sequence

from bench.certification.criteria import at_least
from bench.certification.findings import Finding
from bench.certification.rig import Rig, Sample

ENDING = "least of all the time"


def stayed_in_service(
    rig: Rig, looks: Sequence[Sample], offered_pu: float, share: float, name: str, clause: str
) -> Finding:
    """Judge the least active power of all looks, while never less than `offered_pu` was offered, per unit of rated.

    `share` of what is offered, and of what vars leave of the apparent rating, has to be there.
    """
    plate = rig.nameplate
    vars_pu = min(max(plate.q_max_injected_var, plate.q_max_absorbed_var) / plate.va_max_va, 1.0)
    owed_pu = share * min(offered_pu, math.sqrt(1.0 - vars_pu**2))
    least = min(looks, key=lambda look: look.p_pu)
    stimulus, response = rig.voltage([least]), rig.active_power([least])
    what = f"active power beside {name}, {ENDING}"
    return Finding(what, stimulus, response, at_least(owed_pu, response), least.time_s, rig.analyzer_name, clause)
