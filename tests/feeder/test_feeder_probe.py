"""Line probes against the engine's own currents, and against the laws they must obey."""

from pathlib import Path

import numpy as np
import opendssdirect
import pytest
from reference_feeder import Reference

from bench.feeder.engine import Feeder
from bench.feeder.probe import LineProbe, NodeProbe
from instruments.errors import ConfigError


@pytest.mark.parametrize("terminal", [1, 2])
@pytest.mark.parametrize("line", ["650632", "632645", "671684", "692675"])
def test_currents_are_those_of_the_engine(ieee13: Feeder, decks: Path, line: str, terminal: int) -> None:
    engine = opendssdirect.dss.NewContext()
    engine.Basic.AllowChangeDir(False)
    engine.Text.Command(f'compile "{decks / "13Bus" / "IEEE13Nodeckt.dss"}"')
    engine.Text.Command("batchedit load..* vminpu=0.4 vmaxpu=1.5")
    engine.Text.Command("set mode=snap controlmode=off tolerance=1e-9 maxiterations=200")
    engine.Solution.Solve()
    engine.Circuit.SetActiveElement(f"line.{line}")
    currents = np.array(engine.CktElement.Currents()).view(np.complex128).reshape(2, -1)[terminal - 1]
    powers = np.array(engine.CktElement.Powers()).view(np.complex128).reshape(2, -1)[terminal - 1]
    probe = LineProbe.on(ieee13, line, terminal)
    voltage_v = ieee13.solve(0.0).voltage_v
    np.testing.assert_allclose(probe.current_a(voltage_v), currents, atol=0.05)
    assert probe.power_kva(voltage_v) == pytest.approx(powers.sum(), abs=0.5)


def test_what_enters_a_line_leaves_it_less_its_losses(night: Reference) -> None:
    voltage_v = night.feeder.solve(0.0).voltage_v
    into, out = (LineProbe.on(night.feeder, "trunk_n070", end).power_kva(voltage_v) for end in (1, 2))
    losses_kw = (into + out).real
    assert 0.0 < losses_kw < 0.05 * into.real


def test_a_probe_sees_the_voltage_of_its_end(night: Reference) -> None:
    voltage_v = night.feeder.solve(0.0).voltage_v
    probe = LineProbe.on(night.feeder, "trunk_n070", 2)
    np.testing.assert_array_equal(probe.voltage_v(voltage_v), voltage_v[night.feeder.node_indices("n070", (1, 2, 3))])


def test_an_unknown_line_is_named(night: Reference) -> None:
    with pytest.raises(ConfigError, match="nearest: feeder_head"):
        LineProbe.on(night.feeder, "feeder_heat")


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_a_regulator_senses_the_current_that_leaves_its_bus(ieee13: Feeder, phase: int) -> None:
    voltage_v = ieee13.solve(0.0).voltage_v
    probe = NodeProbe.at(ieee13, "rg60", phase)
    line = LineProbe.on(ieee13, "650632")
    assert probe.current_a(voltage_v) == pytest.approx(line.current_a(voltage_v)[phase - 1])
    assert probe.voltage_v(voltage_v) == line.voltage_v(voltage_v)[phase - 1]


def test_a_bus_that_no_line_leaves_has_no_current_to_sense(ieee13: Feeder) -> None:
    with pytest.raises(ConfigError, match=r"no line leaves 634\.1"):
        NodeProbe.at(ieee13, "634", 1)
