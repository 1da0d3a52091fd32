"""What shedding load at one service does at all others, against full power flows and by what has to be so."""

import numpy as np
import pytest
from reference_feeder import FOLDER

from bench.feeder.engine import Feeder
from bench.feeder.load_relief import relief_v_per_kw
from bench.feeder.sites import load_sites
from bench.feeder_models import LoadReliefModel, SettledFeeder
from instruments.errors import ConfigError


class FullLoad:
    def irradiance_pu(self, time_s: float) -> np.ndarray:  # noqa: ARG002
        return np.zeros(0)

    def load_pu(self, time_s: float) -> float:  # noqa: ARG002
        return 1.0


def test_relief() -> None:
    with Feeder.open(FOLDER / "master.dss") as feeder:
        model = SettledFeeder(feeder, load_sites(FOLDER / "sites.csv"))
        services = [service.name for service in feeder.services]
        near, far = services.index("s012"), services.index("s285")
        neighbour = services.index("s284")
        dark = np.zeros_like(model.rated_kw)
        relief = relief_v_per_kw(model.loop, dark, 1.0, [near, far])
        assert relief.shape == (2, len(services))
        assert relief[1, far] > relief[1, neighbour] > relief[1, near], "most at home, then on the same transformer"
        assert relief[1, far] > relief[0, far] > 0, "a kilowatt at the end does more for the end"
        assert relief[1, far] == pytest.approx(by_two_power_flows(model, far, 1.0), rel=0.05)


def by_two_power_flows(model: SettledFeeder, service: int, shed_kw: float) -> float:
    feeder = model.feeder
    load = [load.name for load in feeder.loads].index(feeder.services[service].load)
    dark, found = np.zeros_like(model.rated_kw), []
    for kw in (0.0, shed_kw):
        factor = np.ones(len(feeder.loads))
        factor[load] -= kw / feeder.nominal_kw[load]
        feeder.scale_loads(factor)
        snapshot, _ = model.loop.settle(dark, dark)
        found.append(float(model.services.on_120_v(snapshot.voltage_v)[service]))
    return (found[1] - found[0]) / shed_kw


def test_a_meter_that_the_model_has_not_is_refused() -> None:
    with Feeder.open(FOLDER / "master.dss") as feeder:
        meters = tuple(f"m{number}" for number in range(len(feeder.services)))
        model = LoadReliefModel(SettledFeeder(feeder, load_sites(FOLDER / "sites.csv")), FullLoad(), meters)
        assert model.relief_v_per_kw(0.0, ["m5", "m9"], ["m7"]).shape == (1, 2)
        with pytest.raises(ConfigError, match="no meter nobody"):
            model.relief_v_per_kw(0.0, ["m5"], ["nobody"])
