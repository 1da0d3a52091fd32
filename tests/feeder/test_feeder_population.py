"""The vectorised inverters against hand-computed points, against their own steady state, and against OpenDER."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opender import DER, DER_PV

from bench.feeder.population import (
    CATEGORY_A,
    CATEGORY_B,
    InverterPopulation,
    LowPowerCapability,
    VoltVarCurve,
)

RATING_KVA = np.array([8.0, 250.0, 2500.0])


@pytest.mark.parametrize(
    ("curve", "v_pu", "q_pu"),
    [
        (CATEGORY_B, 0.90, 0.44),
        (CATEGORY_B, 0.92, 0.44),
        (CATEGORY_B, 0.95, 0.22),
        (CATEGORY_B, 0.98, 0.0),
        (CATEGORY_B, 1.02, 0.0),
        (CATEGORY_B, 1.05, -0.22),
        (CATEGORY_B, 1.10, -0.44),
        (CATEGORY_A, 0.95, 0.125),
        (CATEGORY_A, 1.00, 0.0),
        (CATEGORY_A, 1.10, -0.25),
    ],
)
def test_curves_of_the_standard(curve: VoltVarCurve, v_pu: float, q_pu: float) -> None:
    assert curve.q_target_pu(np.array([v_pu]))[0] == pytest.approx(q_pu, abs=1e-12)


@pytest.mark.parametrize(
    ("curve", "v_pu", "slope"),
    [
        (CATEGORY_B, 0.91, 0.0),
        (CATEGORY_B, 0.95, 0.44 / 0.06),
        (CATEGORY_B, 1.00, 0.0),
        (CATEGORY_B, 1.05, 0.44 / 0.06),
        (CATEGORY_B, 1.09, 0.0),
        (CATEGORY_A, 0.95, 2.5),
        (CATEGORY_A, 1.05, 2.5),
    ],
)
def test_slopes_of_the_curves(curve: VoltVarCurve, v_pu: float, slope: float) -> None:
    assert curve.slope_pu(np.array([v_pu]))[0] == pytest.approx(slope)


def test_ninety_percent_of_a_step_within_the_response_time() -> None:
    population = InverterPopulation(np.array([100.0]))
    population.step(np.array([1.0]), np.array([50.0]), 0.1)
    answers = [population.step(np.array([0.95]), np.array([50.0]), 0.1)[1][0] for _ in range(50)]
    assert answers[-1] == pytest.approx(0.9 * 22.0, rel=0.01)
    assert np.all(np.diff(answers) > 0), "a first-order response does not overshoot"


def test_a_step_longer_than_the_response_answers_at_once() -> None:
    population = InverterPopulation(np.array([100.0]))
    population.step(np.array([1.0]), np.array([50.0]), 60.0)
    assert population.step(np.array([0.95]), np.array([50.0]), 60.0)[1][0] == pytest.approx(22.0)


def test_active_power_gives_way_to_reactive_power() -> None:
    p_kw, q_kvar = InverterPopulation(np.array([100.0])).step(np.array([0.90]), np.array([100.0]), 1.0)
    assert q_kvar[0] == pytest.approx(44.0)
    assert p_kw[0] == pytest.approx(100.0 * np.sqrt(1.0 - 0.44**2))


def test_a_dead_feeder_gets_nothing() -> None:
    p_kw, q_kvar = InverterPopulation(RATING_KVA).step(np.array([0.05, 0.95, 0.0]), RATING_KVA, 1.0)
    assert (p_kw[0], q_kvar[0], p_kw[2], q_kvar[2]) == (0.0, 0.0, 0.0, 0.0)
    assert p_kw[1] > 0.0


@pytest.mark.parametrize(("share", "limit"), [(0.04, 0.0), (0.05, 0.11), (0.125, 0.275), (0.2, 0.44), (1.0, 0.44)])
def test_reduced_capability_at_low_power(share: float, limit: float) -> None:
    population = InverterPopulation(np.array([100.0]), low_power=LowPowerCapability.REDUCED)
    assert population.settled_kvar(np.array([0.9]), np.array([100.0 * share]))[0] == pytest.approx(100.0 * limit)


@given(
    st.lists(st.floats(0.0, 1.3), min_size=3, max_size=3),
    st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3),
    st.sampled_from(LowPowerCapability),
)
def test_the_apparent_power_is_never_exceeded(volts: list[float], shares: list[float], low: LowPowerCapability) -> None:
    population = InverterPopulation(RATING_KVA, low_power=low)
    for dt_s in (1.0, 0.3, 30.0):
        p_kw, q_kvar = population.step(np.array(volts), np.array(shares) * RATING_KVA, dt_s)
        assert np.all(np.hypot(p_kw, q_kvar) <= RATING_KVA * (1 + 1e-12))


@given(st.floats(0.85, 1.15), st.floats(0.0, 1.0))
def test_the_response_ends_where_the_curve_says(v_pu: float, share: float) -> None:
    population = InverterPopulation(RATING_KVA)
    voltage, available = np.full(3, v_pu), share * RATING_KVA
    population.step(np.ones(3), available, 1.0)
    for _ in range(40):
        _, q_kvar = population.step(voltage, available, 1.0)
    np.testing.assert_allclose(q_kvar, population.settled_kvar(voltage, available), atol=1e-6 * RATING_KVA.max())


@pytest.mark.parametrize("low_power", LowPowerCapability)
def test_opender_gives_the_same(low_power: LowPowerCapability, monkeypatch: pytest.MonkeyPatch) -> None:
    """EPRI's model, device by device, on a day's worth of weather and voltage in two minutes."""
    monkeypatch.setattr(logging.getLogger(), "level", logging.CRITICAL)
    monkeypatch.setattr(DER, "t_s", 1.0)
    devices = [
        DER_PV(
            NP_PHASE="SINGLE",
            NP_AC_V_NOM=240,
            NP_VA_MAX=kva * 1000.0,
            NP_P_MAX=kva * 1000.0,
            NP_Q_MAX_INJ=0.44 * kva * 1000.0,
            NP_Q_MAX_ABS=0.44 * kva * 1000.0,
            NP_NORMAL_OP_CAT="CAT_B",
            NP_Q_CAPABILITY_LOW_P=low_power.name,
            NP_EFFICIENCY=1.0,
            NP_P_MIN_PU=0.0,
            QV_MODE_ENABLE=True,
        )
        for kva in RATING_KVA
    ]
    population = InverterPopulation(RATING_KVA, low_power=low_power)
    rng = np.random.default_rng(7)
    v_pu, share = np.full(3, 1.0), 0.9
    for step in range(120):
        v_pu = np.clip(v_pu + rng.normal(0.0, 0.01, 3), 0.93, 1.04)
        share = float(np.clip(share + rng.normal(-0.005, 0.05), 0.06, 1.0))
        p_kw, q_kvar = population.step(v_pu, share * RATING_KVA, 1.0)
        for number, device in enumerate(devices):
            device.update_der_input(v_pu=float(v_pu[number]), theta=0.0, f=60.0, p_dc_pu=share)
            p_w, q_var = device.run()
            where = f"step {step}, inverter {number}, {v_pu[number]:.3f} pu, {share:.0%} sun"
            assert q_kvar[number] == pytest.approx(q_var / 1000.0, abs=1e-9 * RATING_KVA[number]), where
            assert p_kw[number] == pytest.approx(p_w / 1000.0, abs=1e-9 * RATING_KVA[number]), where
