"""Functions of IEEE 1547-2018 of an emulated inverter as its DNP3 side has them, by the profile of IEEE 1815.2."""

import math
from collections.abc import Callable

from instruments.emulators.contacts import CommandRefused
from instruments.emulators.dnp3_curves import Get, Put
from instruments.emulators.point_bank import Binding, Value

PCT = 100.0
PCT_OF_VA = 3
"""VarSetMod: VarSetPct is in per cent of rated VA."""
SUPPORTED = {
    "supports_pf": 5,
    "supports_ap_limit": 0,
    "supports_pv": 10,
    "supports_const_q": 2,
    "supports_const_pf": 3,
    "supports_qv": 4,
    "supports_qp": 9,
    "supports_voltage_ride_through": 7,
    "supports_frequency_ride_through": 12,
}
"""What the inverter says that it has, by the bit of CtrlModes that says so."""
INJECTED = ("inj", "abs")
DROOP = {"pf_dbof": "DbOf", "pf_dbuf": "DbUf", "pf_kof": "KOf", "pf_kuf": "KUf", "pf_olrt": "RspTms"}
GRADIENTS = frozenset({"pf_kof", "pf_kuf"})


class FunctionPoints:
    """What the profile has of the functions: `bindings`, over the inverter's SunSpec points."""

    def __init__(self, get: Get, put: Put, forget: Callable[[], None]) -> None:
        """Take how they are read and written, and what has the next look find them anew."""
        self._get, self._put, self._forget = get, put, forget
        self.bindings: dict[str, Binding] = {
            **{name: self._supports(bit) for name, bit in SUPPORTED.items()},
            **self._nameplate(),
            **self._service(),
            **self._commands(),
            **self._droop(),
        }

    def _shows(self, model_id: int, name: str, factor: float = 1.0) -> Binding:
        return Binding(lambda: self._get(model_id, name) * factor)

    def _holds(self, model_id: int, name: str) -> Binding:
        return Binding(lambda: self._get(model_id, name), lambda value: self._put(model_id, name, float(value)))

    def _switches(self, model_id: int, *names: str) -> Binding:
        def put(value: Value) -> None:
            for name in names:
                if not math.isnan(self._get(model_id, name)):  # one without storage has not all of them
                    self._put(model_id, name, float(bool(value)))

        return Binding(lambda: self._get(model_id, names[0]) == 1.0, put)

    def _supports(self, bit: int) -> Binding:
        return Binding(lambda: bool(int(self._get(702, "CtrlModes")) >> bit & 1))

    def _nameplate(self) -> dict[str, Binding]:
        return {
            "np_ac_v_min": self._shows(702, "VMinRtg"),
            "np_ac_v_max": self._shows(702, "VMaxRtg"),
            "np_p_max_over_pf": self._shows(702, "WOvrExtRtg"),
            "np_over_pf": self._shows(702, "WOvrExtRtgPF"),
            "np_p_max_under_pf": self._shows(702, "WUndExtRtg"),
            "np_under_pf": self._shows(702, "WUndExtRtgPF"),
            "np_apparent_power_charge_max": self._shows(702, "VAChaRteMaxRtg"),
            "np_reactive_susceptance": self._shows(702, "ReactSusceptRtg"),
        }

    def _service(self) -> dict[str, Binding]:
        return {
            "es_v_high": self._holds(703, "ESVHi"),
            "es_v_low": self._holds(703, "ESVLo"),
            "es_f_high": self._holds(703, "ESHzHi"),
            "es_f_low": self._holds(703, "ESHzLo"),
            "es_delay": self._holds(703, "ESDlyTms"),
            "es_randomized_delay": self._holds(703, "ESRndTms"),
            "es_ramp_rate": self._holds(703, "ESRmpTms"),
        }

    def _commands(self) -> dict[str, Binding]:
        return {
            "ap_limit_enable": self._switches(704, "WMaxLimPctEna"),
            "ap_limit": self._holds(704, "WMaxLimPct"),
            "ap_limit_reversion_time": Binding(lambda: self._get(704, "WMaxLimPctRvrtTms"), self._end_limit),
            "const_q_mode_enable": self._switches(704, "VarSetEna"),
            "const_q": Binding(self._vars_pct, self._set_vars),
            "const_pf_mode_enable": self._switches(704, "PFWInjEna", "PFWAbsEna"),
            "const_pf": self._holds(704, "PFWInj.PF"),
            "const_pf_excitation": Binding(self._excitation, self._excite),
        }

    def _end_limit(self, value: Value) -> None:
        self._put(704, "WMaxLimPctEnaRvrt", 0.0)
        self._put(704, "WMaxLimPctRvrtTms", float(value))

    def _vars_pct(self) -> float:
        share_pct = self._get(704, "VarSetPct")
        return share_pct / self._of_rating(share_pct)

    def _set_vars(self, value: Value) -> None:
        share_pct = float(value)
        self._put(704, "VarSetMod", PCT_OF_VA)
        self._put(704, "VarSetPct", share_pct * self._of_rating(share_pct))

    def _of_rating(self, share_pct: float) -> float:
        most = self._get(702, "VarMaxInj" if share_pct > 0.0 else "VarMaxAbs")
        return most / self._get(702, "VAMaxRtg")

    def _excitation(self) -> str:
        return INJECTED[int(self._get(704, "PFWInj.Ext"))]

    def _excite(self, value: Value) -> None:
        self._put(704, "PFWInj.Ext", float(INJECTED.index(str(value))))

    def _droop(self) -> dict[str, Binding]:
        bindings = {name: self._adopted(name) for name in DROOP}
        return bindings | {"pf_olrt_fall": self._adopted("pf_olrt"), "pf_mode_enable": self._switches(711, "Ena")}

    def _adopted(self, name: str) -> Binding:
        """Return a setting of the droop; it is adopted, with the others as they are, as it is written."""

        def put(value: Value) -> None:
            held = {point: self._get(711, f"Ctl[1].{point}") for point in (*DROOP.values(), "PMin")}
            held[DROOP[name]] = 1.0 / float(value) if name in GRADIENTS else float(value)
            for point, number in held.items():
                self._put(711, f"Ctl[2].{point}", number)
            self._put(711, "AdptCtlReq", 2.0)
            if [self._again(), self._again()][-1] != 1.0:
                raise CommandRefused("it does not adopt the frequency-droop")

        return Binding(lambda: self._seen(name), put)

    def _again(self) -> float:
        """Look at the result of an adoption once more: the second look finds it done."""
        self._forget()
        return self._get(711, "AdptCtlRslt")

    def _seen(self, name: str) -> float:
        held = self._get(711, f"Ctl[1].{DROOP[name]}")
        return 1.0 / held if name in GRADIENTS else held
