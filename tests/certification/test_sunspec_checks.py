"""Each check of a SunSpec interface passes the emulated inverter and finds what is wrong with a broken one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bench.certification.sunspec import traffic
from bench.certification.sunspec.checks import CHECKS
from bench.certification.sunspec.image import Address
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.host import EmulatorHost
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_server import ILLEGAL_VALUE, ModbusRefusal, ModbusServer, RegisterBank
from instruments.emulators.sunspec_image import BASE, SunSpecImage
from instruments.errors import TransportError
from instruments.transports.modbus_frames import ModbusFrames
from tests.instruments.sunspec_bench import serving

Reads = Callable[[int, list[int]], list[int]]
UNIT = 1
LONGEST = 2000
"""Registers, more than the chain has."""


class Broken:
    """The inverter's registers, with its answers and refusals bent."""

    def __init__(self, inside: SunSpecImage, reads: Reads | None = None, accepts: bool = False) -> None:
        self.inside, self._reads, self._accepts = inside, reads, accepts
        self.kept: dict[int, int] = {}

    def read(self, address: int, count: int) -> list[int]:
        words = self.inside.read(address, count)
        words = [self.kept.get(address + n, word) for n, word in enumerate(words)]
        return self._reads(address, words) if self._reads else words

    def write(self, address: int, values: list[int]) -> None:
        try:
            self.inside.write(address, values)
        except ModbusRefusal:
            if not self._accepts:
                raise
            self.kept |= {address + n: value for n, value in enumerate(values)}


def emulated() -> InverterEmulator:
    node = ElectricalNode(3)
    node.apply((120.0,) * 3)
    inverter = InverterEmulator("inverter", 25.0, v_nom_v=208.0, node=node)
    inverter.advance(1.0)
    return inverter


def image() -> SunSpecImage:
    return emulated().registers


@contextmanager
def at(bank: RegisterBank) -> Iterator[Address]:
    with serving(unit_1=bank) as wire:
        yield Address(*wire.address, UNIT)


def place(registers: SunSpecImage, model_id: int, name: str) -> int:
    model = registers.model(model_id)
    return model.address + model.layout.points[name].offset


def instead(where: int, words: list[int]) -> Reads:
    """Answer with other words from a register on."""

    def bent(address: int, answered: list[int]) -> list[int]:
        return [
            words[address + n - where] if 0 <= address + n - where < len(words) else word
            for n, word in enumerate(answered)
        ]

    return bent


@pytest.mark.parametrize("aspect", CHECKS)
def test_the_emulated_inverter_has_nothing_against_it(aspect: str) -> None:
    with at(image()) as address:
        assert list(CHECKS[aspect](address)) == []


@pytest.mark.parametrize(
    ("aspect", "model_id", "point", "words", "told"),
    [
        ("common model", 1, "Mn", [0] * 16, "Mn is empty"),
        ("common model", 1, "SN", [0] * 16, "SN is empty"),
        ("common model", 1, "DA", [9], "states unit 9"),
        ("implementation", 701, "ACType", [0xFFFF], "mandatory ACType of model 701"),
        ("values", 701, "W_SF", [99], "scale factor W_SF of model 701 is 99"),
        ("values", 701, "InvSt", [77], "InvSt of model 701 is 77"),
        ("values", 702, "W_SF", [0x8000], "its scale factor is not implemented"),
    ],
)
def test_what_is_shown_wrongly_is_found(aspect: str, model_id: int, point: str, words: list[int], told: str) -> None:
    registers = image()
    with at(Broken(registers, instead(place(registers, model_id, point), words))) as address:
        found = list(CHECKS[aspect](address))
    assert any(told in text for text in found), f"{aspect} says {found}"


@pytest.mark.parametrize("aspect", ["implementation", "values"])
def test_a_chain_without_an_end_is_found(aspect: str) -> None:
    registers = image()
    end = place(registers, 715, "ID") + registers.model(715).layout.length
    with at(Broken(registers, instead(end, [1, 66]))) as address:
        found = list(CHECKS[aspect](address))
    assert any("does not end" in text for text in found), found


@pytest.mark.parametrize("base", [50000, 0])
def test_the_same_chain_at_a_second_legal_address_is_nothing_against_it(base: int) -> None:
    class Twice(Broken):
        def read(self, address: int, count: int) -> list[int]:
            return super().read(address - base + BASE if 0 <= address - base < LONGEST else address, count)

    with at(Twice(image())) as address:
        assert list(CHECKS["discovery"](address)) == []


