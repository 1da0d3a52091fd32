"""Isolation of a customer's inverter on the wire, from the utility's interface and from the customer's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_server import ModbusRefusal
from instruments.errors import InstrumentError
from instruments.readings import VoltVarCurve
from tests.instruments.sunspec_bench import Wire, serving
from tests.instruments.test_inverter_emulator import RATING_W, running, settle

AVAILABLE_PU = 0.5
IN_SERVICE_S, CEASED_S = 700, 2
"""Seconds after which enter-service delay and ramp are over, and within which an inverter ceases."""


@dataclass(frozen=True)
class Site:
    """An inverter at nominal voltage with half the sun, and the drivers of its two interfaces."""

    emulator: InverterEmulator
    utility: SunSpecInverter
    customer: SunSpecInverter
    wire: Wire

    def delivered_pu(self, seconds: int) -> float:
        return settle(self.emulator, 1.0, seconds)[0]

    def customer_writes(self, model_id: int, point: str, value: int) -> None:
        """Write one register over the customer's interface."""
        model = self.emulator.registers.model(model_id)
        self.wire.link(unit=2).write(model.address + model.layout.points[point].offset, [value])


@contextmanager
def served() -> Iterator[Site]:
    emulator = running(available_w=AVAILABLE_PU * RATING_W)
    with serving(unit_1=emulator.registers, unit_2=emulator.customer_registers) as wire:
        yield Site(emulator, SunSpecInverter(wire.link(1)), SunSpecInverter(wire.link(2)), wire)


def test_both_interfaces_show_the_same_device():
    with served() as site:
        assert site.customer.identify() == site.utility.identify()
        assert site.customer.read_nameplate() == site.utility.read_nameplate()
        assert site.customer.read_ac() == site.utility.read_ac()


@pytest.mark.parametrize(("model_id", "point", "value"), [(703, "ES", 1), (715, "OpCtl", 1), (715, "OpCtl", 3)])
def test_what_would_permit_service_is_refused_to_the_customer_while_it_is_isolated(model_id, point, value):
    with served() as site:
        site.utility.cease_to_energize()
        before = site.emulator.registers.model(model_id).get(point)
        with pytest.raises(InstrumentError, match="illegal data value"):
            site.customer_writes(model_id, point, value)
        assert site.emulator.registers.model(model_id).get(point) == before, "a refused write leaves no trace"
        assert site.delivered_pu(CEASED_S) == 0.0
        assert site.delivered_pu(IN_SERVICE_S) == 0.0


def test_the_driver_of_the_customers_side_is_told_that_it_may_not():
    with served() as site:
        site.utility.cease_to_energize()
        with pytest.raises(InstrumentError, match="refused the write"):
            site.customer.enter_service()


def test_everything_else_stays_with_the_customer():
    with served() as site:
        site.utility.cease_to_energize()
        site.customer.set_power_w(0.2 * RATING_W, reversion_s=3600.0)
        site.customer.set_volt_var(VoltVarCurve((0.9, 0.95, 1.05, 1.1), (0.3, 0.0, 0.0, -0.3), 5.0))
        site.customer_writes(715, "OpCtl", 0)
        site.customer.cease_to_energize()
        assert site.delivered_pu(IN_SERVICE_S) == 0.0
        site.utility.enter_service()
        site.customer_writes(715, "OpCtl", 1)
        assert site.delivered_pu(IN_SERVICE_S) == pytest.approx(0.2, abs=1e-3), "its own set-point is in force then"


def test_the_utility_alone_ends_it():
    with served() as site:
        site.utility.cease_to_energize()
        site.utility.enter_service()
        assert site.delivered_pu(IN_SERVICE_S) == pytest.approx(AVAILABLE_PU, abs=1e-3)
        site.customer.cease_to_energize()
        assert site.delivered_pu(CEASED_S) == 0.0


def test_what_the_customer_took_out_of_service_the_customer_may_put_back():
    with served() as site:
        site.customer.cease_to_energize()
        assert site.delivered_pu(CEASED_S) == 0.0
        site.customer.enter_service()
        assert site.delivered_pu(IN_SERVICE_S) == pytest.approx(AVAILABLE_PU, abs=1e-3)


def test_a_customer_who_has_ceased_before_cannot_end_the_utilitys_isolation_either():
    with served() as site:
        site.customer.cease_to_energize()
        site.utility.cease_to_energize()
        with pytest.raises(InstrumentError):
            site.customer.enter_service()
        assert site.delivered_pu(IN_SERVICE_S) == 0.0


def test_a_defective_inverter_lets_the_customer_undo_it():
    with served() as site:
        site.emulator.inject("isolation-undone")
        site.utility.cease_to_energize()
        assert site.delivered_pu(CEASED_S) == 0.0
        site.customer.enter_service()
        assert site.delivered_pu(IN_SERVICE_S) == pytest.approx(AVAILABLE_PU, abs=1e-3)


def test_a_write_of_several_points_that_contains_the_permission_is_refused_whole():
    with served() as site:
        site.utility.cease_to_energize()
        model = site.emulator.registers.model(703)
        start = model.address + model.layout.points["ES"].offset
        before = site.emulator.registers.read(start, 2)
        with pytest.raises(ModbusRefusal):
            site.emulator.customer_registers.write(start, [1, before[1] - 1])
        assert site.emulator.registers.read(start, 2) == before
