"""Acme's inverter, battery and meter: what their manuals would say, in front of the emulated equipment.

Power is > 0 where it comes out of the network, and values of several registers have their low word first. The battery's
registers have their bytes exchanged, and its command ends when its watchdog hears no heartbeat.
"""

from instruments.emulators.acme_bank import (
    AcmeBank,
    Behind,
    Cell,
    Words,
    long,
    real,
    real_value,
    real_words,
    short,
    signed,
    text,
)
from instruments.emulators.acme_functions import (
    SECONDS,
    SHARE_OF_VA,
    SHARE_OUT,
    TENTHS_S,
    VOLTS,
    Staged,
    function_readings,
    function_settings,
    points,
    require,
)
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_server import RegisterBank
from instruments.emulators.sunspec_image import BASE, SunSpecImage
from instruments.readings import Nameplate

KILO, PCT = 1000.0, 100.0
ENTER, CEASE = 0x5A5A, 0xA5A5
FOLLOWS = 2
"""Control mode in the two low bits of register 1001: it follows the set-point, in any other not."""
MODE, VOLT_VAR_ON = 0x0003, 0x0100
OFF, STANDBY, STARTING, RUNNING = 0, 1, 2, 3
STATES = {0.0: OFF, 1.0: STANDBY, 2.0: STARTING, 3.0: RUNNING, 4.0: RUNNING}
"""Acme's operating states, by InvSt of model 701."""
CONNECTED, REMOTE = 0x0010, 0x0020
LEGS = (("PhVphA", 100), ("PhVphB", 101), ("PPV", 102))
UNDER_VOLTAGE, OVER_VOLTAGE = 1 << 3, 1 << 6
CORNERS = 4
VOLT_VAR = (*points(("V", "Var"), CORNERS), "RspTms", "VRef", "VRefAutoTms", "VRefAutoEna")
WATTS = 1
"""WSetMod of the SunSpec model behind."""


class _Command:
    """The set-point as Acme holds it, and what becomes of it in the equipment."""

    def __init__(self, behind: Behind) -> None:
        self.behind, self.held = behind, [0, 0]

    def set(self, words: Words, power_w: float) -> None:
        self.behind.put(704, "WSetMod", WATTS)
        self.behind.put(704, "WSet", power_w)
        self.held = words

    def follow(self, follows: bool) -> None:
        self.behind.put(704, "WSetEna", int(follows))

    def end_after(self, seconds: float) -> None:
        self.behind.put(704, "WSetEnaRvrt", 0)
        self.behind.put(704, "WSetRvrtTms", seconds)

    @property
    def follows(self) -> bool:
        return self.behind.number(704, "WSetEna") == 1.0


def inverter_bank(inverter: InverterEmulator) -> RegisterBank:
    """Return what an Acme inverter shows."""
    behind = Behind(inverter.registers, inverter.interface)
    return AcmeBank(
        lambda: inverter.interface.read(BASE, 2),
        _inverter_commands(behind, inverter.nameplate) | function_settings(behind),
        _inverter_readings(behind, inverter.nameplate) | function_readings(behind),
    )


def _inverter_readings(behind: Behind, rating: Nameplate) -> dict[int, Cell]:
    def status() -> float:
        connected = CONNECTED if behind.number(701, "ConnSt") == 1.0 else 0
        remote = REMOTE if behind.number(715, "LocRemCtl") == 0.0 else 0
        return STATES.get(behind.number(701, "InvSt"), OFF) | connected | remote

    return {
        **_identity(behind, 0, "AI 30"),
        40: long(lambda: rating.p_max_w),
        42: long(lambda: rating.va_max_va),
        44: long(lambda: rating.q_max_injected_var),
        46: long(lambda: rating.q_max_absorbed_var),
        48: long(lambda: rating.charge_max_w),
        50: long(lambda: rating.v_nom_v * PCT),
        100: short(status),
        101: long(lambda: -behind.number(701, "W") / 10.0),
        103: long(lambda: -behind.number(701, "Var") / 10.0),
        105: short(lambda: behind.number(701, "VL1") * 10.0),
        106: short(lambda: behind.number(701, "VL2") * 10.0),
        107: short(lambda: behind.number(701, "VL3") * 10.0),
        108: short(lambda: (behind.number(701, "Hz") - 40.0) * KILO),
        109: long(lambda: behind.number(701, "A") * PCT),
        111: long(lambda: behind.number(701, "Alrm")),
        113: long(lambda: behind.number(701, "VA") / 10.0),
    }


