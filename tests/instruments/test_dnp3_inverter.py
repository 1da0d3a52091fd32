"""An inverter on DNP3 by the profile of IEEE 1815.2: its points against dnp3py's copy, and its driver."""

import json
import math
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from instruments.dnp3_map import load_dnp3_map
from instruments.dnp3_points import Ref
from instruments.drivers.dnp3_inverter import Dnp3Inverter
from instruments.drivers.fence import DerEnvelope
from instruments.emulators.dnp3_inverter import Dnp3InverterPoints
from instruments.emulators.dnp3_outstation import PointOutstation
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import ConfigError, InstrumentError, SafetyTrip, TransportError, Unmapped
from instruments.readings import Identity, Nameplate, VoltVarCurve
from instruments.roles import Inverter
from tests.instruments.dnp3_bench import MAPS, Dnp3Wire, answered, asked, conversation, serving, with_py1815
from tests.instruments.test_inverter_emulator import PHASE_V, RATING_W, running

PROFILE = load_dnp3_map(MAPS / "inverter_dnp3.yaml")
CURVE = VoltVarCurve((0.93, 0.97, 1.03, 1.07), (0.3, 0.0, 0.0, -0.25), 7.0)
WORDS = {
    "rated_power": "Nameplate Active Generation Power Rating at Unity Power Factor",
    "rated_charge": "Nameplate Active Charging Power Rating at Unity Power Factor",
    "rated_injected": "Nameplate Reactive Supply (Injection) Power Rating",
    "rated_absorbed": "Nameplate Reactive Absorption Power Rating",
    "rated_apparent": "Nameplate Apparent Generation Power Rating",
    "normal_category": "IEEE 1547 Normal Operating Performance Category",
    "abnormal_category": "IEEE 1547 Abnormal Operating Performance Category",
    "reference_voltage": "Reference Voltage",
    "maximum_power": "Maximum Active Generation Power",
    "maximum_injected": "Maximum Reactive Injection Power",
    "maximum_absorbed": "Maximum Reactive Absorption Power",
    "alarm": "System Has Priority 1 Alarms",
    "local": "System Is In Local  State",
    "started": "System is Started (Return to Service)",
    "connected_idle": "DER  is Connected and Idle",
    "connected_generating": "DER  is Connected and Generating",
    "connected_charging": "DER is Connected and Charging",
    "start_up": "System Initiate Start-up Sequence (Return to Service)",
    "stop": "System Execute Stop (Cease to Energize)",
    "permission": "System Permission to Start",
    "power_reversion": "Charge/Discharge Reversion Timeout Period",
    "power_target": "Charge/Discharge Active Power Target",
    "volt_var_curve": "Volt-Var Curve Index",
    "volt_var_rise": "Volt-Var Ramp Up Time Constant",
    "volt_var_fall": "Volt-Var Ramp Down Time Constant",
    "reference_time": "Volt-Var Autonomous Voltage Reference Adjustment Time Constant",
    "curve_selected": "Curve Edit Selector",
    "curve_in_use": "Selected Curve is Referenced by a Mode",
    "curve_type": "Curve Type",
    "curve_points": "Curve Number of Points",
    "curve_x_unit": "Independent (X-Value) Units for Curve",
    "curve_y_unit": "Dependent (Y-Value) Units for Curve",
    "frequency": "System Meter Frequency",
    "power": "System Meter Active Power",
    "reactive_power": "System Meter Reactive Power",
    "apparent_power": "System Meter Apparent Power",
    **{f"voltage_{phase}": f"System Meter Phase {phase.upper()} Volts" for phase in "abc"},
    **{f"current_{phase}": f"System Meter Current {phase.upper()}" for phase in "abc"},
    "np_ac_v_min": "Nameplate Minimum Voltage Rating",
    "np_ac_v_max": "Nameplate Maximum Voltage Rating",
    "np_p_max_over_pf": "Nameplate Active Generation Power Rating at Specified Over-Excited",
    "np_over_pf": "Specified Over-Excited Power Factor",
    "np_p_max_under_pf": "Nameplate Active Generation Power Rating at Specified Under-Excited",
    "np_under_pf": "Specified Under-Excited Power Factor",
    "np_apparent_power_charge_max": "Nameplate Apparent Charging Power Rating",
    "np_reactive_susceptance": "Remaining Reactive Susceptance",
    "supports_voltage_ride_through": "Supports Low/High Voltage Ride-Through Mode",
    "supports_frequency_ride_through": "Supports Low/High Frequency Ride-Through Mode",
    "supports_pf": "Supports Frequency-Watt Mode",
    "supports_ap_limit": "Supports Active Power Limit Mode",
    "supports_pv": "Supports Volt-Watt Mode",
    "supports_const_q": "Supports Constant VArs Mode",
    "supports_const_pf": "Supports Constant Power Factor Mode",
    "supports_qv": "Supports Volt-VAr Control Mode",
    "supports_qp": "Supports Watt-VAr Mode",
    "es_v_high": "DER Start (Return to Service) Voltage High Limit",
    "es_v_low": "DER Start (Return to Service) Voltage Low Limit",
    "es_f_high": "DER Start (Return to Service) Frequency High Limit",
    "es_f_low": "DER Start (Return to Service) Frequency Low Limit",
    "es_delay": "DER Start (Return to Service) Delay",
    "es_randomized_delay": "DER Start (Return to Service) Time Window",
    "es_ramp_rate": "DER Start (Return to Service) Ramp Up Time",
    "pf_dbof": "Frequency-Watt High Starting Frequency",
    "pf_dbuf": "Frequency-Watt Low Starting Frequency",
    "pf_kof": "Frequency-Watt High Discharging / Generating Gradient",
    "pf_kuf": "Frequency-Watt Low Discharging / Generating",
    "pf_olrt": "Frequency-Watt Ramp Up Time Constant",
    "pf_olrt_fall": "Frequency-Watt Ramp Down Time Constant",
    "ap_limit_reversion_time": "Active Power Limit Reversion Timeout Period",
    "ap_limit": "Active Power Limit Maximum",
    "const_q": "Constant Vars Reactive Power Target",
    "const_pf": "Constant Power Factor Setpoint - Generation",
    "const_pf_excitation": "Power Factor Excitation When Discharging",
    "volt_watt_curve": "Volt-Watt Curve Index",
    "pv_olrt": "Volt-Watt Ramp Up Time Constant",
    "pv_olrt_fall": "Volt-Watt Ramp Down Time Constant",
    "watt_var_curve": "Watt-Var Curve Index",
    **{f"curve_{axis}_{n}": f"Curve Point {n} {axis.upper()}-Value" for n in range(1, 11) for axis in "xy"},
}
"""What the profile's own words for a point begin with."""
MODES = {
    "power_enabled": ("Operating Mode - Charge/Discharge Enabled", "Enable Charge/Discharge Mode"),
    "volt_var_enabled": ("Operating Mode - Volt-VAR Control Enabled", "Enable Volt-Var Control Mode"),
    "pf_mode_enable": ("Operating Mode - Frequency-Watt", "Enable  Frequency-Watt"),
    "ap_limit_enable": ("Operating Mode - Active Power Limit Enabled", "Enable Active Power Limit Mode"),
    "const_q_mode_enable": ("Operating Mode - Constant VArs Enabled", "Enable Constant Vars Mode"),
    "const_pf_mode_enable": ("Operating Mode - Constant Power Factor Enabled", "Enable Constant Power Factor Mode"),
    "pv_mode_enable": ("Operating Mode - Volt-Watt Enabled", "Enable Volt-Watt Mode"),
    "qp_mode_enable": ("Operating Mode - Watt-VAr Enabled", "Enable Watt-Var Mode"),
    "reference_follows": ("Volt-VAr Enable Autonomous", "Volt-Var Enable Autonomous"),
}
"""Of modes the profile words state and command in two ways."""


