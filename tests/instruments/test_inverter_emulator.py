"""Behaviour of the emulated inverter, read by a client that no one here wrote."""

import math
from contextlib import contextmanager

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import ConfigError
from tests.instruments.sunspec_bench import serving

PHASE_V = 480.0 / math.sqrt(3.0)
RATING_W = 1_000_000.0


def running(v_pu: float = 1.0, available_w: float = 0.5 * RATING_W, **options) -> InverterEmulator:
    inverter = InverterEmulator("pv", 1000.0, **options)
    inverter.node.apply((v_pu * PHASE_V,) * 3)
    inverter.available_w = available_w
    inverter.advance(1.0)
    return inverter


def settle(inverter: InverterEmulator, v_pu: float, seconds: int = 40) -> tuple[float, float]:
    inverter.node.apply((v_pu * PHASE_V,) * 3)
    for _ in range(seconds):
        inverter.advance(1.0)
    return sum(inverter.power.p_w) / RATING_W, sum(inverter.power.q_var) / RATING_W


def command(inverter: InverterEmulator | BatteryEmulator, **points: float) -> None:
    """Write points of model 704 as a client would, one at a time."""
    model = inverter.registers.model(704)
    for name, value in points.items():
        point = model.layout.points[name]
        words = list((int(value) % 2**32).to_bytes(4, "big")) if point.size == 2 else None
        raw = [words[0] << 8 | words[1], words[2] << 8 | words[3]] if words else [round(value)]
        inverter.registers.write(model.address + point.offset, raw)


@contextmanager
def scanned(inverter):
    with serving(unit_1=inverter.registers) as wire:
        client = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr=wire.address[0], ipport=wire.address[1], timeout=2)
        try:
            client.scan()
            yield client
        finally:
            client.close()


def test_pysunspec2_scans_every_model_and_reads_what_the_inverter_does():
    inverter = running(1.05)
    with scanned(inverter) as client:
        ids = [key for key in client.models if isinstance(key, int)]
        assert ids == [1, *range(701, 713), 715]
        ac, rating = client.models[701][0], client.models[702][0]
        assert client.models[1][0].SN.value == "pv"
        assert ac.W.cvalue == pytest.approx(sum(inverter.power.p_w), abs=50)
        assert ac.Var.cvalue == pytest.approx(-0.22 * RATING_W, abs=50)
        assert ac.Hz.cvalue == pytest.approx(60.0, abs=1e-3)
        assert ac.LNV.cvalue == pytest.approx(1.05 * PHASE_V, abs=0.01)
        assert ac.LLV.cvalue == pytest.approx(1.05 * 480.0, abs=0.01)
        assert ac.A.cvalue == pytest.approx(math.hypot(0.5, 0.22) * RATING_W / (1.05 * PHASE_V), abs=1)
        assert (ac.St.value, ac.InvSt.value, ac.ConnSt.value, ac.Alrm.value) == (1, 3, 1, 0)
        assert (rating.WMaxRtg.cvalue, rating.VarMaxInjRtg.cvalue) == (RATING_W, 440_000)
        assert (rating.NorOpCatRtg.value, rating.AbnOpCatRtg.value) == (1, 2)


@pytest.mark.parametrize(
    ("v_pu", "q_pu"),
    [
        (1.005, 0.0),
        (1.035, -0.110),
        (1.050, -0.220),
        (1.065, -0.330),
        (1.085, -0.440),
        (0.965, 0.110),
        (0.950, 0.220),
        (0.935, 0.330),
        (0.905, 0.440),
    ],
)
def test_volt_var_of_category_b_holds_the_table_of_ieee_1547_1(v_pu, q_pu):
    assert settle(running(), v_pu) == (pytest.approx(0.5, abs=1e-6), pytest.approx(q_pu, abs=1e-4))


def test_volt_var_of_category_a_has_its_own_curve():
    assert settle(running(category="A"), 1.05)[1] == pytest.approx(-0.125, abs=1e-4)


def test_volt_var_reaches_90_percent_within_its_open_loop_response_time():
    inverter = running(1.0)
    _, after_olrt = settle(inverter, 1.05, seconds=6)
    assert -0.22 <= after_olrt <= 0.9 * -0.22


