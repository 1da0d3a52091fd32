"""Binds the inverters whose volt-var is held against what another source measures."""

import math
from collections.abc import Mapping
from typing import Any

from bench.assembly.places import FeederPlaces
from bench.config import BenchFile
from bench.plant.terminals import Terminal
from bench.truth.volt_var_unit import VoltVarUnit


def make_volt_var_units(
    config: BenchFile, places: FeederPlaces, drivers: Mapping[str, Any], terminals: Mapping[str, Terminal]
) -> dict[str, VoltVarUnit]:
    """Bind every inverter at a terminal."""
    units = {}
    for terminal in terminals.values():
        name = terminal.device
        plate, scale = drivers[name].read_nameplate(), places.terminal(name).power_scale / 1000.0
        phase_v = plate.v_nom_v / (math.sqrt(3.0) if places.phases(name) > 1 else 1.0)
        accuracy_pu = config.devices[name].accuracy_pct / 100.0
        units[name] = VoltVarUnit(drivers[name], terminal.vars, plate.va_max_va * scale, phase_v, accuracy_pu)
    return units