@pytest.mark.parametrize("base", [50000, 0])
def test_a_device_at_any_legal_base_address_is_examined_and_driven(base: int) -> None:
    class Moved(Broken):
        def read(self, address: int, count: int) -> list[int]:
            return super().read(address - base + BASE if address >= base else 0, count)

        def write(self, address: int, values: list[int]) -> None:
            super().write(address - base + BASE if address >= base else 0, values)

    with serving(unit_1=Moved(image())) as wire:
        address = Address(*wire.address, UNIT)
        assert [told for aspect in CHECKS for told in CHECKS[aspect](address)] == []
        driver = SunSpecInverter(wire.link())
        driver.limit_power_pct(50.0, 0.0)
        assert driver.identify().serial == "inverter"


@pytest.mark.parametrize("aspect", ["writing", "curve in force"])
def test_what_takes_everything_is_found(aspect: str) -> None:
    with at(Broken(image(), accepts=True)) as address:
        assert list(CHECKS[aspect](address))


def test_a_limit_that_is_swallowed_is_found() -> None:
    class Swallows(Broken):
        def write(self, address: int, values: list[int]) -> None:
            if address != place(self.inside, 704, "WMaxLimPct"):
                super().write(address, values)

    with at(Swallows(image())) as address:
        found = list(CHECKS["writing"](address))
    assert any("holds" in text for text in found), found


def test_a_wrong_exception_is_found() -> None:
    class Vague:
        def __init__(self, inside: SunSpecImage) -> None:
            self.inside = inside

        def read(self, address: int, count: int) -> list[int]:
            try:
                return self.inside.read(address, count)
            except ModbusRefusal:
                raise ModbusRefusal(ILLEGAL_VALUE) from None

        def write(self, address: int, values: list[int]) -> None:
            self.inside.write(address, values)

    with at(Vague(image())) as address:
        found = list(CHECKS["exceptions"](address))
    assert any("registers that there are not" in text for text in found), found


@pytest.mark.parametrize(
    ("fault", "aspect", "told"),
    [
        ("no-marker", "discovery", "no legal base address"),
        ("second-marker", "discovery", "the marker stands at 50000 as well"),
        ("chain-without-end", "implementation", "does not end"),
        ("serial-number-missing", "common model", "SN is empty"),
        ("states-another-unit", "common model", "states unit 99"),
        ("wrong-model-length", "implementation", "model 715 states 8 registers, its definition has 7"),
        ("mandatory-point-missing", "implementation", "mandatory ACType of model 701"),
        ("scale-factor-out-of-range", "values", "scale factor V_SF of model 703 is 99"),
        ("symbol-unknown", "values", "ACType of model 701 is 7"),
        ("read-only-can-be-written", "writing", "is read-only and can be written"),
        ("takes-any-value", "writing", "WMaxLimPct can be, are accepted"),
        ("curve-in-force-can-be-written", "curve in force", "Crv[1].ActPt of model 705 can be written"),
        ("wrong-exception", "exceptions", "registers that there are not is answered with exception 4"),
    ],
)
def test_a_defective_interface_is_found(fault: str, aspect: str, told: str) -> None:
    inverter = emulated()
    inverter.inject(fault)
    with at(inverter.interface) as address:
        found = list(CHECKS[aspect](address))
    assert any(told in text for text in found), f"{aspect} says {found}"


@pytest.mark.parametrize(
    ("fault", "aspect"),
    [
        ("drops-partial-requests", "requests in parts"),
        ("loses-pipelined-requests", "pipelined requests"),
        ("answers-one-client", "several clients"),
    ],
)
def test_requests_that_are_lost_leave_the_examination_without_an_answer(fault: str, aspect: str) -> None:
    inverter = emulated()
    inverter.inject(fault)
    with EmulatorHost() as host:
        address = Address(*ModbusServer(host, {UNIT: inverter.interface}, inverter.has).listen(), UNIT)
        with pytest.raises(TransportError, match="does not answer"):
            list(CHECKS[aspect](address))


def test_a_device_that_takes_few_clients_leaves_no_connection_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sockets are real; that one more is refused is not, for a kernel accepts what a server would not."""
    opened: list[ModbusFrames] = []

    def connected(host: str, port: int) -> ModbusFrames:
        if len(opened) == 2:
            raise TransportError("cannot connect")
        opened.append(ModbusFrames(host, port))
        return opened[-1]

    with at(image()) as address:
        monkeypatch.setattr(traffic, "ModbusFrames", connected)
        with pytest.raises(TransportError, match="cannot connect"):
            list(traffic.several_clients(address))
        assert len(opened) == 2
        for frames in opened:
            with pytest.raises(TransportError, match="takes no more"):
                frames.send(b"to a connection that is closed")
