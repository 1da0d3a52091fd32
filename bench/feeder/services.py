"""Split-phase services for a deck that has none: a pole transformer and drops between the primary and each load."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.feeder import inventory
from bench.feeder.context import command
from instruments.errors import ConfigError

POLE_KVA = (25.0, 50.0, 75.0, 100.0, 167.0, 250.0, 333.0, 500.0)
HOME_KW = 5.0
DROP_M = 30.0
_LOADING = 0.8
_LEG_KV = 0.12
_DROP = "rmatrix=[0.40995 | 0.11810 0.40995] xmatrix=[0.16682 | 0.12759 0.16682] cmatrix=[3 | -2.4 3] units=kft"  # 4/0


@dataclass(frozen=True)
class _PrimaryLoad:
    """A load from one phase of the primary to neutral."""

    name: str
    bus: str
    phase: int
    kv: float
    kw: float
    kva: float


def add_services(context: Any) -> int:
    """Put every load between one primary phase and neutral behind a 120/240 V service; return how many.

    The load stands for as many homes as its power makes of 5 kW each, equal and side by side: one transformer carries
    them, and their drops are in parallel. A deck that has services keeps them and gets no others.

    Raises:
        ConfigError: no load is connected line to neutral, as on an ungrounded delta, which has no such voltage.
    """
    circuit = context.ActiveCircuit
    if inventory.services(circuit, inventory.loads(circuit)):
        return 0
    found = list(_primary_loads(circuit))
    if not found:
        raise ConfigError(
            f"feeder {circuit.Name}: no load is connected from one phase to neutral, so that there is nowhere to put a "
            "120/240 V service; an ungrounded delta has no line-to-neutral voltage"
        )
    command(context, f"new linecode.derbench_drop nphases=2 {_DROP}")
    for load in found:
        _add_service(context, load)
    command(context, "makebuslist")
    for load in found:
        for bus in (f"x_{load.name}", f"s_{load.name}"):
            command(context, f"setkvbase bus={bus} kvln={_LEG_KV}")
    return len(found)


def _primary_loads(circuit: Any) -> Iterator[_PrimaryLoad]:
    for load in inventory.each(circuit.Loads):
        bus, nodes = inventory.split_bus(circuit.ActiveCktElement.BusNames[0], int(circuit.ActiveCktElement.NumPhases))
        power_kw, power_kva = float(load.kW), math.hypot(load.kW, load.kvar)
        if len(nodes) == 1 and not load.IsDelta and load.kV > 1.0 and power_kw > 0.0:
            yield _PrimaryLoad(load.Name.lower(), bus, nodes[0], float(load.kV), power_kw, power_kva)


def _add_service(context: Any, load: _PrimaryLoad) -> None:
    pole, service = f"x_{load.name}", f"s_{load.name}"
    kva = pole_kva(load.kva)
    drop_m = DROP_M / max(1.0, load.kw / HOME_KW)
    for text in (
        f"new transformer.{pole} phases=1 windings=3 buses=[{load.bus}.{load.phase} {pole}.1.0 {pole}.0.2] "
        f"kvs=[{load.kv:g} {_LEG_KV} {_LEG_KV}] kvas=[{kva:g} {kva:g} {kva:g}] %imag=0.5 %rs=[0.6 1.2 1.2] "
        "%noloadloss=0.2 xhl=2.04 xht=2.04 xlt=1.36",
        f"new line.{service} bus1={pole}.1.2 bus2={service}.1.2 linecode=derbench_drop length={drop_m:.4g} units=m",
        f"load.{load.name}.bus1={service}.1.2 phases=2 conn=wye kv=0.208",
    ):
        command(context, text)


def pole_kva(load_kva: float) -> float:
    """Return the smallest common transformer that the load fills to no more than 80 %, or the largest there is."""
    return next((size for size in POLE_KVA if load_kva <= _LOADING * size), POLE_KVA[-1])
