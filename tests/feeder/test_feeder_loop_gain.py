"""The loop gain and its limit: closed forms, published figures, simulation, and the feeder itself."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_feeder import BANKS, LTC, Reference

from bench.feeder.engine import FeederError
from bench.feeder.model import Snapshot
from bench.feeder.population import InverterPopulation, VoltVarCurve
from bench.feeder.sensitivity import SensitivityStudy
from bench.feeder.volt_var import VoltVarLoop, gain_limit, loop_gain, response_share
from instruments.errors import ConfigError

DELAYS = (0, 1, 2, 3, 5, 10)
# Limits measured for one-second steps; the response-time rows to the rounding of the response's time constant.
SHARES = {
    1.0: (1.00, 1.00, 1.00, 1.00, 1.00, 1.00),
    0.5: (3.00, 2.00, 1.56, 1.36, 1.19, 1.07),
    0.3: (5.67, 3.33, 2.36, 1.92, 1.52, 1.21),
    0.1: (19.0, 10.0, 6.47, 4.85, 3.36, 2.11),
}
RESPONSES_S = {
    1.0: (1.22, 1.11, 1.06, 1.03, 1.02, 1.00),
    5.0: (4.42, 2.71, 1.99, 1.66, 1.36, 1.14),
    10.0: (8.73, 4.87, 3.30, 2.59, 1.93, 1.40),
}
ROWS = [*SHARES.items(), *((response_share(time_s, 1.0), row) for time_s, row in RESPONSES_S.items())]
TABLE = [(share, delay, limit) for share, row in ROWS for delay, limit in zip(DELAYS, row, strict=True)]


@pytest.mark.parametrize(("share", "delay", "limit"), TABLE)
def test_limits_are_those_of_the_table(share: float, delay: int, limit: float) -> None:
    assert gain_limit(share, delay) == pytest.approx(limit, abs=0.011)


@given(st.floats(0.02, 1.0), st.integers(0, 12), st.floats(0.5, 1.5))
def test_the_limit_parts_settling_from_oscillating(share: float, delay: int, relative: float) -> None:
    gain = gain_limit(share, delay) * relative
    polynomial = np.zeros(delay + 2)
    polynomial[0], polynomial[1] = 1.0, -(1.0 - share)
    polynomial[-1] += share * gain
    radius = float(np.max(np.abs(np.roots(polynomial))))
    if abs(relative - 1.0) > 1e-3:
        assert (radius < 1.0) == (relative < 1.0), f"largest root {radius}"


def test_without_a_filter_the_loop_answers_in_full() -> None:
    assert response_share(0.0, 1.0) == 1.0
    assert response_share(5.0, 5.0) == pytest.approx(0.9)


@pytest.mark.parametrize(("gain", "warn"), [(1.3, False), (1.4, True)])
def test_a_warning_above_half_the_limit(gain: float, warn: bool) -> None:
    result = loop_gain(gain, 5.0, 1.0, 1)
    assert result.limit == pytest.approx(2.71, abs=0.01)
    assert (result.warn, result.delay_steps) == (warn, 1)


class TestOnTheReferenceFeeder:
    @pytest.fixture
    def cloud(self, reference: Reference) -> Reference:
        reference.feeder.scale_loads(1.0)
        reference.set_banks(0)
        reference.feeder.set_tap(LTC, 6)
        return reference

    @staticmethod
    def oscillates(reference: Reference, loop: VoltVarLoop, share: float) -> bool:
        """Step the loop with a first-order response of this share and see whether a small disturbance grows."""
        p_kw = reference.power_kw(0.08)
        _, q_kvar = reference.loop.settle(p_kw, np.zeros(len(p_kw)))
        settled = q_kvar.copy()
        q_kvar[reference.inverters] *= 1.0001
        for _ in range(60):
            snapshot = loop.solve(p_kw, q_kvar)
            answer = loop.population.settled_kvar(loop.terminal_pu(snapshot), p_kw[reference.inverters])
            q_kvar[reference.inverters] += share * (answer - q_kvar[reference.inverters])
        return bool(np.abs(q_kvar - settled).sum() > 0.001 * np.abs(settled).sum())

    def test_the_gain_predicts_what_a_simulation_does(self, cloud: Reference) -> None:
        p_kw = cloud.power_kw(0.08)
        gain = cloud.loop.gain(p_kw, cloud.loop.settle(p_kw, np.zeros(len(p_kw)))[1])
        edge = 2.0 / (gain + 1.0)
        assert 1.0 < gain < gain_limit(response_share(5.0, 1.0), 0), f"gain {gain:.2f}"
        assert not self.oscillates(cloud, cloud.loop, 0.85 * edge)
        assert self.oscillates(cloud, cloud.loop, min(1.0, 1.15 * edge))

    def test_the_gain_is_that_of_every_inverter_tried_by_itself(self, cloud: Reference) -> None:
        """The dense matrix, a column an inverter, on as many of the feeder's inverters as the method takes exactly."""
        few = cloud.inverters[:20]
        population = InverterPopulation(np.array([cloud.sites[number].rating_kva for number in few]))
        loop = VoltVarLoop(cloud.feeder, few, population)
        p_kw = cloud.power_kw(0.08)
        snapshot, q_kvar = loop.settle(p_kw, np.zeros(len(p_kw)))
        base_pu = loop.terminal_pu(snapshot)
        columns = []
        for number, rating_kva in zip(few, population.rating_kva, strict=True):
            moved = q_kvar.copy()
            moved[number] += 0.1 * rating_kva
            columns.append((loop.terminal_pu(loop.solve(p_kw, moved)) - base_pu) / (0.1 * rating_kva))
        slope = population.slope_kvar_per_pu(base_pu, p_kw[few])
        dense = slope[:, np.newaxis] * np.column_stack(columns)
        assert loop.gain(p_kw, q_kvar) == pytest.approx(np.abs(np.linalg.eigvals(dense)).max(), rel=0.02)

    def test_the_gain_is_zero_when_no_inverter_is_on_its_slope(self, cloud: Reference) -> None:
        flat = VoltVarCurve((0.1, 0.2, 1.8, 1.9), (0.44, 0.0, 0.0, -0.44), 5.0)
        population = InverterPopulation(cloud.loop.population.rating_kva, flat)
        loop = VoltVarLoop(cloud.feeder, cloud.inverters, population)
        assert loop.gain(cloud.power_kw(0.5), np.zeros(len(cloud.sites))) == 0.0

    def test_a_loop_that_cannot_settle_says_so(self, cloud: Reference) -> None:
        steep = VoltVarCurve((0.92, 0.9799, 0.98, 1.08), (0.44, 0.44, -0.44, -0.44), 5.0)
        population = InverterPopulation(cloud.loop.population.rating_kva, steep)
        loop = VoltVarLoop(cloud.feeder, cloud.inverters, population)
        with pytest.raises(FeederError, match="does not come to rest"):
            loop.settle(cloud.power_kw(0.08), np.zeros(len(cloud.sites)))

    def test_sensitivities_foretell_what_equipment_does(self, cloud: Reference) -> None:
        p_kw = cloud.power_kw(0.08)
        study = SensitivityStudy(cloud.loop, p_kw, np.zeros(len(p_kw)))
        found = study.run(["utility_battery", "utility_dg", "customer_dg"])
        lowest = int(found.base.service_v.argmin())
        measured = {
            "battery 100 kW": cloud.settle(0.08, 100.0),
            "one tap": self.after(cloud, lambda: cloud.feeder.set_tap(LTC, 7), lambda: cloud.feeder.set_tap(LTC, 6)),
            "bank 2": self.after(
                cloud,
                lambda: cloud.feeder.set_capacitor(BANKS[1], True),
                lambda: cloud.feeder.set_capacitor(BANKS[1], False),
            ),
        }
        foretold = {
            "battery 100 kW": 100.0 * found.per_kw["utility_battery"].service_v[lowest],
            "one tap": found.per_tap[LTC].service_v[lowest],
            "bank 2": found.per_bank[BANKS[1]].service_v[lowest],
        }
        for name, snapshot in measured.items():
            change_v = cloud.service_v(snapshot)[lowest] - found.base.service_v[lowest]
            assert foretold[name] == pytest.approx(change_v, rel=0.05), name
            assert change_v > 0.05, f"{name} must lift the feeder's end"

    @staticmethod
    def after(reference: Reference, do: Callable[[], object], undo: Callable[[], object]) -> Snapshot:
        do()
        try:
            return reference.settle(0.08)
        finally:
            undo()

    def test_sensitivities_leave_the_state_as_it_was(self, cloud: Reference) -> None:
        before = cloud.settle(0.08)
        SensitivityStudy(cloud.loop, cloud.power_kw(0.08), np.zeros(len(cloud.sites))).run(["utility_battery"])
        after = cloud.feeder.solve(0.0)
        assert (after.taps, after.capacitors) == (before.taps, before.capacitors)
        np.testing.assert_allclose(after.voltage_v, before.voltage_v, rtol=1e-4)

    def test_inverters_give_back_part_of_what_others_give(self, cloud: Reference) -> None:
        p_kw, q_kvar = cloud.power_kw(0.08), np.zeros(len(cloud.sites))
        answered = SensitivityStudy(cloud.loop, p_kw, q_kvar).run(["utility_dg"])
        held = SensitivityStudy(cloud.loop, p_kw, q_kvar, answer=False).run(["utility_dg"])
        lowest = int(answered.base.service_v.argmin())
        lift_v, first_v = (each.per_tap[LTC].service_v[lowest] for each in (answered, held))
        assert 0.2 < lift_v / first_v < 0.6, f"{lift_v:.3f} V of {first_v:.3f} V stays"

    def test_a_closed_bank_is_worth_what_closing_it_was(self, cloud: Reference) -> None:
        p_kw, q_kvar = cloud.power_kw(0.08), np.zeros(len(cloud.sites))
        opened = SensitivityStudy(cloud.loop, p_kw, q_kvar).run([]).per_bank[BANKS[0]].service_v
        cloud.set_banks(3)
        closed = SensitivityStudy(cloud.loop, p_kw, q_kvar).run([]).per_bank[BANKS[0]].service_v
        cloud.set_banks(0)
        assert math.isclose(opened.mean(), closed.mean(), rel_tol=0.35)
        assert closed.mean() > 0.0

    def test_an_unknown_site_is_named(self, cloud: Reference) -> None:
        study = SensitivityStudy(cloud.loop, cloud.power_kw(0.08), np.zeros(len(cloud.sites)))
        with pytest.raises(ConfigError, match="nearest: utility_battery"):
            study.run(["utility_batery"])
