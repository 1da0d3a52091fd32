"""Relief at the feeder's head: the search against every position of a small feeder that is solved here."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dispatch.head_relief import Relief, ReliefSettings, relieve
from bench.dispatch.network import HeadState

LOWER_V, UPPER_V = 114.5, 125.5


@dataclass
class Feeder:
    """A substation with taps (0.625 % each) and two stretches of line; `elastic` load goes with the voltage squared.

    Per unit of 10 MVA: impedances 0.02 + 0.05j each, loads at both ends of them, banks at either.
    """

    load_pu: float = 0.35
    tangent: float = 0.5
    bank_pu: Mapping[str, float] = field(default_factory=lambda: {"near": 0.05, "far": 0.1})
    source_pu: float = 1.0
    elastic: float = 0.5
    asked: list[tuple[dict[str, int], dict[str, bool]]] = field(default_factory=list)

    def solve(self, taps: Mapping[str, int], closed: Mapping[str, bool]) -> HeadState:
        self.asked.append((dict(taps), dict(closed)))
        head = complex(self.source_pu * (1.0 + 0.00625 * taps["ltc"]))
        banks = {"near": 0, "far": 1}
        var = [sum(self.bank_pu[b] for b, at in banks.items() if at == place and closed.get(b)) for place in (0, 1)]
        voltages = [head, head]
        currents = [0j, 0j]
        for _ in range(60):
            currents = [self._current(v, q) for v, q in zip(voltages, var, strict=True)]
            first = head - (0.02 + 0.05j) * sum(currents)
            voltages = [first, first - (0.02 + 0.05j) * currents[1]]
        power = head * sum(currents).conjugate()
        lowest, highest = min(map(abs, voltages)), max(map(abs, [head, *voltages]))
        return HeadState(power.real * 1e4, power.imag * 1e4, 120.0 * lowest, 120.0 * highest)

    def _current(self, v: complex, bank_pu: float) -> complex:
        size = self.load_pu * (1.0 - self.elastic + self.elastic * abs(v) ** 2)
        return (complex(size, size * self.tangent - bank_pu * abs(v) ** 2) / v).conjugate()


def drawn(state: HeadState) -> float:
    return state.p_kw + 0.01 * math.hypot(state.p_kw, state.q_kvar)


def inside(state: HeadState) -> bool:
    return state.lowest_v >= LOWER_V and state.highest_v <= UPPER_V


def best_of_all(feeder: Feeder, banks: tuple[str, ...] = ("near", "far")) -> float:
    states = [
        feeder.solve({"ltc": tap}, dict(zip(banks, closed, strict=True)))
        for tap in range(-16, 17)
        for closed in itertools.product([False, True], repeat=len(banks))
    ]
    return min(drawn(state) for state in states if inside(state))


OPEN = {"near": False, "far": False}


def test_taps_come_down_as_far_as_the_margin_allows_and_banks_close() -> None:
    feeder = Feeder(tangent=0.8)
    found = relieve(feeder, {"ltc": 8}, OPEN)
    assert found.closed == {"near": True, "far": True}
    assert found.taps["ltc"] < 8
    assert inside(found.after)
    assert not inside(feeder.solve({"ltc": found.taps["ltc"] - 1}, found.closed)), "one tap more would have been free"
    assert found.gain_kw > 20.0
    assert found.before == feeder.solve({"ltc": 8}, OPEN)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 0.5), st.floats(0.1, 0.8), st.integers(-4, 12), st.booleans(), st.booleans())
def test_the_search_finds_what_trying_every_position_finds(
    load_pu: float, tangent: float, tap: int, near: bool, far: bool
) -> None:
    feeder = Feeder(load_pu, tangent)
    found = relieve(feeder, {"ltc": tap}, {"near": near, "far": far}, ReliefSettings(least_gain_kw=0.0))
    assert found.is_complete
    assert found.solves == len(feeder.asked) < 110
    assert inside(found.after)
    assert drawn(found.after) == pytest.approx(best_of_all(feeder), abs=0.05)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 0.5), st.integers(-2, 10), st.booleans(), st.booleans(), st.floats(0.5, 60.0))
def test_no_device_is_operated_that_gains_less_than_it_has_to(
    load_pu: float, tap: int, near: bool, far: bool, least_kw: float
) -> None:
    feeder, banks = Feeder(load_pu), {"near": near, "far": far}
    found = relieve(feeder, {"ltc": tap}, banks, ReliefSettings(least_gain_kw=least_kw))
    back = [({"ltc": tap}, dict(found.closed))] if found.taps["ltc"] != tap else []
    back += [(dict(found.taps), found.closed | {b: banks[b]}) for b in banks if found.closed[b] != banks[b]]  # type: ignore[operator]
    for taps, closed in back:
        without = feeder.solve(taps, closed)
        assert not inside(without) or drawn(without) - drawn(found.after) >= least_kw, f"{taps}, {closed} would do"


def test_load_of_constant_power_is_served_at_the_highest_voltage_that_keeps_the_margin() -> None:
    """Only losses can be spared then."""
    feeder = Feeder(elastic=0.0)
    found = relieve(feeder, {"ltc": 2}, OPEN, ReliefSettings(least_gain_kw=0.1))
    assert found.taps["ltc"] > 2
    assert inside(found.after)
    assert not inside(feeder.solve({"ltc": found.taps["ltc"] + 1}, found.closed)), "one tap more would have been free"
    assert drawn(found.after) == pytest.approx(best_of_all(feeder), abs=0.05)


def test_three_banks_that_help_only_together_are_found() -> None:
    class Together:
        def solve(self, taps: Mapping[str, int], closed: Mapping[str, bool]) -> HeadState:
            return HeadState(
                1000.0 - 50.0 * all(closed.values()) + 10.0 * sum(closed.values()), taps["ltc"], 118.0, 122.0
            )

    assert all(relieve(Together(), {"ltc": 0}, dict.fromkeys("abc", False)).closed.values())


def test_a_bank_that_gains_nothing_worth_while_stays_as_it_is() -> None:
    found = relieve(Feeder(bank_pu={"near": 0.0005, "far": 0.1}), {"ltc": 8}, OPEN)
    assert found.closed == {"near": False, "far": True}


def test_a_bank_that_overcompensates_is_opened() -> None:
    feeder = Feeder(load_pu=0.1, tangent=0.1, bank_pu={"near": 0.3, "far": 0.3})
    assert relieve(feeder, {"ltc": 0}, {"near": True, "far": True}).closed == OPEN


def test_where_there_is_nothing_to_gain_nothing_moves() -> None:
    feeder = Feeder()
    done = relieve(feeder, {"ltc": 8}, OPEN)
    again = relieve(feeder, done.taps, done.closed)
    assert (again.taps, again.closed, again.gain_kw) == (done.taps, done.closed, 0.0)


def test_voltages_come_back_inside_first_even_if_that_costs_power() -> None:
    feeder = Feeder(source_pu=0.93)
    found = relieve(feeder, {"ltc": 0}, OPEN, ReliefSettings(least_gain_kw=1e6))
    assert not inside(found.before)
    assert inside(found.after)


def test_what_cannot_be_brought_inside_is_brought_as_near_as_possible() -> None:
    found = relieve(Feeder(source_pu=0.8), {"ltc": 0}, OPEN)
    assert found.taps == {"ltc": 16}
    assert found.closed == {"near": True, "far": True}
    assert not inside(found.after)


def test_the_number_of_solves_is_kept_and_an_unfinished_search_says_so() -> None:
    feeder = Feeder()
    found = relieve(feeder, {"ltc": 12}, OPEN, ReliefSettings(most_solves=5))
    assert len(feeder.asked) == found.solves == 5
    assert not found.is_complete
    assert drawn(found.after) <= drawn(found.before)


def test_the_search_does_not_depend_on_the_order_in_which_devices_are_named() -> None:
    there = relieve(Feeder(), {"ltc": 8}, {"near": False, "far": True})
    back = relieve(Feeder(), {"ltc": 8}, {"far": True, "near": False})
    assert positions(there) == positions(back)
    assert there.solves == back.solves


def positions(found: Relief) -> tuple[dict[str, int], dict[str, bool]]:
    return dict(found.taps), dict(found.closed)


def test_a_state_that_did_not_solve_is_not_taken() -> None:
    class Broken(Feeder):
        def solve(self, taps: Mapping[str, int], closed: Mapping[str, bool]) -> HeadState:
            nothing = float("nan")
            return super().solve(taps, closed) if not closed["far"] else HeadState(nothing, nothing, nothing, nothing)

    found = relieve(Broken(), {"ltc": 8}, OPEN)
    assert found.closed["far"] is False
    assert inside(found.after)


def test_several_tap_changers_and_many_banks_stay_within_the_number_of_solves() -> None:
    class Wide:
        """Power falls with every tap down and every bank closed; each tap changer has a floor of its own."""

        def solve(self, taps: Mapping[str, int], closed: Mapping[str, bool]) -> HeadState:
            lowest = 120.0 + 0.75 * min(taps["a"] + 2, taps["b"] + 4)
            p = 5000.0 + 10.0 * (taps["a"] + taps["b"]) - 5.0 * sum(closed.values())
            return HeadState(p, 0.0, lowest, 122.0)

    found = relieve(Wide(), {"a": 0, "b": 0}, {f"bank_{i}": False for i in range(6)})
    assert found.is_complete
    assert found.taps == {"a": -9, "b": -11}
    assert all(found.closed.values())
