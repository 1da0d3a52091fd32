"""What can be wrong inside an OpenDER model: its own functions, given other arguments or other results at a moment."""

from dataclasses import dataclass
from typing import Any

import opender

from instruments.emulators.faults import FaultSet


@dataclass(frozen=True)
class ActivePowerDefect:
    """How active power is worked out otherwise than it should be.

    The droop begins at rated power, or is held under the limit of active power, or volt-watt is left out while low
    frequency asks for more. `overlooks_s`: for so long the grid may leave the criteria of entering service unnoticed.
    """

    droops_from_rating: bool = False
    limits_droop: bool = False
    droop_before_volt_watt: bool = False
    overlooks_s: float = 0.0


SOUND = ActivePowerDefect()


def active_power_defect(faults: FaultSet, time_s: float) -> ActivePowerDefect:
    """Return what is wrong with active power at a moment."""
    overlooks = faults.active("overlooks-interruptions", time_s)
    return ActivePowerDefect(
        droops_from_rating=faults.active("droop-from-the-wrong-base", time_s) is not None,
        limits_droop=faults.active("wrong-priority", time_s) is not None,
        droop_before_volt_watt=faults.active("droop-before-volt-watt", time_s) is not None,
        overlooks_s=overlooks.value if overlooks else SOUND.overlooks_s,
    )


class ActivePowerDefects:
    """Stands between an OpenDER model and its functions of active power; `now` is what is wrong at this moment."""

    def __init__(self, der: Any) -> None:
        self.now = SOUND
        self._der = der
        self._droop, self._criteria = der.activepowerfunc.freqdroop, der.opstatus.enterservicecrit
        self._droop_power = self._droop.calculate_p_pf_pu
        self._volt_watt_limit = der.activepowerfunc.voltwatt.calculate_p_pv_limit_pu
        self._delayed = self._criteria.vft_delay.con_del_enable
        self._away_s = 0.0
        self._droop.calculate_p_pf_pu = self._droop_from_its_base
        der.activepowerfunc.voltwatt.calculate_p_pv_limit_pu = self._voltage_limit
        self._criteria.vft_delay.con_del_enable = self._waited

    def _droop_from_its_base(self, p_out_w: float, *limits: float) -> Any:
        """Let the droop take the power of before the disturbance, or what a defective one takes in its place."""
        if self.now.droops_from_rating:
            self._droop.p_pf_pre_pu_prev = 1.0
            p_out_w = self._der.der_file.NP_P_MAX
        power_pu, under, over = self._droop_power(p_out_w, *limits)
        return (min(power_pu, limits[0]) if self.now.limits_droop else power_pu), under, over

    def _voltage_limit(self) -> float:
        limit = float(self._volt_watt_limit())
        return 1.0 if self.now.droop_before_volt_watt and self._droop.pf_uf_active else limit

    def _waited(self, inside: bool, delay_s: float) -> Any:
        """Count the delay of entering service from when the grid came inside; a defective one overlooks a moment."""
        self._away_s = 0.0 if inside else self._away_s + opender.DER.t_s
        return self._delayed(inside or self._away_s < self.now.overlooks_s, delay_s)