Entries = dict[str, dict[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def profile() -> Entries:
    """dnp3py's copy of the profile: entries by kind and index."""
    document = json.loads(files("dnp3.mesa").joinpath("data/profiles/full.json").read_text(encoding="utf-8"))
    return {kind: {entry["point_index"]: entry for entry in entries(document[kind.upper()])} for kind in KINDS}


KINDS = ("bi", "bo", "ai", "ao")


def entries(node: Any) -> Iterator[dict[str, Any]]:
    """Everything below a node that has an index."""
    if isinstance(node, dict) and "point_index" in node:
        yield node
        return
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from entries(inner)


def sides(name: str) -> list[Ref]:
    point = PROFILE.points[name]
    return [place for place in (point.input, point.output) if place is not None]


def test_every_point_has_its_words():
    assert set(PROFILE.points) == set(WORDS) | set(MODES)


def test_indices_are_those_of_the_profile(profile):
    for name in PROFILE.points:
        for place in sides(name):
            wanted = (MODES.get(name) or (WORDS[name],) * 2)[place.kind.value in {"bo", "ao"}]
            found = profile[place.kind][place.index]["name"]
            assert found.lower().startswith(wanted.lower()), f"{name} is at {place}, which is {found!r}"


def test_resolutions_are_those_of_the_profile(profile):
    for name in (name for name, point in PROFILE.points.items() if point.is_number):
        for place in sides(name):
            entry = profile[place.kind][place.index]
            if "Curve Point" not in entry["name"]:  # these vary with their unit; the map says what it takes
                assert PROFILE.points[name].scale == entry["multiplier"], f"{name} at {place}"


def test_a_command_reads_back_where_the_profile_says(profile):
    for name, point in PROFILE.points.items():
        if point.input and point.output:
            entry = profile[point.output.kind][point.output.index]
            shown = entry["assoc_bi" if point.output.is_binary else "assoc_ai"]
            assert shown == str(point.input).upper().replace(" ", ""), name


class Bench:
    def __init__(self, wire: Dnp3Wire, inverter: InverterEmulator) -> None:
        self.wire, self.inverter = wire, inverter
        self.driver = Dnp3Inverter(wire.link(), PROFILE)

    def run(self, seconds: int, v_pu: float = 1.0) -> None:
        with self.wire.host.lock:
            self.inverter.node.apply((v_pu * PHASE_V,) * 3)
            for _ in range(seconds):
                self.inverter.advance(1.0)

    @property
    def power_w(self) -> float:
        return sum(self.inverter.power.p_w)

    @property
    def reactive_var(self) -> float:
        return sum(self.inverter.power.q_var)


def outstation_of(inverter: InverterEmulator) -> PointOutstation:
    points = Dnp3InverterPoints(inverter)
    return PointOutstation(10, PROFILE, points.bindings, points.identity, 1, points.refresh)


@pytest.fixture
def bench() -> Iterator[Bench]:
    inverter = running()
    with serving(outstation_of(inverter)) as wire:
        found = Bench(wire, inverter)
        found.run(5)
        yield found


def test_the_driver_fits_its_role(bench):
    driver: Inverter = bench.driver
    assert driver.identify() == Identity("derbench", "emulated inverter", version="1", serial="pv")


def test_nameplate(bench):
    assert bench.driver.read_nameplate() == Nameplate(1e6, 1e6, 0.44e6, 0.44e6, 0.0, 480.0, "B", "III")


def test_what_it_measures(bench):
    reading = bench.driver.read_ac()
    assert reading.p_w == pytest.approx(bench.power_w, rel=1e-4)
    assert reading.q_var == pytest.approx(bench.reactive_var, abs=100.0)
    assert reading.va == pytest.approx(math.hypot(bench.power_w, bench.reactive_var), rel=1e-4)
    assert reading.frequency_hz == pytest.approx(60.0)
    assert reading.voltage_v == pytest.approx((PHASE_V,) * 3, abs=0.051)  # 277.1: fractions are kept
    assert reading.current_a == pytest.approx(bench.power_w / PHASE_V, rel=1e-3)
    assert (reading.connected, reading.running, reading.alarms) == (True, True, 0)


def test_both_libraries_read_the_same_of_it(bench):
    with with_py1815(bench.wire.address) as other:
        found = other.read(analog_inputs=[537, 547], binary_inputs=[14, 19])
    values = {(o.point.value, o.index): o.value for o in found.objects}
    assert values["ai", 537] == pytest.approx(bench.power_w, rel=1e-4)
    assert values["ai", 547] == 2771
    assert (values["bi", 14], values["bi", 19]) == (True, True)


def test_a_set_point_acts_and_reverts_by_itself(bench):
    held = bench.driver.set_power_w(200_000.0, 60.0)
    assert (held.enabled, held.power_w) == (True, 200_000.0)
    bench.run(30)
    assert bench.power_w == pytest.approx(200_000.0, rel=1e-3)
    bench.run(40)
    assert not bench.driver.read_command().enabled
    assert bench.power_w == pytest.approx(0.5 * RATING_W, rel=1e-3)


@pytest.mark.parametrize(("asked_w", "held_w"), [(123_456.0, 123_000.0), (999_999.0, 999_000.0), (400.0, 0.0)])
def test_a_set_point_is_rounded_towards_zero_to_the_profile_s_resolution(bench, asked_w, held_w):
    assert bench.driver.set_power_w(asked_w, 60.0).power_w == pytest.approx(held_w)


def test_released(bench):
    bench.driver.set_power_w(200_000.0, 600.0)
    bench.driver.release()
    bench.run(30)
    assert not bench.driver.read_command().enabled
    assert bench.power_w == pytest.approx(0.5 * RATING_W, rel=1e-3)


def test_ceases_and_enters_service(bench):
    bench.driver.cease_to_energize()
    bench.run(2)
    reading = bench.driver.read_ac()
    assert (reading.connected, reading.running, bench.power_w) == (False, False, 0.0)
    assert bench.driver.read_modes().permitted is False
    bench.driver.enter_service()
    bench.run(400)
    assert bench.driver.read_ac().connected
    assert bench.driver.read_modes().permitted is True


def test_make_safe(bench):
    bench.driver.set_power_w(200_000.0, 600.0)
    bench.driver.make_safe()
    bench.run(2)
    assert bench.power_w == 0.0
    assert not bench.driver.read_command().enabled


def test_a_start_without_permission_is_refused(bench):
    bench.driver.cease_to_energize()
    with pytest.raises(InstrumentError, match="refused to operate bo 1 to latch_on: blocked"):
        bench.driver.points.write("start_up", "start")


def test_a_volt_var_curve_is_written_beside_the_one_in_use_and_then_followed(bench):
    assert bench.driver.read_volt_var() == VoltVarCurve(
        pytest.approx((0.92, 0.98, 1.02, 1.08)), pytest.approx((0.44, 0.0, 0.0, -0.44)), 5.0
    )
    bench.driver.set_volt_var(CURVE)
    assert bench.driver.read_volt_var() == VoltVarCurve(
        pytest.approx(CURVE.v_pu), pytest.approx(CURVE.q_pu, abs=0.0003), 7.0
    )
    bench.run(60, v_pu=1.07)
    assert bench.reactive_var == pytest.approx(-0.25e6, rel=2e-3)
    bench.run(60, v_pu=0.95)
    assert bench.reactive_var == pytest.approx(0.15e6, rel=3e-3)
    selected = [entry.order for entry in bench.wire.outstations[0].log if str(entry.ref) == "ao 244"]
    assert selected == [1.0, 2.0, 2.0]
    bench.driver.set_volt_var(CURVE)
    assert bench.driver.points.read("volt_var_curve").number("volt_var_curve") == 1.0


def test_the_reference_follows_where_it_is_asked_to(bench):
    bench.driver.set_volt_var(VoltVarCurve(CURVE.v_pu, CURVE.q_pu, 5.0, autonomous_s=400.0))
    assert bench.driver.read_volt_var().autonomous_s == 400.0
    bench.driver.set_volt_var(CURVE)
    assert bench.driver.read_volt_var().autonomous_s is None


def test_a_curve_in_use_is_not_edited(bench):
    bench.driver.points.write("curve_selected", 1)
    assert bench.driver.points.read("curve_in_use").flag("curve_in_use")
    with pytest.raises(InstrumentError, match="refused to operate ao 249"):
        bench.driver.points.write("curve_x_1", 90.0)


def test_volt_var_does_not_follow_a_curve_that_is_none(bench):
    with pytest.raises(InstrumentError, match="refused to operate ao 217"):
        bench.driver.points.write("volt_var_curve", 3)


def test_what_the_profile_cannot_tell_is_refused_beforehand(bench):
    with pytest.raises(Unmapped, match=r"no reference of 1\.02"):
        bench.driver.set_volt_var(VoltVarCurve(CURVE.v_pu, CURVE.q_pu, 5.0, reference_pu=1.02))
    with pytest.raises(SafetyTrip, match="not 1 to 10 points"):
        bench.driver.set_volt_var(VoltVarCurve((1.0,) * 11, (0.0,) * 11, 5.0))
    assert not bench.wire.outstations[0].log


def test_the_envelope_of_the_bench_holds(bench):
    driver = Dnp3Inverter(bench.wire.link(), PROFILE, DerEnvelope(power_w=(0.0, 100_000.0)))
    with pytest.raises(SafetyTrip, match="outside 0 to 100000"):
        driver.set_power_w(100_001.0, 60.0)
    assert not bench.wire.outstations[0].log


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("ignores-set-point", (True, 0.5)),
        ("scaled", (True, 0.18)),
        ("acknowledges-and-does-not-act", (False, 0.5)),
    ],
)
def test_a_defective_inverter_is_as_defective_on_dnp3(bench, fault, seen):
    bench.inverter.inject(fault)
    if seen[0]:
        bench.driver.set_power_w(200_000.0, 600.0)
    else:
        with pytest.raises(InstrumentError, match="reads back"):
            bench.driver.set_power_w(200_000.0, 600.0)
    bench.run(60)
    assert bench.power_w / RATING_W == pytest.approx(seen[1], abs=0.002)


