"""Physical proof of resources on readings made by hand: commands held, energy balanced, head reduced, load affected."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.bus import Delivery, Message
from bench.measurement import Measurement, PowerReading
from bench.messages.customers import CustomerCall, LoadAffected, SelectedCustomer
from bench.messages.equipment import AssetCommand, OperationalCommand
from bench.messages.names import Information, Party
from bench.truth.resource_proof import (
    HEAD_MEAN_S,
    SETTLE_S,
    AffectedLoad,
    CommandWatch,
    EnergyBalance,
    HeadPower,
    MeasuredBattery,
    MeasuredResource,
)
from instruments.errors import TransportError
from instruments.readings import StorageReading
from reports.verdict import Verdict

CAPACITY_WH, SCALE = 50_000.0, 40.0


@dataclass
class Terminal:
    """What an analyzer would say, as the test sets it."""

    power_kw: float | None = 0.0
    uncertainty_kw: float = 5.0
    time_s: float = 0.0

    def reading(self) -> PowerReading | None:
        if self.power_kw is None:
            return None
        return PowerReading(self.power_kw, self.uncertainty_kw, "power_analyzer", self.time_s)


def state(time_s: float, head_p_kw: float = 0.0) -> Any:
    return SimpleNamespace(time_s=time_s, snapshot=SimpleNamespace(head_p_kw=head_p_kw))


def delivered(payload: Any, time_s: float, information: Information = Information.OPERATIONAL_COMMAND) -> Delivery:
    message = Message(Party.UTILITY_INVERTER, Party.UTILITY_BATTERY, information, payload, "e1")
    return Delivery(1, time_s, time_s, message)


def command(power_kw: float, duration_s: float = 3600.0, device: str = "battery") -> OperationalCommand:
    asset = AssetCommand(device=device, kind="battery", power_kw=power_kw, duration_s=duration_s)
    return OperationalCommand(event="e1", command=asset)


@dataclass
class Watch:
    """A command watch on one battery, run in steps of a second."""

    terminal: Terminal
    watch: CommandWatch
    now_s: float = 0.0

    @classmethod
    def on_battery(cls) -> "Watch":
        terminal = Terminal()
        return cls(terminal, CommandWatch({"battery": MeasuredResource(terminal.reading, 30.0)}))

    def run(self, seconds: float, power_kw: Callable[[float], float | None]) -> None:
        for _ in range(round(seconds)):
            self.now_s += 1.0
            self.terminal.power_kw, self.terminal.time_s = power_kw(self.now_s), self.now_s
            self.watch.take(state(self.now_s))

    def measured(self) -> list[Measurement]:
        return self.watch.measure(self.now_s)


def test_a_command_that_is_held_passes_and_its_ramp_does_not_count() -> None:
    on = Watch.on_battery()
    on.watch.hear(delivered(command(500.0), 0.0))
    on.run(100.0, lambda t: min(500.0, 20.0 * t))
    (found,) = on.measured()
    assert (found.verdict, found.value, found.source) == (Verdict.PASS, 500.0, "power_analyzer")


def test_one_step_off_its_command_is_found_with_its_time() -> None:
    on = Watch.on_battery()
    on.watch.hear(delivered(command(500.0), 0.0))
    on.run(100.0, lambda t: 450.0 if t == 70.0 else 501.0)
    (found,) = on.measured()
    assert (found.verdict, found.value, found.time_s) == (Verdict.FAIL, 450.0, 70.0)


def test_a_command_counts_from_its_arrival_at_the_last_and_to_the_end_of_its_duration() -> None:
    on = Watch.on_battery()
    on.watch.hear(delivered(command(500.0, 60.0), 0.0))
    on.watch.hear(delivered(command(500.0, 60.0), 10.0))
    on.run(120.0, lambda t: 500.0 if 10.0 + SETTLE_S <= t <= 70.0 else 0.0)
    assert [m.verdict for m in on.measured()] == [Verdict.PASS]


def test_each_command_is_judged_by_itself() -> None:
    on = Watch.on_battery()
    on.watch.hear(delivered(command(500.0), 0.0))
    on.run(100.0, lambda _t: 500.0)
    on.watch.hear(delivered(command(-300.0), 100.0))
    on.run(100.0, lambda _t: 300.0)
    assert [m.verdict for m in on.measured()] == [Verdict.PASS, Verdict.FAIL]
    assert "-300 kW at 100 s" in on.measured()[1].quantity


def test_what_nothing_measures_is_not_passed() -> None:
    on = Watch.on_battery()
    on.watch.hear(delivered(command(500.0), 0.0))
    on.run(100.0, lambda _t: None)
    assert [m.verdict for m in on.measured()] == [Verdict.NOT_RUN]


def test_a_command_that_looks_like_doing_nothing_cannot_be_told_but_none_can() -> None:
    for power_kw, verdict in ((20.0, Verdict.INCONCLUSIVE), (0.0, Verdict.PASS)):
        on = Watch.on_battery()
        on.watch.hear(delivered(command(power_kw), 0.0))
        on.run(100.0, lambda _t: 0.0)
        assert [m.verdict for m in on.measured()] == [verdict]


def test_without_a_command_there_is_nothing_to_measure() -> None:
    on = Watch.on_battery()
    on.watch.hear(delivered(command(500.0, device="somebody_else"), 0.0))
    on.run(100.0, lambda _t: 0.0)
    assert on.measured() == []


@dataclass
class Battery:
    """A battery's registers, and its terminal."""

    terminal: Terminal
    soc_pct: float = 80.0
    silent: bool = False

    def read_storage(self) -> StorageReading:
        if self.silent:
            raise TransportError("no answer")
        return StorageReading(self.soc_pct, self.soc_pct / 100.0 * CAPACITY_WH, CAPACITY_WH, 0.0)


