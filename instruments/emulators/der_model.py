"""One step of an EPRI OpenDER model on an electrical node, with its traps fenced off.

The step length is a global of OpenDER's base class, so it is set before every run; angles are always passed; its
messages on the root logger, one each step at a limit, are dropped; its settings, which it takes over anew in every
step, it takes over when they change.
"""

import logging
import math
from types import SimpleNamespace
from typing import Any

import opender

from instruments.emulators.der_defects import ActivePowerDefects
from instruments.emulators.electrical import ElectricalNode, PhasePower
from instruments.readings import Nameplate

TRIPPED = "Trip"
ENTERING = "Entering Service"
IN_SERVICE = frozenset({"Continuous Operation", "Mandatory Operation", "Permissive Operation", ENTERING})
NOMINAL_HZ = 60.0
_FOLLOWS = "the behaviour model has the grid's angle and frequency at once, no phase-locked loop that could lose them"
UNREPRESENTED = {"change of phase angle": _FOLLOWS, "rate of change of frequency": _FOLLOWS}
"""What OpenDER has nothing of, and so cannot fail at, with why."""


def _not_from_opender(record: logging.LogRecord) -> bool:
    return "opender" not in record.pathname


logging.getLogger().addFilter(_not_from_opender)


def settings(nameplate: Nameplate, phases: int) -> dict[str, Any]:
    """OpenDER keyword settings of a nameplate; the voltage base is line to line, or that of the one pair.

    Vars are available at any active power, night included, as the vectorised population has them: OpenDER's default
    gives none below 5 % of rated power.
    """
    return {
        "NP_PHASE": "THREE" if phases > 1 else "SINGLE",
        "NP_AC_V_NOM": nameplate.v_nom_v,
        "NP_P_MAX": nameplate.p_max_w,
        "NP_VA_MAX": nameplate.va_max_va,
        "NP_Q_MAX_INJ": nameplate.q_max_injected_var,
        "NP_Q_MAX_ABS": nameplate.q_max_absorbed_var,
        "NP_P_MAX_CHARGE": nameplate.charge_max_w or nameplate.p_max_w,
        "NP_APPARENT_POWER_CHARGE_MAX": nameplate.va_max_va,
        "NP_NORMAL_OP_CAT": f"CAT_{nameplate.category}",
        "NP_Q_CAPABILITY_LOW_P": "SAME",
        "NP_ABNORMAL_OP_CAT": f"CAT_{nameplate.abnormal}",
    }


class DerModel:
    """A photovoltaic inverter, or with `storage` one whose DC side delivers and absorbs."""

    def __init__(self, phases: int, storage: bool, **opender_settings: Any) -> None:
        self.phases = phases
        self.storage = storage
        kind = opender.DER_BESS if storage else opender.DER_PV
        self._der: Any = kind(**opender_settings)
        self._take_over = self._der.exec_delay.mode_and_execution_delay
        # Its parts hold the original, which keeps the settings; only the step itself asks here.
        self._der.exec_delay = SimpleNamespace(mode_and_execution_delay=self._take_over_changes)
        self.defects = ActivePowerDefects(self._der)
        self._is_changed = True
        """Whether settings may differ from those that were taken over last."""
        self.power = PhasePower((0.0,) * phases, (0.0,) * phases)
        self.volt_var_looks_at: int | None = None
        """The only phase whose voltage the functions of voltage see, where that is so by a defect."""

    def run(self, node: ElectricalNode, p_dc_w: float, dt_s: float) -> None:
        """Advance by `dt_s` with the node's voltage and frequency and a DC power that is available or asked for."""
        opender.DER.t_s = dt_s
        voltage: Any = list(node.voltage_v) if self.phases > 1 else node.voltage_v[0]
        angles = [math.radians(angle) for angle in node.angle_deg]
        source = {"p_dem_w" if self.storage else "p_dc_w": p_dc_w}
        self._der.update_der_input(v=voltage, theta=angles, f=node.frequency_hz, **source)
        self._see(node)
        p_w, q_var = self._der.run()
        self.power = PhasePower((float(p_w) / self.phases,) * self.phases, (float(q_var) / self.phases,) * self.phases)

    def _see(self, node: ElectricalNode) -> None:
        """Let OpenDER take the mean of all phases, or hand it the one phase; its trips see all phases anyhow."""
        phase, file = self.volt_var_looks_at, self._der.der_file
        # Its setter knows no other than AVG and POS; with neither it keeps the voltage that it is given.
        file._NP_V_MEAS_UNBALANCE = "AVG" if phase is None else ""
        if phase is not None and self.phases > 1:
            self._der.der_input.v_meas_pu = node.voltage_v[phase] * math.sqrt(3.0) / file.NP_AC_V_NOM

    @property
    def status(self) -> str:
        """Operating status in the words of OpenDER: Continuous Operation, Trip, Momentary Cessation and others."""
        return str(self._der.der_status)

    @property
    def connected(self) -> bool:
        """Whether the equipment has not tripped."""
        return self.status != TRIPPED

    @property
    def running(self) -> bool:
        """Whether the equipment delivers, or would with a source."""
        return self.status in IN_SERVICE

    @property
    def entering_service(self) -> bool:
        """Whether the equipment ramps up after it was permitted to be in service again."""
        return self.status == ENTERING

    @property
    def droops(self) -> bool:
        """Whether frequency commands active power, or the way back from that is not over yet."""
        droop = self._der.activepowerfunc.freqdroop
        return bool(droop.pf_uf_active or droop.pf_of_active)

    @property
    def state_of_charge_pu(self) -> float:
        """State of charge of a storage model."""
        return float(self._der.bess_soc)

    def setting(self, name: str) -> float:
        """Return a setting by its OpenDER name."""
        return float(getattr(self._der.der_file, name))

    def configure(self, **opender_settings: Any) -> None:
        """Change settings by their OpenDER names; they hold from the next step."""
        for name, value in opender_settings.items():
            if getattr(self._der.der_file, name) != value:
                setattr(self._der.der_file, name, value)
                self._is_changed = True

    def _take_over_changes(self) -> None:
        """Let OpenDER take its settings over where they differ, or are under way with a delay of a step or more."""
        delayed = opender.DER.t_s <= self._der.der_file.NP_SET_EXE_TIME
        if self._is_changed or delayed:
            self._take_over()
            self._is_changed = delayed