def test_it_trips_when_its_source_goes_dead_and_says_so():
    inverter = running()
    inverter.node.de_energize()
    for _ in range(4):
        inverter.advance(1.0)
    assert (inverter.status, inverter.power.p_w) == ("Trip", (0.0, 0.0, 0.0))
    assert inverter.node.power().p_w == (0.0, 0.0, 0.0)
    with scanned(inverter) as client:
        ac = client.models[701][0]
        assert (ac.W.cvalue, ac.ConnSt.value, ac.Alrm.value) == (0, 0, 1 << 11)


def test_after_a_trip_it_waits_300_s_and_ramps_over_300_s():
    inverter = running()
    inverter.node.de_energize()
    settle(inverter, 0.0, 4)
    assert settle(inverter, 1.0, 299)[0] == 0.0
    assert settle(inverter, 1.0, 60)[0] == pytest.approx(0.2, abs=0.05)
    assert settle(inverter, 1.0, 300)[0] == pytest.approx(0.5, abs=1e-6)


def test_it_says_that_it_is_off_while_it_waits_starts_while_it_ramps_and_runs_afterwards():
    inverter = running()
    inverter.node.de_energize()
    settle(inverter, 0.0, 4)
    said = []
    with scanned(inverter) as client:
        for seconds in (100, 250, 300):
            settle(inverter, 1.0, seconds)
            client.models[701][0].read()
            said.append(client.models[701][0].InvSt.value)
    assert said == [0, 2, 3]


def test_a_dead_node_carries_no_power_even_before_the_next_step():
    inverter = running()
    inverter.node.de_energize()
    assert inverter.node.power().p_w == (0.0, 0.0, 0.0)


def test_permit_service_withdrawn_ceases_within_2_s():
    inverter = running()
    with scanned(inverter) as client:
        es = client.models[703][0]
        es.ES.value = 0
        es.ES.write()
        inverter.advance(1.0)
        assert sum(inverter.power.p_w) == 0.0
        client.models[701][0].read()
        assert client.models[701][0].Alrm.value == 1 << 6


def test_op_ctl_stop_ceases():
    inverter = running()
    model = inverter.registers.model(715)
    inverter.registers.write(model.address + 8, [0])
    inverter.advance(1.0)
    assert sum(inverter.power.p_w) == 0.0


def test_a_power_limit_acts_and_reverts():
    inverter = running()
    command(inverter, WMaxLimPct=200, WMaxLimPctRvrtTms=60, WMaxLimPctEna=1)
    assert settle(inverter, 1.0, 30)[0] == pytest.approx(0.2, abs=1e-3)
    assert settle(inverter, 1.0, 31)[0] == pytest.approx(0.5, abs=1e-3)


def test_a_set_point_curtails_pv_and_reverts():
    inverter = running()
    command(inverter, WSet=200_000, WSetRvrtTms=10, WSetEna=1)
    assert settle(inverter, 1.0, 9)[0] == pytest.approx(0.2, abs=1e-6)
    assert inverter.registers.model(704).get("WSetRvrtRem") == 1.0
    assert settle(inverter, 1.0, 1)[0] == pytest.approx(0.5, abs=1e-6)
    assert inverter.registers.model(704).get("WSetEna") == 0


def test_a_repeated_enable_starts_the_reversion_timer_anew():
    inverter = running()
    command(inverter, WSet=200_000, WSetRvrtTms=10, WSetEna=1)
    settle(inverter, 1.0, 9)
    command(inverter, WSetEna=1)
    assert settle(inverter, 1.0, 9)[0] == pytest.approx(0.2, abs=1e-6)


class Hybrid:
    """A 1 MW inverter with a battery behind it, at nominal voltage; `order` is who advances first."""

    def __init__(self, pv_w: float = 0.0) -> None:
        self.battery = BatteryEmulator("store", 1000.0, 2000.0)
        self.inverter = running(available_w=pv_w, dc_source=self.battery)

    def run(self, inverter_w: float | None, battery_w: float | None, seconds: int = 3) -> tuple[float, float]:
        for device, power_w in ((self.inverter, inverter_w), (self.battery, battery_w)):
            if power_w is not None:
                command(device, WSet=power_w, WSetEna=1)
        for _ in range(seconds):
            self.battery.advance(1.0)
            self.inverter.advance(1.0)
        return sum(self.inverter.power.p_w), self.battery.delivered_w