def balance(power_kw: float, hours: float, end_soc_pct: float, uncertainty_kw: float = 0.0) -> Measurement:
    """A battery of 2000 kWh on the feeder that held a power, and what its registers say at the end."""
    battery = Battery(Terminal(power_kw, uncertainty_kw))
    watched = MeasuredBattery(battery.terminal.reading, battery.read_storage, SCALE, efficiency=0.9)
    proof = EnergyBalance({"battery": watched})
    for step in range(11):
        battery.terminal.time_s = step * hours * 360.0
        proof.take(state(battery.terminal.time_s))
    battery.soc_pct = end_soc_pct
    (found,) = proof.measure(battery.terminal.time_s)
    return found


@pytest.mark.parametrize(
    ("power_kw", "end_soc_pct", "verdict"),
    [
        (1000.0, 30.0, Verdict.PASS),  # an hour at 1000 kW takes 1000 of 2000 kWh
        (1000.0, 33.5, Verdict.FAIL),  # 70 kWh off, 50 + 10 kWh allowed
        (1000.0, 80.0, Verdict.FAIL),  # gives power and never empties
        (0.0, 80.0, Verdict.PASS),
        (0.0, 78.0, Verdict.FAIL),  # empties without giving anything
        (-200.0, 89.0, Verdict.PASS),  # an hour at 200 kW stores 180 kWh
        (-200.0, 92.0, Verdict.FAIL),  # stores more than it was given
    ],
)
def test_state_of_charge_has_to_follow_what_flowed(power_kw: float, end_soc_pct: float, verdict: Verdict) -> None:
    found = balance(power_kw, 1.0, end_soc_pct)
    assert found.verdict is verdict, found


@given(st.floats(-1000.0, 1000.0), st.floats(0.1, 0.7))
def test_a_battery_that_balances_passes_at_any_power(power_kw: float, hours: float) -> None:
    stored_kwh = -power_kw * hours * (0.9 if power_kw < 0.0 else 1.0)
    assert balance(power_kw, hours, 80.0 + stored_kwh / 20.0).verdict is Verdict.PASS


def test_an_analyzer_that_is_too_coarse_for_the_balance_leaves_it_open() -> None:
    assert balance(1000.0, 1.0, 30.0, uncertainty_kw=200.0).verdict is Verdict.INCONCLUSIVE


def test_a_battery_that_does_not_answer_is_not_balanced() -> None:
    battery = Battery(Terminal(), silent=True)
    watched = MeasuredBattery(battery.terminal.reading, battery.read_storage, SCALE, efficiency=0.9)
    proof = EnergyBalance({"battery": watched})
    proof.take(state(0.0))
    assert [m.verdict for m in proof.measure(0.0)] == [Verdict.NOT_RUN]


@pytest.mark.parametrize(("required_kw", "verdict"), [(380.0, Verdict.PASS), (390.0, Verdict.FAIL)])
def test_the_head_is_compared_with_what_was_noted(required_kw: float, verdict: Verdict) -> None:
    head = HeadPower()
    for time_s in range(60):
        head.take(state(float(time_s), 7860.0 if time_s > 30.0 - HEAD_MEAN_S else 8100.0))
        if time_s == 30:
            head.note(30.0)
        if time_s >= 40:
            head.take(state(time_s + 0.5, 7860.0 - 385.0))
    for time_s in range(60, 70):
        head.take(state(float(time_s), 7860.0 - 385.0))
    (found,) = head.measure(required_kw, 69.0)
    assert found.value == pytest.approx(385.0)
    assert found.verdict is verdict


def test_a_reduction_from_nothing_noted_is_nothing_measured() -> None:
    head = HeadPower()
    head.take(state(0.0, 100.0))
    assert head.measure(0.0, 0.0) == []


def affected(told_kw: float, true_kw: float) -> list[Measurement]:
    """What is measured of a result for two called customers."""
    asked: list[tuple[str, ...]] = []

    def shed_kw(customers: Any) -> float:
        asked.append(tuple(customers))
        return true_kw

    load = AffectedLoad(shed_kw)
    listed = tuple(
        SelectedCustomer(customer=name, net_meter=f"net_{name}", credit_meter=None, expected_kw=3.0) for name in "ab"
    )
    call = CustomerCall(event="e2", start_s=10.0, duration_s=60.0, customers=listed)
    load.hear(delivered(call, 5.0, Information.CUSTOMER_CALL))
    result = LoadAffected(
        event="e2",
        total_kw=told_kw,
        uncertainty_kw=0.1,
        by_customer_kw={"a": told_kw},
        estimated=(),
        unverified=(),
        edited=0,
    )
    load.hear(delivered(result, 90.0, Information.LOAD_AFFECTED_CALCULATION))
    load.hear(delivered(result, 91.0, Information.LOAD_AFFECTED))
    assert asked == [("a", "b")], "the difference is that of the called customers, at the time of the result"
    return load.measure()


@pytest.mark.parametrize(
    ("told_kw", "error_pct", "verdict"),
    [(306.0, 2.0, Verdict.PASS), (318.0, 6.0, Verdict.FAIL), (279.0, -7.0, Verdict.FAIL)],
)
def test_the_error_of_the_load_affected_is_measured_in_percent(
    told_kw: float, error_pct: float, verdict: Verdict
) -> None:
    (found,) = affected(told_kw, 300.0)
    assert (found.value, found.unit, found.verdict) == (pytest.approx(error_pct), "%", verdict)


def test_an_error_of_nothing_cannot_be_told() -> None:
    (found,) = affected(10.0, 0.0)
    assert found.verdict is Verdict.NOT_RUN
