"""An inverter, a battery and a meter without SunSpec: the driver's frames, the emulator's, and both at each other.

The frames are computed by hand from Acme's registers; neither the map nor the emulator is asked what is right.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from instruments.drivers.point_map_battery import PointMapBattery
from instruments.drivers.point_map_inverter import PointMapInverter
from instruments.drivers.point_map_meter import PointMapMeter
from instruments.emulators.acme_registers import battery_bank, inverter_bank, meter_bank
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.meter import MeterFleet
from instruments.errors import ConfigError, InstrumentError, SafetyTrip, Unmapped
from instruments.point_map import PointMap, load_point_map, parse_point_map
from instruments.readings import VoltVarCurve
from tests.instruments.control_bench import conversation, exchange
from tests.instruments.sunspec_bench import Wire, serving

MAPS = Path(__file__).parents[2] / "fixtures" / "point_maps"
INVERTER, BATTERY, METER = (load_point_map(MAPS / f"acme_{name}.yaml") for name in ("inverter", "battery", "meter"))
PLATE = ("0000 0006 01 04 0028 001b",
         "0000 0039 01 04 36 7a12 0000 7a12 0000 35b6 0000 35b6 0000 61a8 0000 5131 0000"
         "6d9f 0000 0381 6d9f 0000 0381 7a12 0000 594f 0000 4773 0000 0000 0000 0009")  # fmt: skip
"""31 250 W and VA, 13 750 var both ways, 25 000 W of charging, 207.85 V, ..., and the categories B and III."""
CURVE = VoltVarCurve((0.92, 0.98, 1.02, 1.08), (0.3, 0.0, 0.0, -0.25), 7.0)


def without(point_map: PointMap, *names: str, **common: object) -> PointMap:
    document = point_map.model_dump(exclude_defaults=True) | common
    document["points"] = {name: point for name, point in document["points"].items() if name not in names}
    return parse_point_map(document, "shortened")


def test_what_an_inverter_says_of_its_terminals_comes_out_of_one_request():
    words = "0033 fe0c ffff 0064 0000 04b0 04b1 04af 4e20 208d 0000 0040 0000 01fe 0000"
    with conversation(("0000 0006 01 04 0064 000f", f"0000 0021 01 04 1e {words}")) as link:
        reading = PointMapInverter(link, INVERTER).read_ac()
    assert (reading.p_w, reading.q_var, reading.va) == pytest.approx((5000.0, -1000.0, 5100.0))
    assert reading.voltage_v == pytest.approx((120.0, 120.1, 119.9))
    assert (reading.frequency_hz, reading.current_a) == pytest.approx((60.0, 83.33))
    assert (reading.connected, reading.running, reading.alarms) == (True, True, 0x40)


def test_a_command_goes_as_a_share_of_the_rating_its_end_and_then_the_bits_that_obey_it():
    turns = (
        PLATE,
        ("0000 0009 01 10 03ea 0001 02 f9c0", "0000 0006 01 10 03ea 0001"),
        ("0000 0006 01 03 03ea 0001", "0000 0005 01 03 02 f9c0"),
        ("0000 000b 01 10 03eb 0002 04 0258 0000", "0000 0006 01 10 03eb 0002"),
        ("0000 0006 01 03 03eb 0002", "0000 0007 01 03 04 0258 0000"),
        ("0000 0006 01 03 03e9 0001", "0000 0005 01 03 02 0100"),
        ("0000 0009 01 10 03e9 0001 02 0102", "0000 0006 01 10 03e9 0001"),
        ("0000 0006 01 03 03e9 0001", "0000 0005 01 03 02 0102"),
        ("0000 0006 01 03 03e9 0006", "0000 000f 01 03 0c 0102 f9c0 0258 0000 0258 0000"),
    )
    with conversation(*turns) as link:
        held = PointMapInverter(link, INVERTER).set_power_w(5000.0, 600.0)
    assert (held.enabled, held.power_w, held.remaining_s) == (True, pytest.approx(5000.0), 600.0)


def test_a_battery_is_told_in_floats_with_everything_turned_around_and_its_watchdog_is_set_off():
    """Discharging is < 0 for it: 3 kW are the float c0400000, low word first, bytes exchanged."""
    turns = (
        ("0000 0006 01 03 0212 0004", "0000 000b 01 03 08 0000 c841 0000 c841"),
        ("0000 000b 01 10 02bd 0002 04 0000 40c0", "0000 0006 01 10 02bd 0002"),
        ("0000 0006 01 03 02bd 0002", "0000 0007 01 03 04 0000 40c0"),
        ("0000 0006 01 06 02bf 2c01", "0000 0006 01 06 02bf 2c01"),
        ("0000 0006 01 03 02bf 0001", "0000 0005 01 03 02 2c01"),
        ("0000 0006 01 06 02bc 0100", "0000 0006 01 06 02bc 0100"),
        ("0000 0006 01 03 02bc 0001", "0000 0005 01 03 02 0100"),
        ("0000 0006 01 06 02c0 0100", "0000 0006 01 06 02c0 0100"),
        ("0000 0006 01 03 02bc 0003", "0000 0009 01 03 06 0100 0000 40c0"),
    )
    with conversation(*turns) as link:
        assert PointMapBattery(link, BATTERY).set_power_w(3000.0, 300.0).power_w == pytest.approx(3000.0)


def test_a_meter_counts_towards_the_customer_whatever_its_map_counts_as_positive():
    words = "04a6 04ba 0960 1770 fc18 ffff 0064 0000 0002 0000 0001 0000 0007 0000 0000 0000"
    with conversation(("0000 0006 01 04 0064 0010", f"0000 0023 01 04 20 {words}")) as link:
        reading = PointMapMeter(link, METER).read_meter()
    assert (reading.p_w, reading.q_var) == (1000.0, -100.0)
    assert (reading.import_wh, reading.export_wh) == (2.0**32 + 2.0, 7.0)
    assert reading.voltage_v == pytest.approx((119.0, 121.0))
    with conversation(("0000 0006 01 04 0074 0001", "0000 0005 01 04 02 0002")) as link:
        events = PointMapMeter(link, METER).read_events()
    assert (events.under_voltage, events.over_voltage) == (False, True)


@dataclass
class Site:
    """Acme's hybrid inverter with its battery and a meter, with links of their drivers."""

    inverter: InverterEmulator
    battery: BatteryEmulator
    meter: MeterFleet
    wire: Wire

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            with self.wire.host.lock:
                self.battery.advance(1.0)
                self.inverter.advance(1.0)