def _inverter_commands(behind: Behind, rating: Nameplate) -> dict[int, Cell]:
    command, curve = _Command(behind), Staged(behind, 705, VOLT_VAR, {"ActPt": CORNERS, "DeptRef": SHARE_OF_VA})

    def control() -> Words:
        mode = FOLLOWS if command.follows else 0
        return [mode | (VOLT_VAR_ON if behind.number(705, "Ena") == 1.0 else 0)]

    def set_control(words: Words) -> None:
        require(not words[0] & ~(VOLT_VAR_ON | MODE))
        if (words[0] ^ control()[0]) & VOLT_VAR_ON:
            curve.switch(bool(words[0] & VOLT_VAR_ON))
        command.follow(words[0] & MODE == FOLLOWS)

    def serve(words: Words) -> None:
        require(words[0] in {ENTER, CEASE})
        behind.put(703, "ES", int(words[0] == ENTER))

    def set_point(words: Words) -> None:
        command.set(words, -signed(words[0]) * rating.p_max_w / 1e4)

    return {
        1000: Cell(1, lambda: [ENTER if behind.number(703, "ES") == 1.0 else CEASE], serve),
        1001: Cell(1, control, set_control),
        1002: Cell(1, lambda: command.held[:1], set_point),
        1003: Cell(
            2,
            long(lambda: behind.number(704, "WSetRvrtTms")).get,
            lambda words: command.end_after(words[0] | words[1] << 16),
        ),
        1005: long(lambda: behind.number(704, "WSetRvrtRem")),
        **{1100 + n: curve.cell(f"Pt[{n}].V", VOLTS) for n in range(1, CORNERS + 1)},
        **{1104 + n: curve.cell(f"Pt[{n}].Var", SHARE_OUT) for n in range(1, CORNERS + 1)},
        1109: curve.cell("RspTms", TENTHS_S),
        1110: curve.cell("VRef", VOLTS),
        1111: curve.cell("VRefAutoEna", SECONDS),
        1112: curve.cell("VRefAutoTms", SECONDS),
    }


def battery_bank(battery: BatteryEmulator) -> RegisterBank:
    """Return what an Acme battery shows."""
    behind, rating = Behind(battery.registers), battery.nameplate
    command, watchdog = _Command(behind), [0]
    command.held = real_words(0.0)

    def hear_for(words: Words) -> None:
        watchdog[0] = words[0]
        command.end_after(words[0])

    def beat(_words: Words) -> None:
        command.end_after(watchdog[0])

    def follow(words: Words) -> None:
        require(words[0] in {0, 1})
        command.follow(words[0] == 1)

    holding = {
        **_identity(behind, 500, "AB 25"),
        530: real(lambda: rating.p_max_w / KILO),
        532: real(lambda: rating.charge_max_w / KILO),
        534: real(lambda: battery.capacity_wh / KILO),
        600: real(lambda: -behind.number(714, "DCW") / KILO),
        602: short(lambda: STATES.get(behind.number(701, "InvSt"), OFF)),
        603: short(lambda: behind.number(713, "SoC") * 10.0),
        604: real(lambda: behind.number(713, "WHAvail") / KILO),
        700: Cell(1, lambda: [int(command.follows)], follow),
        701: Cell(2, lambda: command.held, lambda words: command.set(words, -real_value(words) * KILO)),
        703: Cell(1, lambda: [watchdog[0]], hear_for),
        704: Cell(1, lambda: [0], beat),
    }
    return AcmeBank(lambda: battery.registers.read(BASE, 2), holding, exchanged=True)


def meter_bank(registers: SunSpecImage) -> RegisterBank:
    """Return what an Acme meter shows, on one leg or on two."""
    behind, model_id = Behind(registers), registers.ids[1]

    def events() -> float:
        raised = int(behind.number(model_id, "Evt"))
        return int(bool(raised & UNDER_VOLTAGE)) | int(bool(raised & OVER_VOLTAGE)) << 1

    inputs = {
        **_identity(behind, 0, "AM 1"),
        **{at: short(lambda name=name: behind.number(model_id, name) * 10.0) for name, at in LEGS},  # type: ignore[misc]
        103: short(lambda: behind.number(model_id, "Hz") * PCT),
        104: long(lambda: -behind.number(model_id, "W")),
        106: long(lambda: -behind.number(model_id, "VAR")),
        108: long(lambda: behind.number(model_id, "TotWhImp"), 4),
        112: long(lambda: behind.number(model_id, "TotWhExp"), 4),
        116: short(events),
    }
    return AcmeBank(lambda: registers.read(BASE, 2), {}, inputs)


def _identity(behind: Behind, first: int, model: str) -> dict[int, Cell]:
    return {
        first: text("Acme", 8),
        first + 8: text(model, 8),
        first + 16: text(behind.text("Vr"), 4),
        first + 20: text(behind.text("SN"), 8),
    }
