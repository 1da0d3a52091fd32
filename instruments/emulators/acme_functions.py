"""Functions of IEEE 1547-2018 as an Acme inverter has them: registers 52 ff. of its readings, 1010 ff. of its settings.

What follows a characteristic is held until it is switched on, and acts from there; trips act once they are taken over,
by a register of their own each. Frequencies are in mHz above 40 Hz.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from instruments.emulators.acme_bank import Behind, Cell, Words, long, short, signed
from instruments.emulators.modbus_server import ILLEGAL_VALUE, ModbusRefusal

TENTHS, THOUSANDTHS, HUNDREDTHS = 10.0, 1000.0, 100.0
SHARE_OF_VA, SHARE_OF_W = 3, 0
"""What a response is in per cent of: DeptRef of the SunSpec models behind."""
DROOP = 711
NEXT = 2
"""Set of the models behind that is written."""
LOWEST_HZ = 40.0
INJECTING, ABSORBING = 1, 2
SWITCHES = {0: ("WMaxLimPctEna",), 1: ("PFWInjEna", "PFWAbsEna"), 2: ("VarSetEna",)}
"""Commands by the bit of register 1010 that switches them."""
STAGED_SWITCHES = {3: 706, 4: 712, 5: 711}
"""Characteristics by the bit of register 1010 that switches them."""
CONTROL_MODES = (0, 3, 2, 4, 9, 10, 7, 8, 12, 13, 5)
"""Bits of CtrlModes behind, in the order of register 67: limit, power factor, vars, volt-var, watt-var, volt-watt,
undervoltage, overvoltage, underfrequency and overfrequency trips, droop."""
CONFIGURED = ("WMax", "WMaxOvrExt", "WMaxUndExt", "VAMax", "VarMaxInj", "VarMaxAbs", "WChaRteMax", "VAChaRteMax")


@dataclass(frozen=True)
class Coding:
    """How a register codes one unit of the model behind: counts, sign, and where it begins."""

    count: float
    is_signed: bool = False
    sense: float = 1.0
    begins: float = 0.0
    size: int = 1

    def words(self, value: float) -> Words:
        """Code a value, the low word first."""
        raw = round(self.sense * (value - self.begins) * self.count) if math.isfinite(value) else 0
        return [raw >> 16 * place & 0xFFFF for place in range(self.size)]

    def value(self, words: Words) -> float:
        """Decode one."""
        raw = signed(words[0]) if self.is_signed else sum(word << 16 * place for place, word in enumerate(words))
        return self.sense * raw / self.count + self.begins


VOLTS, SHARE_OUT = Coding(TENTHS), Coding(TENTHS, True, -1.0)
"""Per cent of rated voltage; per cent that count as positive where they flow in."""
HERTZ, SECONDS, TENTHS_S = Coding(THOUSANDTHS, begins=LOWEST_HZ), Coding(1.0), Coding(TENTHS)
LONG_S, FINE_S = Coding(1.0, size=2), Coding(HUNDREDTHS, size=2)
MILLI = Coding(THOUSANDTHS)


class Staged:
    """Values that are held until they are adopted: a set of one of the models 705 to 712 behind."""

    def __init__(self, behind: Behind, model_id: int, names: Sequence[str], header: Mapping[str, float]) -> None:
        """Take the names of all of its points, and what else has to stand in the set."""
        self._behind, self._model_id, self._names, self._header = behind, model_id, names, header
        self._group, self._handshake = ("Ctl", "AdptCtl") if model_id == DROOP else ("Crv", "AdptCrv")
        self._new = dict[str, float]()

    def cell(self, name: str, coding: Coding) -> Cell:
        """Return registers that hold a point of the set."""

        def put(words: Words) -> None:
            self._new[name] = coding.value(words)

        return Cell(coding.size, lambda: coding.words(self._held(name)), put)

    def adopt(self) -> None:
        """Take over what is new; raises ModbusRefusal where the equipment does not."""
        if not self._new:
            return
        values = {**self._header, **{name: self._held(name) for name in self._names}}
        for name, value in values.items():
            self._behind.put(self._model_id, f"{self._group}[{NEXT}].{name}", value)
        self._behind.put(self._model_id, f"{self._handshake}Req", NEXT)
        results = [self._behind.number(self._model_id, f"{self._handshake}Rslt") for _ in range(3)]
        require(results[-1] == 1.0)
        self._new.clear()

    def switch(self, on: bool) -> None:
        """Take over what is new, and switch the function."""
        if on:
            self.adopt()
        self._behind.put(self._model_id, "Ena", int(on))

    @property
    def is_on(self) -> bool:
        """Whether the function is on."""
        return self._behind.number(self._model_id, "Ena") == 1.0

    def _held(self, name: str) -> float:
        return self._new.get(name, self._behind.number(self._model_id, f"{self._group}[1].{name}"))


def points(axes: Sequence[str], corners: int, group: str = "") -> list[str]:
    """Name the points of a curve behind, corner by corner."""
    return [f"{group}Pt[{n}].{axis}" for n in range(1, corners + 1) for axis in axes]


def function_readings(behind: Behind) -> dict[int, Cell]:
    """Return the input registers of the nameplate and of what the inverter can do."""

    def rating(name: str, count: float = 1.0) -> Cell:
        return long(lambda: behind.number(702, name) * count)

    def categories() -> float:
        return int(behind.number(702, "NorOpCatRtg")) | int(behind.number(702, "AbnOpCatRtg")) << 2

    def modes() -> float:
        held = int(behind.number(702, "CtrlModes"))
        return sum((held >> bit & 1) << place for place, bit in enumerate(CONTROL_MODES))

    return {
        52: rating("WOvrExtRtg"),
        54: short(lambda: behind.number(702, "WOvrExtRtgPF") * THOUSANDTHS),
        55: rating("WUndExtRtg"),
        57: short(lambda: behind.number(702, "WUndExtRtgPF") * THOUSANDTHS),
        58: rating("VAChaRteMaxRtg"),
        60: rating("VMaxRtg", HUNDREDTHS),
        62: rating("VMinRtg", HUNDREDTHS),
        64: rating("ReactSusceptRtg", THOUSANDTHS),
        66: short(categories),
        67: short(modes),
    }


def function_settings(behind: Behind) -> dict[int, Cell]:
    """Return the holding registers of all functions but volt-var."""
    staged = {
        706: Staged(behind, 706, [*points(("V", "W"), 2), "RspTms"], {"ActPt": 2, "DeptRef": SHARE_OF_W}),
        712: Staged(behind, 712, points(("W", "Var"), 6), {"ActPt": 6, "DeptRef": SHARE_OF_VA}),
        711: Staged(behind, 711, ("DbOf", "DbUf", "KOf", "KUf", "RspTms", "PMin"), {}),
    }
    return {
        1010: _switches(behind, staged),
        **_commands(behind),
        **_service(behind),
        **_row(1120, staged[706], points(("V", "W"), 2), (VOLTS, Coding(TENTHS)) * 2),
        1124: staged[706].cell("RspTms", TENTHS_S),
        **_row(1130, staged[712], points(("W", "Var"), 6), (SHARE_OUT,) * 12),
        **_row(1150, staged[711], ("DbOf", "DbUf", "KOf", "KUf"), (MILLI,) * 4),
        1154: staged[711].cell("RspTms", TENTHS_S),
        1155: staged[711].cell("PMin", SHARE_OUT),
        **_trips(behind),
        **{1200 + 2 * n: _number(behind, 702, name, LONG_S) for n, name in enumerate(CONFIGURED)},
        1216: _number(behind, 702, "VNom", FINE_S),
        1220: Cell(1, lambda: [0], lambda words: _reset(behind, words)),
    }


def _row(first: int, staged: Staged, names: Sequence[str], codings: Sequence[Coding]) -> dict[int, Cell]:
    return {first + n: staged.cell(*pair) for n, pair in enumerate(zip(names, codings, strict=True))}


def _number(behind: Behind, model_id: int, name: str, coding: Coding) -> Cell:
    return Cell(
        coding.size,
        lambda: coding.words(behind.number(model_id, name)),
        lambda words: behind.put(model_id, name, coding.value(words)),
    )


def _switches(behind: Behind, staged: Mapping[int, Staged]) -> Cell:
    """Return the register whose bits switch functions; what a bit already says is left alone."""
    turns: dict[int, tuple[Callable[[], bool], Callable[[bool], None]]] = {
        **{bit: (_command_is_on(behind, names), _switch_command(behind, names)) for bit, names in SWITCHES.items()},
        **{bit: (_is_on(staged[model]), staged[model].switch) for bit, model in STAGED_SWITCHES.items()},
    }

    def held() -> Words:
        return [sum(is_on() << bit for bit, (is_on, _) in turns.items())]

    def put(words: Words) -> None:
        require(words[0] < 1 << len(turns))
        changed = words[0] ^ held()[0]
        for bit, (_, switch) in turns.items():
            if changed >> bit & 1:
                switch(bool(words[0] >> bit & 1))

    return Cell(1, held, put)


def _is_on(staged: Staged) -> Callable[[], bool]:
    return lambda: staged.is_on


def _command_is_on(behind: Behind, names: Sequence[str]) -> Callable[[], bool]:
    return lambda: behind.number(704, names[0]) == 1.0


def _switch_command(behind: Behind, names: Sequence[str]) -> Callable[[bool], None]:
    def switch(on: bool) -> None:
        for name in names:
            if not math.isnan(behind.number(704, name)):  # one without storage has not all of them
                behind.put(704, name, int(on))

    return switch


def _commands(behind: Behind) -> dict[int, Cell]:
    def factor(words: Words) -> None:
        for mode in _power_factors(behind):
            behind.put(704, f"{mode}.PF", MILLI.value(words))

    def excitation(words: Words) -> None:
        require(words[0] in {INJECTING, ABSORBING})
        for mode in _power_factors(behind):
            behind.put(704, f"{mode}.Ext", words[0] - INJECTING)

    def end_after(words: Words) -> None:
        behind.put(704, "WMaxLimPctEnaRvrt", 0)
        behind.put(704, "WMaxLimPctRvrtTms", LONG_S.value(words))

    def vars_(words: Words) -> None:
        behind.put(704, "VarSetMod", SHARE_OF_VA)
        behind.put(704, "VarSetPct", SHARE_OUT.value(words))

    return {
        1011: _number(behind, 704, "WMaxLimPct", Coding(TENTHS)),
        1012: Cell(2, lambda: LONG_S.words(behind.number(704, "WMaxLimPctRvrtTms")), end_after),
        1014: Cell(1, lambda: MILLI.words(behind.number(704, "PFWInj.PF")), factor),
        1015: Cell(1, lambda: [int(behind.number(704, "PFWInj.Ext")) + INJECTING], excitation),
        1016: Cell(1, lambda: SHARE_OUT.words(behind.number(704, "VarSetPct")), vars_),
    }


def _power_factors(behind: Behind) -> list[str]:
    return [mode for mode in ("PFWInj", "PFWAbs") if behind.number(704, f"{mode}Ena") in {0.0, 1.0}]


def _service(behind: Behind) -> dict[int, Cell]:
    codings = {"ESVLo": VOLTS, "ESVHi": VOLTS, "ESHzLo": HERTZ, "ESHzHi": HERTZ}
    codings |= {"ESDlyTms": SECONDS, "ESRmpTms": SECONDS, "ESRndTms": SECONDS}
    return {1020 + n: _number(behind, 703, *pair) for n, pair in enumerate(codings.items())}


def _trips(behind: Behind) -> dict[int, Cell]:
    """Return level and time of both stages of each trip, and what has them taken over."""
    cells: dict[int, Cell] = {}
    for n, (model_id, axis, coding) in enumerate(
        ((708, "V", VOLTS), (707, "V", VOLTS), (710, "Hz", HERTZ), (709, "Hz", HERTZ))
    ):
        names = points((axis, "Tms"), 2, "MustTrip.")
        staged = Staged(behind, model_id, names, {"MustTrip.ActPt": 2})
        places = dict(zip((0, 1, 3, 4), zip(names, (coding, FINE_S) * 2, strict=True), strict=True))
        cells |= {1160 + 6 * n + place: staged.cell(*pair) for place, pair in places.items()}
        cells[1184 + n] = Cell(1, lambda: [0], _take_over(staged))
    return cells


def _take_over(staged: Staged) -> Callable[[Words], None]:
    def put(words: Words) -> None:
        require(words[0] == 1)
        staged.adopt()

    return put


def _reset(behind: Behind, words: Words) -> None:
    require(words[0] == 1)
    behind.put(715, "AlarmReset", 1)


def require(acceptable: bool) -> None:
    """Raise ModbusRefusal for a value that the inverter does not take."""
    if not acceptable:
        raise ModbusRefusal(ILLEGAL_VALUE)
