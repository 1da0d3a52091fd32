"""SunSpec model 802 of an emulated battery: its limits of charge, its reserve, and whether it is full or empty."""

from dataclasses import dataclass

from instruments.emulators.der_registers import UINT16
from instruments.emulators.modbus_server import ILLEGAL_VALUE, ModbusRefusal
from instruments.emulators.sunspec_image import ModelImage
from instruments.sunspec.layout import scale_exponent

PCT = 100.0
DC_V = 800.0
"""Voltage of its DC bus, which the behaviour model has not."""
LITHIUM_ION, CONNECTED, REMOTE, NO_REQUEST, CONNECT, STARTED = 4, 3, 0, 0, 1, 3
EMPTY, DISCHARGING, CHARGING, FULL, HOLDING = 2, 3, 4, 5, 6
"""ChaSt: charge status."""
AT_REST_PU = 0.01
"""Power up to which it neither charges nor discharges, per unit of its rating."""
AT_END_PU = 0.001
"""So near to full and to empty it says that it is there: what it loses by itself shall not make it take that back."""
INT16 = 32_000


@dataclass(frozen=True)
class BankState:
    """What model 802 shows: the charge that is told, per unit, and power, W, > 0 while discharging."""

    told_pu: float
    power_w: float


class BatteryBank:
    """Holds the reserve that clients set, and tells limits and charge status."""

    def __init__(
        self, model: ModelImage, rating_w: float, capacity_wh: float, self_discharge_pct_per_day: float
    ) -> None:
        self._model, self._rating_w = model, rating_w
        model.set({"AHRtg_SF": 0, "WHRtg_SF": scale_exponent(capacity_wh, UINT16), "DisChaRte_SF": -2})
        power_sf = scale_exponent(rating_w, INT16)
        model.set({"WChaDisChaMax_SF": power_sf, "W_SF": power_sf, "A_SF": -1, "V_SF": -1, "SoC_SF": -2, "SoH_SF": -1})
        model.set({"AHRtg": capacity_wh / DC_V, "WHRtg": capacity_wh, "WChaRteMax": rating_w})
        model.set({"WDisChaRteMax": rating_w, "DisChaRte": self_discharge_pct_per_day, "SoCMax": PCT, "SoCMin": 0.0})
        model.set({"SocRsvMax": PCT, "SoCRsvMin": 0.0, "SoH": PCT, "V": DC_V, "LocRemCtl": REMOTE, "Typ": LITHIUM_ION})
        model.set({"State": CONNECTED, "ReqInvState": NO_REQUEST, "SetOp": CONNECT, "SetInvState": STARTED})
        model.set({"AlmRst": 0, "Evt1": 0, "Evt2": 0, "EvtVnd1": 0, "EvtVnd2": 0, "CellV_SF": -3, "AMax_SF": -1})
        model.on_write = self._written

    @property
    def reserve_pu(self) -> float:
        """What has to stay in it, per unit of capacity."""
        return self._model.get("SoCRsvMin") / PCT

    def publish(self, state: BankState) -> None:
        """Show the state of this moment."""
        values = {"SoC": state.told_pu * PCT, "W": state.power_w, "A": state.power_w / DC_V}
        self._model.set(values | {"ChaSt": self._charge_status(state)})

    def _charge_status(self, state: BankState) -> int:
        if abs(state.power_w) > AT_REST_PU * self._rating_w:
            return DISCHARGING if state.power_w > 0.0 else CHARGING
        if state.told_pu >= 1.0 - AT_END_PU:
            return FULL
        return EMPTY if state.told_pu <= self.reserve_pu + AT_END_PU else HOLDING

    def _written(self, _names: frozenset[str]) -> None:
        lowest, highest = self._model.get("SoCRsvMin"), self._model.get("SocRsvMax")
        if not 0.0 <= lowest <= highest <= PCT or self._model.get("SetOp") != CONNECT:
            raise ModbusRefusal(ILLEGAL_VALUE)