@contextmanager
def site() -> Iterator[Site]:
    battery = BatteryEmulator("store", 25.0, 50.0)
    inverter = InverterEmulator("pv", 31.25, v_nom_v=207.85, dc_source=battery)
    inverter.node.apply((120.0,) * 3)
    meter = MeterFleet(["m1"])
    meter.apply([119.0], [121.0], [1000.0], [200.0])
    meter.advance(60.0)
    banks = (inverter_bank(inverter), battery_bank(battery), meter_bank(meter.registers[0]))
    with serving(unit_1=banks[0], unit_2=banks[1], unit_3=banks[2]) as wire:
        yield Site(inverter, battery, meter, wire)


def test_what_an_emulated_acme_inverter_answers():
    with site() as acme:
        acme.inverter.available_w = 5000.0
        acme.run(400)
        assert exchange(acme.wire, "04 0000 0002") == "04 04 41 63 6d 65", "Ac me"
        assert exchange(acme.wire, "04 0064 0003") == "04 06 00 33 fe 0c ff ff", "running, connected, remote; 5 kW out"
        assert exchange(acme.wire, "04 0069 0004") == "04 08 04 b0 04 b0 04 b0 4e 20"
        assert exchange(acme.wire, "03 0064 0001") == "83 02", "readings are no holding registers"
        assert exchange(acme.wire, "10 03e8 0001 02 a5a5") == "10 03 e8 00 01"
        acme.run(3)
        assert acme.inverter.registers.model(703).get("ES") == 0.0
        assert exchange(acme.wire, "04 0064 0003") == "04 06 00 20 00 00 00 00", "remote, and gone"
        assert exchange(acme.wire, "10 03e8 0001 02 0001") == "90 03"


