"""The emulated capacitor control against times and thresholds worked out by hand. PT secondary, 120 V base."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.capacitor_settings import CapacitorSettings, Strategy
from instruments.emulators.contacts import CommandRefused, SensingTerminals
from instruments.errors import ConfigError
from tests.instruments.control_bench import Bench, sensed

PER_A_KVAR = 3 * 120.0 * 60.0 * 60.0 / 1000.0
"""Three phases at 120 V, 60:1 and 300:5, a quarter turn lagging: 1296 kvar for each ampere on the secondary."""


def make(closed: bool = False, start_of_day_s: float = 0.0, **settings) -> Bench:
    """VAR: closes above 300 kvar, opens below -300 kvar, 60 s each; unless told otherwise."""
    terminals = SensingTerminals(sensed(120.0))
    control = CapacitorControlEmulator(terminals, CapacitorSettings(**settings), closed, start_of_day_s)
    bench = Bench(terminals, control)
    bench.watch("close", control.close_contact)
    bench.watch("open", control.open_contact)
    return bench


def sense_kvar(bench: Bench, kvar: float) -> None:
    bench.sense(120.0, abs(kvar) / PER_A_KVAR, -90.0 if kvar > 0 else 90.0)


@pytest.mark.parametrize(
    ("current_a", "angle_deg", "kvar"),
    [(1.0, -90.0, 1296.0), (1.0, 90.0, -1296.0), (1.0, 0.0, 0.0), (0.5, -30.0, 324.0), (0.5, 150.0, -324.0)],
)
def test_reactive_power_from_the_secondaries(current_a, angle_deg, kvar):
    bench = make()
    bench.sense(120.0, current_a, angle_deg)
    assert bench.control.feeder_kvar == pytest.approx(kvar, abs=1e-9)


@pytest.mark.parametrize("step_s", [0.1, 1.0, 7.0])
def test_var_strategy_closes_and_opens_beyond_its_thresholds_after_the_delay(step_s):
    bench = make()
    sense_kvar(bench, 299.0)
    assert bench.run(700.0, step_s) == []
    sense_kvar(bench, 301.0)
    assert bench.run(70.0, step_s) == [(760.0, "close")]
    sense_kvar(bench, -299.0)
    assert bench.run(70.0, step_s) == []
    sense_kvar(bench, -301.0)
    assert bench.run(70.0, step_s) == [(900.0, "open")]


def test_a_return_between_the_thresholds_begins_the_delay_anew():
    bench = make()
    sense_kvar(bench, 400.0)
    bench.run(59.0)
    sense_kvar(bench, 0.0)
    bench.run(1.0)
    sense_kvar(bench, 400.0)
    assert bench.run(61.0) == [(120.0, "close")]


def test_voltage_strategy():
    bench = make(strategy=Strategy.VOLTAGE)
    bench.sense(118.0)
    assert bench.run(600.0) == []
    bench.sense(117.9)
    assert bench.run(61.0) == [(660.0, "close")]
    bench.sense(124.1)
    assert bench.run(61.0) == [(721.0, "open")]


@pytest.mark.parametrize("step_s", [60.0, 600.0, 86400.0])
def test_time_strategy_follows_the_clock_over_midnight(step_s):
    hour_s = 3600.0
    bench = make(strategy=Strategy.TIME, start_of_day_s=21 * hour_s, close_at_s=22 * hour_s, open_at_s=hour_s)
    assert bench.run(24 * hour_s, step_s) == [(hour_s + 60.0, "close"), (4 * hour_s + 60.0, "open")]


DAY_S = 86_400.0
FRIDAY, SATURDAY, SUNDAY, MONDAY = 4, 5, 6, 0
WORKING_DAYS = 0b001_1111


def at(day: int, hour: float) -> float:
    return day * DAY_S + hour * 3600.0


@pytest.mark.parametrize(
    ("second_of_week", "closes"),
    [(at(FRIDAY, 7.99), True), (at(SATURDAY, 7.99), False), (at(SUNDAY, 7.99), False), (at(MONDAY, 7.99), True)],
)
def test_the_schedule_closes_on_its_weekdays_only(second_of_week, closes):
    bench = make(strategy=Strategy.TIME, weekdays=WORKING_DAYS)
    bench.control.set_clock(second_of_week)
    assert [way for _, way in bench.run(120.0, 10.0)] == (["close"] if closes else [])


def test_a_span_over_midnight_is_of_the_day_on_which_it_begins():
    bench = make(strategy=Strategy.TIME, weekdays=WORKING_DAYS, close_at_s=22 * 3600.0, open_at_s=6 * 3600.0)
    bench.control.set_clock(at(FRIDAY, 22.0))
    assert bench.run(8 * 3600.0 + 60.0, 60.0) == [(60.0, "close"), (8 * 3600.0 + 60.0, "open")]
    bench.control.set_clock(at(SUNDAY, 21.9))
    assert bench.run(12 * 3600.0, 600.0) == []


@pytest.mark.parametrize("second_of_week", [0.0, at(FRIDAY, 12.5), at(SUNDAY, 24.0) - 1.0])
def test_the_clock_goes_on_from_where_it_is_set(second_of_week):
    bench = make(start_of_day_s=at(SATURDAY, 9.0))
    bench.run(100.0)
    bench.control.set_clock(second_of_week)
    assert bench.control.second_of_week == pytest.approx(second_of_week, abs=1e-3)
    bench.run(50.0)
    assert bench.control.second_of_week == pytest.approx((second_of_week + 50.0) % at(7, 0.0), abs=1e-3)


def test_a_clock_that_is_set_within_the_day_keeps_the_daily_count_and_another_day_begins_it_anew():
    bench = make(start_of_day_s=at(MONDAY, 9.0))
    bench.control.command(closing=True)
    bench.control.set_clock(at(MONDAY, 23.0))
    assert bench.control.operations_today == 1
    bench.control.set_clock(at(FRIDAY, 9.0))
    assert bench.control.operations_today == 0
    bench.control.set_clock(at(MONDAY, 9.0))
    assert bench.control.operations_today == 0, "that is Monday of next week"


def test_temperature_strategy_has_a_dead_band():
    bench = make(strategy=Strategy.TEMPERATURE)
    bench.control.temperature_c = 32.5
    assert bench.run(61.0) == [(60.0, "close")]
    bench.control.temperature_c = 28.0
    assert bench.run(600.0) == []
    bench.control.temperature_c = 26.5
    assert bench.run(61.0) == [(721.0, "open")]


@pytest.mark.parametrize("strategy", list(Strategy))
@pytest.mark.parametrize(("voltage_v", "closed", "way"), [(109.9, False, "close"), (130.1, True, "open")])
def test_voltage_override_beats_every_strategy_and_the_block(strategy, voltage_v, closed, way):
    bench = make(closed, strategy=strategy, start_of_day_s=0.0 if closed else 12 * 3600.0)
    bench.control.set_blocked(True)
    bench.sense(voltage_v)
    assert bench.run(30.0) == [(5.0, way)]


def test_the_override_holds_the_bank_against_its_strategy():
    bench = make(closed=True)
    bench.sense(109.0, 1.0, 90.0)  # far leading: VAR would open
    assert bench.run(600.0) == []


def test_neutral_current_opens_and_locks_out_whatever_the_mode():
    bench = make(closed=True)
    bench.control.set_automatic(False)
    bench.control.neutral_current_a = 0.6
    assert bench.run(10.0) == [(5.0, "open")]
    bench.control.neutral_current_a = 0.0
    bench.run(600.0)
    with pytest.raises(CommandRefused, match="neutral current"):
        bench.control.command(closing=True)
    bench.control.reset_lockout()
    bench.control.command(closing=True)
    assert bench.closures[-1] == (610.0, "close")


def test_a_flowing_neutral_current_cannot_be_reset():
    bench = make()
    bench.control.neutral_current_a = 0.6
    with pytest.raises(CommandRefused, match="still above"):
        bench.control.reset_lockout()


def test_neutral_current_beats_the_voltage_override():
    bench = make()
    bench.sense(105.0)
    bench.control.neutral_current_a = 0.6
    assert bench.run(600.0) == []


def test_a_discharging_bank_does_not_close_for_300_s_and_the_attempts_are_counted():
    bench = make(closed=True)
    bench.control.command(closing=False)
    bench.run(299.0)
    with pytest.raises(CommandRefused, match="another 1 s") as refusal:
        bench.control.command(closing=True)
    assert refusal.value.busy
    assert (bench.control.refused_closes, bench.control.counter.total) == (1, 1)
    bench.run(1.0)
    bench.control.command(closing=True)
    assert bench.closures == [(0.0, "open"), (300.0, "close")]


def test_the_own_logic_waits_for_the_discharge():
    bench = make(closed=True)
    bench.control.command(closing=False)
    sense_kvar(bench, 400.0)
    assert bench.run(400.0) == [(300.0, "close")]


def test_the_discharge_counts_from_the_status_contact():
    bench = make()
    bench.control.status_input = True
    bench.run(10.0)
    bench.control.status_input = False  # somebody opened it by hand
    bench.run(100.0)
    assert bench.control.lockout_left_s == pytest.approx(200.0)


def test_the_daily_limit_stops_the_strategy_until_midnight_but_not_scada():
    bench = make(start_of_day_s=86400.0 - 2000.0, daily_limit=1)
    sense_kvar(bench, 400.0)
    assert bench.run(100.0) == [(60.0, "close")]
    sense_kvar(bench, -400.0)
    assert bench.run(1899.0) == []
    assert bench.run(62.0) == [(2060.0, "open")], "60 s after midnight"
    bench.run(300.0)
    bench.control.command(closing=True)
    assert bench.closures[-1][1] == "close"


def test_the_block_stops_the_strategy_and_a_scada_close_still_works():
    bench = make()
    bench.control.set_blocked(True)
    sense_kvar(bench, 400.0)
    assert bench.run(600.0) == []
    bench.control.command(closing=True)
    assert bench.closures == [(600.0, "close")]
    sense_kvar(bench, -400.0)
    assert bench.run(600.0) == [], "blocked, it does not undo what SCADA did"
    bench.control.set_blocked(False)
    assert bench.run(61.0) == [(1260.0, "open")]


def test_scada_manual_leaves_the_bank_alone():
    bench = make()
    bench.control.set_automatic(False)
    sense_kvar(bench, 400.0)
    assert bench.run(600.0) == []


def test_a_command_towards_where_the_switch_is_does_nothing():
    bench = make(closed=True)
    bench.control.command(closing=True)
    assert (bench.closures, bench.control.counter.total) == ([], 0)


def test_one_operation_at_a_time():
    bench = make()
    bench.control.command(closing=True)
    with pytest.raises(CommandRefused, match="under way"):
        bench.control.command(closing=False)


def test_a_switch_that_stays_open_is_told_to_close_once_more_after_each_delay():
    bench = make()
    bench.control.status_input = False
    sense_kvar(bench, 400.0)
    assert bench.run(130.0) == [(60.0, "close"), (120.0, "close")]
    assert not bench.control.closed


def test_local_refuses_all_of_scada_and_the_own_logic_goes_on():
    bench = make()
    bench.control.remote = False
    commands = [
        lambda: bench.control.command(closing=True),
        lambda: bench.control.set_automatic(False),
        lambda: bench.control.set_blocked(True),
        lambda: bench.control.change(daily_limit=3),
        bench.control.reset_lockout,
    ]
    for command in commands:
        with pytest.raises(CommandRefused, match="local"):
            command()
    sense_kvar(bench, 400.0)
    assert bench.run(60.0) == [(60.0, "close")]


def test_lost_potential_switches_nothing():
    bench = make(strategy=Strategy.VOLTAGE)
    bench.sense(0.0)
    assert bench.run(600.0) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"close_below_v": 125.0},
        {"open_below_kvar": 300.0},
        {"open_below_c": 40.0},
        {"pulse_s": 5.0},
        {"daily_limit": 0},
        {"phases": 4},
        {"close_at_s": 86_400.0},
        {"weekdays": 128},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ConfigError, match=r"capacitor control: .*" + next(iter(wrong))):
        CapacitorSettings(**wrong)


HISTORY = st.lists(
    st.tuples(st.floats(105.0, 135.0), st.floats(-600.0, 600.0), st.integers(1, 400)), min_size=1, max_size=12
)


@given(HISTORY)
def test_operations_alternate_and_a_close_never_comes_inside_the_discharge_time(history):
    bench = make()
    totals = [0]
    for voltage_v, kvar, duration_s in history:
        bench.sense(voltage_v, abs(kvar) / PER_A_KVAR, -90.0 if kvar > 0 else 90.0)
        bench.control.advance(float(duration_s))
        totals.append(bench.control.counter.total)
    assert totals == sorted(totals)
    assert totals[-1] == len(bench.closures)
    assert [way for _, way in bench.closures] == (["close", "open"] * len(bench.closures))[: len(bench.closures)]
    opened = [t for t, way in bench.closures if way == "open"]
    closed = [t for t, way in bench.closures if way == "close"][1:]
    assert all(c - o >= 300.0 - 1e-6 for o, c in zip(opened, closed, strict=False)), bench.closures


class TestFaults:
    """Each defect of the control shows at its contacts or in its reports; test_apparatus has the switch's."""

    def test_closes_inside_the_discharge_time(self):
        bench = make(closed=True)
        bench.control.inject("closes-inside-the-discharge-time")
        bench.control.command(closing=False)
        bench.run(2.0)
        bench.control.command(closing=True)
        assert bench.closures == [(0.0, "open"), (2.0, "close")]

    def test_ignores_the_var_block_and_still_reports_it(self):
        bench = make()
        bench.control.inject("ignores-the-var-block")
        bench.control.set_blocked(True)
        sense_kvar(bench, 400.0)
        assert bench.run(60.0) == [(60.0, "close")]
        assert bench.control.blocked

    def test_reports_closed_when_open(self):
        bench = make()
        bench.control.status_input = False
        bench.control.inject("reports-closed-when-open")
        assert bench.control.reported_closed
        assert not bench.control.closed
