"""What shedding load at one service does for the voltage at others, found by trying it."""

from collections.abc import Sequence

import numpy as np

from bench.feeder.model import Floats
from bench.feeder.volt_var import VoltVarLoop
from bench.feeder.voltage import ServiceVoltages


def relief_v_per_kw(loop: VoltVarLoop, p_kw: Floats, load_pu: float, at: Sequence[int], shed_kw: float = 1.0) -> Floats:
    """Return the rise at every service for a kW shed at each service of `at`, all inverters answering.

    Args:
        loop: feeder and inverters; taps and banks as they are now.
        p_kw: P of all sites.
        load_pu: load as a share of nominal.
        at: numbers of the services that are tried, one after the other.
        shed_kw: size of the change, at the load's own power factor.

    Returns:
        V on the 120 V base per kW, shape (at, services).

    Raises:
        FeederError: a state does not solve or does not settle.
    """
    feeder, voltages = loop.feeder, ServiceVoltages(loop.feeder)
    loads = {load.name: number for number, load in enumerate(feeder.loads)}
    factor = np.full(len(feeder.loads), load_pu)
    feeder.scale_loads(factor)
    snapshot, q_kvar = loop.settle(p_kw, np.zeros_like(p_kw))
    base_v = voltages.on_120_v(snapshot.voltage_v)
    relief = np.zeros((len(at), len(base_v)))
    for place, service in enumerate(at):
        load = loads[feeder.services[service].load]
        changed = factor.copy()
        changed[load] -= shed_kw / feeder.nominal_kw[load]
        feeder.scale_loads(changed)
        settled, _ = loop.settle(p_kw, q_kvar)
        relief[place] = (voltages.on_120_v(settled.voltage_v) - base_v) / shed_kw
    return relief