def test_one_that_is_gone_hangs_up(bench):
    bench.driver.read_ac()
    bench.inverter.inject("drops-out")
    with pytest.raises(TransportError, match="closed the connection"):
        bench.driver.read_ac()


def test_values_that_it_does_not_have_are_no_readings(bench):
    bench.inverter.inject("not-implemented-values")
    with pytest.raises(InstrumentError, match=r"power \(ai 537\) is no reading: offline, without a valid reference"):
        bench.driver.read_ac()


def test_the_driver_s_set_point_octet_by_octet():
    """Maximum power 50 kW; 12 345 W are 24.6 % of it, rounded towards zero: 246 at ao 93, 60 s at ao 92, bo 18 on."""
    plate = {"ai": {4: 50000, 5: 0, 12: 22000, 13: -22000, 14: 50000, 22: 2, 23: 3, 29: 4800}}
    objects = "".join(
        f"1e 01 00 {first:02x} {last:02x}" + "".join("01" + value_of(plate["ai"][i]) for i in range(first, last + 1))
        for first, last in ((4, 5), (12, 14), (22, 23), (29, 29))
    )
    turns = [
        (
            asked("c0 c0 01 1e 00 00 04 05 1e 00 00 0c 0e 1e 00 00 16 17 1e 00 00 1d 1d"),
            answered("c0 c0 81 00 00" + objects),
        ),
        (asked("c1 c1 01 1e 00 00 20 20"), answered("c1 c1 81 00 00 1e 01 00 20 20 01" + value_of(50000))),
        *analog(2, 92, 153, 60),
        *analog(4, 93, 154, 246),
        (
            asked("c6 c6 05 0c 01 17 01 12 03 01 00000000 00000000 00"),
            answered("c6 c6 81 00 00 0c 01 17 01 12 03 01 00000000 00000000 00"),
        ),
        (asked("c7 c7 01 01 00 00 46 46"), answered("c7 c7 81 00 00 01 02 00 46 46 81")),
        (
            asked("c8 c8 01 1e 00 00 99 9a 01 00 00 46 46"),
            answered("c8 c8 81 00 00 1e 01 00 99 9a 01" + value_of(60) + "01" + value_of(246) + "01 02 00 46 46 81"),
        ),
        (asked("c9 c9 01 1e 00 00 20 20"), answered("c9 c9 81 00 00 1e 01 00 20 20 01" + value_of(50000))),
    ]
    with conversation(*turns) as link:
        held = Dnp3Inverter(link, PROFILE).set_power_w(12_345.0, 60.0)
    assert (held.enabled, held.power_w) == (True, pytest.approx(12_300.0))
    assert math.isnan(held.remaining_s)


def value_of(number: int) -> str:
    return number.to_bytes(4, "little", signed=True).hex()


def analog(sequence: int, output: int, shown: int, number: int) -> list[tuple[bytes, bytes]]:
    """A command of an analog output and its read-back, with the sequence numbers of both."""
    first, second = (f"{0xC0 + n:02x} {0xC0 + n:02x}" for n in (sequence, sequence + 1))
    order = f"29 01 17 01 {output:02x} {value_of(number)} 00"
    read = f"1e 00 00 {shown:02x} {shown:02x}"
    return [
        (asked(f"{first} 05 {order}"), answered(f"{first} 81 00 00 {order}")),
        (
            asked(f"{second} 01 {read}"),
            answered(f"{second} 81 00 00 1e 01 00 {shown:02x} {shown:02x} 01{value_of(number)}"),
        ),
    ]


def test_a_map_that_lacks_what_the_driver_needs_is_refused(bench):
    short = PROFILE.model_copy(update={"points": {"power": PROFILE.points["power"]}})
    with pytest.raises(ConfigError, match=r"inverter_ieee1815_2 lacks .*alarm, .*volt_var_rise"):
        Dnp3Inverter(bench.wire.link(), short)