def test_commands_reach_the_equipment_with_their_sign_and_end_by_themselves():
    with site() as acme:
        inverter = PointMapInverter(acme.wire.link(1), INVERTER)
        battery = PointMapBattery(acme.wire.link(2), BATTERY)
        acme.run(400)
        inverter.set_power_w(10e3, 600.0)
        battery.set_power_w(10e3, 60.0)
        acme.run(30)
        with acme.wire.host.lock:
            delivered_w = sum(acme.inverter.power.p_w)
        assert delivered_w == pytest.approx(10e3, rel=0.01), "what flows at the terminals, and not what is said of it"
        assert inverter.read_ac().p_w == pytest.approx(delivered_w, abs=10.0)
        assert battery.read_storage().power_w == pytest.approx(10e3, rel=0.01)
        battery.set_power_w(-5e3, 60.0)
        inverter.set_power_w(-5e3, 600.0)
        acme.run(30)
        assert sum(acme.inverter.power.p_w) == pytest.approx(-5e3, rel=0.01)
        acme.run(31)
        assert not battery.read_command().enabled, "nobody kept its watchdog quiet"
        assert inverter.read_command().enabled
        inverter.make_safe()
        assert (inverter.read_command().enabled, inverter.read_modes().permitted) == (False, False)


def test_a_volt_var_curve_is_taken_over_when_it_is_whole():
    with site() as acme:
        inverter = PointMapInverter(acme.wire.link(1), INVERTER)
        inverter.set_volt_var(CURVE)
        model = acme.inverter.registers.model(705)
        held = [model.get(f"Crv[1].Pt[{n}].{axis}") for axis in ("V", "Var") for n in range(1, 5)]
        assert held == pytest.approx([92.0, 98.0, 102.0, 108.0, 30.0, 0.0, 0.0, -25.0])
        assert inverter.read_volt_var().q_pu == pytest.approx(CURVE.q_pu)
        assert inverter.read_modes().volt_var is True
        fixed = PointMapInverter(acme.wire.link(1), without(INVERTER, "qv_vref", "qv_vref_auto_mode", "qv_vref_time"))
        for impossible in (
            replace(CURVE, reference_pu=1.02),
            replace(CURVE, autonomous_s=300.0),
            VoltVarCurve((0.9, 1.1), (0.2, -0.2), 5.0),
        ):
            with pytest.raises(Unmapped, match=r"no volt-var: its point map lacks qv_vref|takes 4 volt-var corners"):
                fixed.set_volt_var(impossible)
        with pytest.raises(SafetyTrip, match="volt_var_response_time"):
            inverter.set_volt_var(replace(CURVE, response_s=91.0))
        assert inverter.read_volt_var().response_s == pytest.approx(7.0), "nothing of it was sent"


def test_who_answers_and_what_it_can():
    with site() as acme:
        drivers = (
            PointMapInverter(acme.wire.link(1), INVERTER),
            PointMapBattery(acme.wire.link(2), BATTERY),
            PointMapMeter(acme.wire.link(3), METER),
        )
        assert [driver.identify().serial for driver in drivers] == ["pv", "store", "m1"]
        assert [driver.lacking for driver in drivers] == [{}, {}, {}]
        plate = drivers[0].read_nameplate()
        assert (plate.p_max_w, plate.charge_max_w, plate.v_nom_v) == (31250.0, 25000.0, pytest.approx(207.85))
        reading = drivers[2].read_meter()
        assert reading.p_w == pytest.approx(1000.0, rel=0.01)
        assert reading.q_var == pytest.approx(200.0, rel=0.01)


@pytest.mark.parametrize("name", ["power", "operating_state", "service", "rated_power"])
def test_a_map_without_what_its_role_needs_is_refused_with_all_that_is_missing(name):
    with site() as acme, pytest.raises(ConfigError, match=f"does not fit the role inverter: .*needs {name}"):
        PointMapInverter(acme.wire.link(1), without(INVERTER, name))