@pytest.mark.parametrize(
    ("pv_w", "inverter_w", "battery_w", "expected"),
    [
        pytest.param(0, 8e5, 8e5, (8e5, 8e5), id="both commanded: discharge"),
        pytest.param(0, -8e5, -8e5, (-8e5, -8e5), id="both commanded: charge from the grid"),
        pytest.param(0, None, 8e5, (0, 0), id="the inverter was not told: nothing passes"),
        pytest.param(0, 8e5, None, (0, 0), id="the battery was not told: nothing comes"),
        pytest.param(2e5, None, None, (2e5, 0), id="PV alone"),
        pytest.param(2e5, 1e6, 8e5, (1e6, 8e5), id="PV and battery add up"),
        pytest.param(4e5, 1e6, 8e5, (1e6, 8e5), id="PV is curtailed beyond the set-point"),
        pytest.param(2e5, None, -5e5, (0, -2e5), id="charging from PV needs no permission"),
        pytest.param(0, 3e5, 8e5, (3e5, 3e5), id="the link holds the battery to the set-point"),
    ],
)
def test_a_hybrid_delivers_what_its_dc_side_gives_within_its_own_command(pv_w, inverter_w, battery_w, expected):
    ac_w, dc_w = Hybrid(pv_w).run(inverter_w, battery_w)
    assert (ac_w, dc_w) == (pytest.approx(expected[0], abs=1), pytest.approx(expected[1], abs=1))


def test_a_tripped_hybrid_takes_nothing_from_its_battery():
    hybrid = Hybrid()
    hybrid.run(8e5, 8e5)
    hybrid.inverter.node.de_energize()
    assert hybrid.run(None, None, seconds=5) == (0.0, 0.0)


@pytest.mark.parametrize("culprit", ["inverter", "battery"])
@pytest.mark.parametrize(
    ("kind", "value", "delivered_w"),
    [
        ("ignores-set-point", None, 0),
        ("scaled", None, 7.2e5),
        ("scaled", 0.5, 4e5),
        ("wrong-sign", None, 0),
        ("reports-the-set-point-as-its-measurement", None, 4e5),
    ],
)
def test_a_defect_of_either_shows_in_the_ac_power(culprit, kind, value, delivered_w):
    hybrid = Hybrid()
    device = getattr(hybrid, culprit)
    device.inject(kind, value)
    assert hybrid.run(8e5, 8e5)[0] == pytest.approx(delivered_w, abs=1)


def test_a_liar_reports_the_command_while_the_power_does_not_follow():
    inverter = running()
    inverter.inject("reports-the-set-point-as-its-measurement")
    command(inverter, WSet=400_000, WSetEna=1)
    inverter.advance(1.0)
    with scanned(inverter) as client:
        assert client.models[701][0].W.cvalue == 400_000
    assert sum(inverter.power.p_w) == pytest.approx(200_000)


def test_a_fault_has_a_start_and_an_end():
    inverter = running()
    inverter.inject("scaled", 0.5, start_s=10.0, end_s=20.0)
    command(inverter, WSet=400_000, WSetEna=1)
    seen = [settle(inverter, 1.0, 1)[0] for _ in range(25)]
    assert seen == pytest.approx([0.4] * 8 + [0.2] * 10 + [0.4] * 7)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("ignores-setpoint", None, "did you mean 'ignores-set-point'"),
        ("wrong-sign", 2.0, "takes no value"),
        ("alert-never-sent", None, "no fault"),
    ],
)
def test_an_impossible_fault_is_a_configuration_error(kind, value, message):
    with pytest.raises(ConfigError, match=message):
        running().inject(kind, value)


def test_a_one_phase_unit_on_a_240_v_pair():
    inverter = InverterEmulator("home", 8.0, v_nom_v=240.0, phases=1, node=ElectricalNode(1))
    inverter.node.apply((1.05 * 240.0,))
    inverter.available_w = 4000.0
    inverter.advance(1.0)
    assert inverter.power.q_var == (pytest.approx(-0.22 * 8000.0, abs=1),)
    assert inverter.node.current_a == (pytest.approx(math.hypot(4000, 1760) / 252.0, rel=1e-6),)
