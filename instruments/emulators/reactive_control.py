"""Constant power factor and constant reactive power of emulated equipment: points of SunSpec model 704.

Over-excited equipment injects vars, under-excited absorbs them. The modes of reactive power exclude each other: one
that is switched on switches the others off (IEEE 1547-2018 5.3.1).
"""

from collections.abc import Callable
from dataclasses import dataclass

from instruments.emulators.der_model import DerModel
from instruments.emulators.faults import FaultSet
from instruments.emulators.modbus_server import ILLEGAL_VALUE, ModbusRefusal
from instruments.emulators.sunspec_image import ModelImage
from instruments.readings import Nameplate

OVER_EXCITED, UNDER_EXCITED = 0, 1
PCT_OF_VAR, PCT_OF_VA, VARS = 1, 3, 4
"""VarSetMod: VarSetPct in per cent of rated vars or of rated VA, or VarSet in var."""
PCT = 100.0
RESPONSE_S = 5.0
"""Open-loop response time of commands, half of what IEEE 1547-2018 5.3.2 and 5.3.5 leave."""
WITH_POWER_FACTOR = ("PFWInj", "PFWAbs")
INITIAL = {
    **{"PF_SF": -3, "PFWInjEna": 0, "PFWInj.PF": 1.0, "PFWInj.Ext": OVER_EXCITED},
    **{"VarSet_SF": 0, "VarSetPct_SF": -1, "VarSetEna": 0, "VarSetMod": PCT_OF_VA, "VarSet": 0, "VarSetPct": 0.0},
}
WITH_STORAGE = {"PFWAbsEna": 0, "PFWAbs.PF": 1.0, "PFWAbs.Ext": OVER_EXCITED}


@dataclass(frozen=True)
class ReactiveDefect:
    """How a device takes commands of reactive power otherwise than it should.

    `sign`: of what is commanded; `power_factor`: what it keeps, whatever it is told; `of_rated_vars`: it takes shares
    of rated VA for shares of rated vars; `response`: its response time, as a multiple; `least_power_pu`: below that
    share of rated active power it gives no vars; `stays`: it acknowledges that a mode is off, and goes on;
    `absorbs_none`: it gives no vars where it is to absorb some. While it absorbs active power, one that `turns` takes
    the excitation the other way round, one that is `idle` gives no vars.
    """

    sign: float = 1.0
    power_factor: float | None = None
    of_rated_vars: bool = False
    response: float = 1.0
    least_power_pu: float = 0.0
    stays: bool = False
    absorbs_none: bool = False
    turns: bool = False
    idle: bool = False


SOUND = ReactiveDefect()


def reactive_defect(faults: FaultSet, time_s: float) -> ReactiveDefect:
    """Return what is wrong with commands of reactive power at a moment."""
    if faults.is_empty:
        return SOUND
    factor, slow = faults.active("wrong-power-factor", time_s), faults.active("slow-vars", time_s)
    idle = faults.active("no-vars-at-low-power", time_s)
    return ReactiveDefect(
        sign=-1.0 if faults.active("var-wrong-sign", time_s) else 1.0,
        power_factor=factor.value if factor else None,
        of_rated_vars=faults.active("wrong-var-base", time_s) is not None,
        response=slow.value if slow else SOUND.response,
        least_power_pu=idle.value if idle else SOUND.least_power_pu,
        stays=faults.active("vars-stay-on", time_s) is not None,
        absorbs_none=faults.active("absorbs-no-vars", time_s) is not None,
        turns=faults.active("excitation-turns-round", time_s) is not None,
        idle=faults.active("no-vars-while-absorbing", time_s) is not None,
    )


