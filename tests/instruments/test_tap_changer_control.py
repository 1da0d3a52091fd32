"""The emulated tap-changer control against times and voltages worked out by hand. PT secondary, 120 V base."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.emulators.contacts import CommandRefused, SensingTerminals
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.emulators.tap_changer_settings import Characteristic, Direction, TapChangerSettings
from instruments.emulators.timing import EPSILON_S
from instruments.errors import ConfigError
from tests.instruments.control_bench import Bench, sensed


def make(voltage_v: float = 120.0, position: int = 0, **settings) -> Bench:
    """Band 119..121, 30 s to the first operation, 5 s from one to the next, unless told otherwise."""
    terminals = SensingTerminals(sensed(voltage_v))
    control = TapChangerControlEmulator(terminals, TapChangerSettings(**settings), position)
    bench = Bench(terminals, control)
    bench.watch("raise", control.raise_contact)
    bench.watch("lower", control.lower_contact)
    return bench


@pytest.mark.parametrize("voltage_v", [119.0, 120.0, 121.0])
def test_inside_the_band_nothing_moves(voltage_v):
    assert make(voltage_v).run(3600.0) == []


@pytest.mark.parametrize("step_s", [0.1, 0.25, 1.0, 7.0, 42.0])
@pytest.mark.parametrize(("voltage_v", "way"), [(118.9, "raise"), (121.1, "lower")])
def test_first_operation_after_the_delay_and_then_one_each_inter_tap_delay(voltage_v, way, step_s):
    assert make(voltage_v).run(42.0, step_s) == [(30.0, way), (35.0, way), (40.0, way)]


def test_a_pulse_lasts_its_time():
    bench = make(118.0)
    bench.run(30.0)
    assert bench.control.raise_contact.closed
    bench.control.advance(1.9)
    assert bench.control.raise_contact.closed
    bench.control.advance(0.1)
    assert not bench.control.raise_contact.closed


def test_a_return_into_the_band_begins_the_delay_anew():
    bench = make(118.0)
    assert bench.run(29.0) == []
    bench.sense(120.0)
    bench.run(1.0)
    bench.sense(118.0)
    assert bench.run(31.0) == [(60.0, "raise")]


def test_a_change_of_side_begins_the_delay_anew():
    bench = make(118.0)
    bench.run(29.0)
    bench.sense(122.0)
    assert bench.run(31.0) == [(59.0, "lower")]


def test_the_inverse_characteristic_divides_the_delay_by_deviation_over_half_band():
    at_edge = make(118.999999, characteristic=Characteristic.INVERSE).run(31.0)
    assert at_edge[0][0] == pytest.approx(30.0, abs=1e-3)
    assert make(117.0, characteristic=Characteristic.INVERSE).run(12.0, 0.5) == [(10.0, "raise")]


def test_the_inverse_characteristic_integrates_a_changing_deviation():
    bench = make(118.0, characteristic=Characteristic.INVERSE)
    bench.run(5.0)  # 5 s at twice the speed leave 20 of 30
    bench.sense(116.0)  # four times the speed: 5 s more
    assert bench.run(6.0) == [(10.0, "raise")]


@pytest.mark.parametrize(
    ("current_a", "angle_deg", "drop_v"),
    [
        (5.0, 0.0, 3.0),  # rated current in phase: R
        (5.0, -90.0, 6.0),  # lagging by a quarter turn: X
        (2.5, -36.8698976458, 0.5 * (3.0 * 0.8 + 6.0 * 0.6)),  # power factor 0.8 lagging at half current: 3.0 V
        (5.0, 36.8698976458, 3.0 * 0.8 - 6.0 * 0.6),  # leading: the load centre lies 1.2 V above
        (5.0, 180.0, -3.0),  # reverse power, as on a feeder with generation
    ],
)
def test_line_drop_compensation(current_a, angle_deg, drop_v):
    bench = make(ldc_r_v=3.0, ldc_x_v=6.0)
    bench.sense(120.0, current_a, angle_deg)
    assert bench.control.regulated_v == pytest.approx(120.0 - drop_v, abs=1e-6)


def test_the_band_is_held_at_the_load_centre():
    bench = make(ldc_r_v=3.0)
    bench.sense(120.0, 5.0)
    assert bench.run(30.0) == [(30.0, "raise")]


def test_block_wins_over_the_band_and_its_release_takes_the_whole_delay():
    bench = make(118.0)
    bench.control.set_blocked(True)
    assert bench.run(600.0) == []
    bench.control.set_blocked(False)
    assert bench.run(30.0) == [(630.0, "raise")]


def test_no_raise_at_the_upper_voltage_limit_though_the_load_centre_is_low():
    bench = make(ldc_r_v=20.0)
    bench.sense(128.0, 5.0)
    assert bench.control.regulated_v == 108.0
    assert bench.run(600.0) == []


def test_no_lowering_at_the_lower_voltage_limit():
    assert make(114.0, band_centre_v=110.0).run(600.0) == []


def test_above_the_limit_it_runs_back_without_delay():
    bench = make(ldc_r_v=20.0)
    bench.sense(129.0, 5.0)
    assert bench.run(60.0) == [], "128 V limit, 1 V above it runback begins: at 129 V it does not yet"
    bench.sense(129.5, 5.0)
    assert bench.run(8.0) == [(60.0, "lower"), (65.0, "lower")]


def test_lost_potential_is_not_low_voltage():
    assert make(0.0).run(600.0) == []


@pytest.mark.parametrize(("position", "voltage_v"), [(16, 118.0), (-16, 122.0)])
def test_tap_limits_hold(position, voltage_v):
    bench = make(voltage_v, position)
    assert bench.run(600.0) == []
    bench.control.set_automatic(False)
    with pytest.raises(CommandRefused, match=f"tap limit at position {position}"):
        bench.control.command(Direction.RAISE if position > 0 else Direction.LOWER)


def test_it_counts_its_own_pulses_until_a_position_is_fed_back():
    bench = make(118.0, position=3)
    bench.run(36.0)
    assert bench.control.position == 5
    bench.control.position_input = 4
    assert bench.control.position == 4


def test_voltage_reduction_acts_without_delay_until_its_band_is_reached():
    bench = make(120.0)
    bench.run(100.0)
    bench.control.set_reduction_stage(3)  # 5 %: 114 V, band 113..115; the lower limit of 114 V ends it before
    assert bench.run(7.0) == [(100.0, "lower"), (105.0, "lower")]
    bench.sense(114.5)
    assert bench.run(60.0) == []
    bench.sense(116.0)
    assert bench.run(31.0) == [(197.0, "lower")], "once in its band, the delay holds again"


def test_an_unknown_stage_of_reduction_is_refused():
    with pytest.raises(CommandRefused, match="no reduction stage 4"):
        make().control.set_reduction_stage(4)


def test_scada_operates_once_per_command_in_scada_manual_only():
    bench = make(118.0)
    with pytest.raises(CommandRefused, match="SCADA-manual"):
        bench.control.command(Direction.RAISE)
    bench.control.set_automatic(False)
    bench.control.command(Direction.RAISE)
    assert bench.run(600.0) == []
    assert bench.closures == [(0.0, "raise")]


def test_commands_keep_the_inter_tap_delay():
    bench = make()
    bench.control.set_automatic(False)
    bench.control.command(Direction.RAISE)
    bench.run(4.0)
    with pytest.raises(CommandRefused, match="inter-tap") as refusal:
        bench.control.command(Direction.LOWER)
    assert refusal.value.busy
    bench.run(1.0)
    bench.control.command(Direction.LOWER)
    assert bench.closures == [(0.0, "raise"), (5.0, "lower")]


def test_local_refuses_all_of_scada_and_regulates_on():
    bench = make(118.0)
    bench.control.remote = False
    commands = [
        lambda: bench.control.command(Direction.RAISE),
        lambda: bench.control.set_automatic(False),
        lambda: bench.control.set_blocked(True),
        lambda: bench.control.set_reduction_stage(1),
        lambda: bench.control.change(band_centre_v=118.0),
    ]
    for command in commands:
        with pytest.raises(CommandRefused, match="local"):
            command()
    assert bench.run(30.0) == [(30.0, "raise")]


def test_counters_in_total_and_since_midnight():
    terminals = SensingTerminals(sensed(118.0))
    control = TapChangerControlEmulator(terminals, start_of_day_s=86400.0 - 37.0)
    control.advance(36.0)
    assert (control.counter.total, control.operations_today) == (2, 2)
    control.advance(2.0)
    assert (control.counter.total, control.operations_today) == (2, 0)
    control.advance(3.0)
    assert (control.counter.total, control.operations_today) == (3, 1)


@pytest.mark.parametrize(
    "wrong",
    [{"bandwidth_v": 0.0}, {"pulse_s": 5.0}, {"block_lower_v": 128.0}, {"lowest_tap": 1}],
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ConfigError, match=r"tap-changer control: .*" + next(iter(wrong))):
        TapChangerSettings(**wrong)


@given(st.lists(st.tuples(st.floats(119.0, 121.0), st.floats(0.01, 300.0)), max_size=40))
def test_it_never_moves_while_the_voltage_stays_in_the_band(history):
    bench = make()
    for voltage_v, duration_s in history:
        bench.sense(voltage_v)
        bench.control.advance(duration_s)
    assert bench.closures == []


HISTORY = st.lists(st.tuples(st.floats(110.0, 132.0), st.integers(1, 90)), min_size=1, max_size=12)


@given(HISTORY)
def test_counters_only_grow_agree_with_the_contacts_and_operations_keep_their_distance(history):
    bench = make()
    totals = [0]
    for voltage_v, duration_s in history:
        bench.sense(voltage_v)
        bench.run(duration_s)
        totals.append(bench.control.counter.total)
    assert totals == sorted(totals)
    assert totals[-1] == bench.control.raise_contact.closures + bench.control.lower_contact.closures
    times = [time_s for time_s, _ in bench.closures]
    assert all(b - a >= 5.0 - EPSILON_S for a, b in pairwise(times)), times


@given(HISTORY, st.sampled_from([0.1, 0.5, 3.0]))
def test_operations_do_not_depend_on_the_step(history, step_s):
    coarse, fine = make(), make()
    for voltage_v, duration_s in history:
        for bench, steps in ((coarse, 1), (fine, round(3 * duration_s / step_s))):
            bench.sense(voltage_v)
            for _ in range(steps):
                bench.control.advance(3.0 * duration_s / steps)
    assert [way for _, way in coarse.closures] == [way for _, way in fine.closures]
    assert [t for t, _ in fine.closures] == pytest.approx([t for t, _ in coarse.closures], abs=1e-4)


def test_quiet_time_is_the_time_to_the_next_change():
    bench = make(118.0)
    bench.run(10.0)
    assert bench.control.quiet_s == pytest.approx(20.0)
    bench.run(20.0)
    assert bench.control.quiet_s == pytest.approx(2.0), "the pulse ends"
    bench.sense(120.0)
    bench.run(2.0)
    assert bench.control.quiet_s == float("inf")


class TestFaults:
    """Each defect of the control shows at its contacts or in its reports; test_apparatus has the mechanism's."""

    def test_wrong_direction_closes_the_other_contact_and_reports_the_right_one(self):
        bench = make(118.0)
        bench.control.inject("wrong-direction")
        assert bench.run(30.0) == [(30.0, "lower")]
        assert bench.control.position == 1

    @pytest.mark.parametrize(("fed_back", "reported"), [(None, 1), (0, 1)])
    def test_reports_a_move_it_did_not_make(self, fed_back, reported):
        bench = make()
        bench.control.position_input = fed_back
        bench.control.inject("reports-a-move-it-did-not-make")
        bench.control.set_automatic(False)
        bench.control.command(Direction.RAISE)
        assert bench.run(60.0) == []
        assert bench.closures == []
        assert (bench.control.position, bench.control.counter.total) == (reported, 1)

    def test_ignores_block_regulates_and_still_reports_it(self):
        bench = make(118.0)
        bench.control.inject("ignores-block")
        bench.control.set_blocked(True)
        assert bench.run(30.0) == [(30.0, "raise")]
        assert bench.control.blocked

    def test_hunts_moves_up_and_down_inside_its_band(self):
        bench = make(119.9)
        bench.control.inject("hunts")
        ways = []
        for _ in range(200):
            for _, way in bench.run(1.0):
                ways.append(way)
                bench.sense(bench.control.voltage_v + (0.75 if way == "raise" else -0.75))
        assert ways == ["raise", "lower"] * 3, "0.75 V a tap, 30 s each way, and never at rest"

    def test_a_fault_has_its_time(self):
        bench = make(118.0)
        bench.control.inject("wrong-direction", start_s=32.0, end_s=37.0)
        assert [way for _, way in bench.run(40.0)] == ["raise", "lower", "raise"]