def test_what_a_map_does_not_offer_is_refused_and_nothing_is_sent():
    short = without(INVERTER, "power_set_point", "volt_var_enable", "panel_switch")
    with site() as acme:
        inverter = PointMapInverter(acme.wire.link(1), short)
        assert inverter.lacking == {
            "set_power_w": ["power_set_point"],
            "set_volt_var": ["volt_var_enable"],
            "read_modes": ["panel_switch"],
        }
        for call, told in (
            (lambda: inverter.set_power_w(1000.0, 60.0), "no set_power_w: its point map lacks power_set_point"),
            (lambda: inverter.set_volt_var(CURVE), "no volt-var: its point map lacks volt_var_enable"),
            (inverter.release, "no set_power_w"),
        ):
            with pytest.raises(InstrumentError, match=told):
                call()
        assert acme.wire.written() == []
        assert math.isnan(inverter.read_command().power_w)
        assert inverter.read_modes().remote is None
        inverter.make_safe()
        assert acme.wire.written() == [(1000, (0xA5A5,))]


@pytest.mark.parametrize("name", ["service", "control_mode", "power_set_point"])
def test_a_command_that_nothing_shows_is_not_offered(name):
    document = INVERTER.model_dump(exclude_defaults=True)
    document["points"][name]["access"] = "w"
    document["points"][name].pop("bits", None)
    document["points"].pop("volt_var_enable")
    told = f"{name} with access rw or `read_back`"
    with site() as acme:
        try:
            missing = PointMapInverter(acme.wire.link(1), parse_point_map(document, "sample")).lacking["set_power_w"]
        except ConfigError as error:
            missing = [str(error)]
    assert any(told in text for text in missing)


def test_a_command_is_read_where_the_map_says_that_it_is_shown():
    """The set-point goes out as a share, and comes back in kW, and absorbing is positive only where it is written."""
    document = INVERTER.model_dump(exclude_defaults=True)
    document["points"]["power_set_point"] |= {"access": "w", "read_back": "shown"}
    document["points"]["shown"] = {
        "address": 2000,
        "table": "holding",
        "type": "u16",
        "unit": "kW",
        "positive": "delivered",
    }
    document["points"]["control_mode"].pop("bits")
    document["points"].pop("volt_var_enable")
    turns = (
        PLATE,
        ("0000 0006 01 03 03e9 0001", "0000 0005 01 03 02 0002"),
        ("0000 0006 01 03 03ed 0002", "0000 0007 01 03 04 0000 0000"),
        ("0000 0006 01 03 07d0 0001", "0000 0005 01 03 02 0005"),
    )
    with conversation(*turns) as link:
        held = PointMapInverter(link, parse_point_map(document, "sample")).read_command()
    assert (held.enabled, held.power_w) == (True, 5000.0)


def test_a_meter_without_flags_is_no_healthy_meter():
    with site() as acme, pytest.raises(InstrumentError, match="silence is no health"):
        PointMapMeter(acme.wire.link(3), without(METER, "under_voltage")).read_events()


def test_a_number_without_a_unit_is_refused_before_it_is_taken_for_another():
    entry = BATTERY.points["power"].model_dump(exclude_defaults=True) | {"unit": "kw"}
    document = BATTERY.model_dump(exclude_defaults=True)
    document["points"]["power"] = entry
    with site() as acme, pytest.raises(ConfigError, match=r"points\.power is in kw; it may be in W, kW, MW"):
        PointMapBattery(acme.wire.link(2), parse_point_map(document, "sample"))


def test_a_watchdog_that_cannot_be_set_ends_no_command_later_than_itself():
    fixed = without(BATTERY, "watchdog_timeout", constants={"watchdog_timeout": 60.0})
    with site() as acme:
        battery = PointMapBattery(acme.wire.link(2), fixed)
        with pytest.raises(Unmapped, match="ends any command after 60 s without a heartbeat"):
            battery.set_power_w(1000.0, 61.0)
        assert acme.wire.written() == []
        assert battery.set_power_w(1000.0, 60.0).enabled


def test_ratings_that_stand_in_no_register_are_constants():
    fixed = without(INVERTER, "rated_power", "rated_voltage", constants={"rated_power": 20e3, "rated_voltage": 400.0})
    with site() as acme:
        plate = PointMapInverter(acme.wire.link(1), fixed).read_nameplate()
    assert (plate.p_max_w, plate.v_nom_v) == (20e3, 400.0)


def test_equipment_that_is_gone_does_not_answer():
    with site() as acme:
        acme.inverter.inject("drops-out")
        with pytest.raises(Exception, match="closed the connection"):
            PointMapInverter(acme.wire.link(1), INVERTER).read_ac()