class ReactiveControl:
    """What model 704 holds of reactive power; `exclusive` switches the characteristics off that also command vars.

    `defect` tells what is wrong with it at this moment.
    """

    def __init__(
        self,
        model: ModelImage,
        nameplate: Nameplate,
        der: DerModel,
        exclusive: Callable[[], None],
        defect: Callable[[], ReactiveDefect] = lambda: SOUND,
        configured: Callable[[], Nameplate] | None = None,
    ) -> None:
        """Take whom to ask what its ratings are configured to now; by themselves they are what they are."""
        self._configured = configured or (lambda: nameplate)
        self._model, self._nameplate, self._der, self._exclusive = model, nameplate, der, exclusive
        self._defect, self._applied, self._absorbs = defect, SOUND, False
        self._acting: frozenset[str] = frozenset()
        model.set(INITIAL | (WITH_STORAGE if nameplate.charge_max_w > 0 else {}))
        self.apply()

    def advance(self) -> None:
        """Go over to what holds while active power is absorbed, and back; let a defect begin or end."""
        absorbs = sum(self._der.power.p_w) < 0.0
        if absorbs != self._absorbs or self._defect() != self._applied or self._applied.least_power_pu:
            self._absorbs = absorbs
            self.apply()

    def written(self, names: frozenset[str]) -> None:
        """Take note of the points that a client wrote; raises ModbusRefusal for what the equipment cannot do."""
        factors = [self._model.get(f"{mode}.PF") for mode in self._factors]
        if not all(0.0 < factor <= 1.0 for factor in factors) or abs(self._model.get("VarSetPct")) > PCT:
            raise ModbusRefusal(ILLEGAL_VALUE)
        if any(f"{mode}Ena" in names and self._on(mode) for mode in self._factors):
            self._model.set({"VarSetEna": 0})
            self._exclusive()
        if "VarSetEna" in names and self._on("VarSet"):
            self._model.set({f"{mode}Ena": 0 for mode in self._factors})
            self._exclusive()
        self.apply()

    def disable(self) -> None:
        """Switch all modes off, as equipment does when an exclusive function is switched on."""
        self._model.set({f"{mode}Ena": 0 for mode in (*self._factors, "VarSet")})
        self.apply()

    @property
    def _factors(self) -> tuple[str, ...]:
        return WITH_POWER_FACTOR if self._nameplate.charge_max_w > 0 else WITH_POWER_FACTOR[:1]

    def _on(self, mode: str) -> bool:
        return self._model.get(f"{mode}Ena") == 1

    def apply(self) -> None:
        """Command OpenDER what the registers have, by the ratings and the defects of this moment."""
        defect = self._applied = self._defect()
        on = frozenset(filter(self._on, (*self._factors, "VarSet")))
        self._acting = on or self._acting if defect.stays else on
        mode = self._factors[-1] if self._absorbs else "PFWInj"
        injects = (self._model.get(f"{mode}.Ext") == OVER_EXCITED) == (defect.sign > 0)
        least_w = defect.least_power_pu * self._nameplate.p_max_w
        idle = defect.idle and self._absorbs
        gives = not idle and (not least_w or sum(self._der.power.p_w) >= least_w)
        follows = self._absorbs and not defect.turns
        self._der.configure(
            CONST_PF_MODE_ENABLE=mode in self._acting,
            CONST_PF=1.0 if idle else defect.power_factor or self._model.get(f"{mode}.PF"),
            # OpenDER's excitation turns round with the sign of active power, that of SunSpec does not.
            CONST_PF_EXCITATION="INJ" if injects != follows else "ABS",
            CONST_Q_MODE_ENABLE="VarSet" in self._acting,
            CONST_Q=self._commanded_pu(defect) if gives else 0.0,
            CONST_PF_RT=RESPONSE_S * defect.response,
            CONST_Q_RT=RESPONSE_S * defect.response,
        )

    def _commanded_pu(self, defect: ReactiveDefect) -> float:
        given_pu = defect.sign * self._var_pu(defect.of_rated_vars)
        return max(given_pu, 0.0) if defect.absorbs_none else given_pu

    def _var_pu(self, of_rated_vars: bool) -> float:
        plate = self._configured()
        if self._model.get("VarSetMod") == VARS:
            return float(self._model.get("VarSet")) / plate.va_max_va
        share = float(self._model.get("VarSetPct")) / PCT
        if self._model.get("VarSetMod") != PCT_OF_VAR and not of_rated_vars:
            return share
        return share * (plate.q_max_injected_var if share > 0 else plate.q_max_absorbed_var) / plate.va_max_va
