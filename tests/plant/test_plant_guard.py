"""The plant's guard: what does not solve is recorded and never published, and twice in a row is the end."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from plant_bench import STORAGE, emulated_bench

from bench.feeder.engine import Feeder
from bench.feeder.model import Complexes, Floats
from bench.feeder.sites import Site, load_sites
from bench.measurement import PowerReading
from bench.plant.plant import Equipment, Plant, PlantState
from instruments.errors import BenchError

GOOD = (100.0, 0.0)
HOUSE = "pv_s001"
"""A site behind a service's meter."""


@dataclass
class Scripted:
    """A terminal that measures what the test says, once each, and good power after that."""

    script: list[tuple[float, float]] = field(default_factory=list)
    device: str = "scripted"
    q_kvar: float = 0.0

    def feed(self, voltage_v: Complexes) -> None:
        assert np.isfinite(voltage_v).all(), "the plant fed a device with a voltage that is none"

    def measure(self, time_s: float) -> tuple[float, float]:  # noqa: ARG002  any time will do
        return self.script.pop(0) if self.script else GOOD

    def reading(self) -> PowerReading | None:
        return None


@dataclass(frozen=True)
class EvenWeather:
    """Sun and load that stay."""

    sites: int

    def irradiance_pu(self, time_s: float) -> Floats:  # noqa: ARG002  any time will do
        return np.full(self.sites, 0.8)

    def load_pu(self, time_s: float) -> float:  # noqa: ARG002  any time will do
        return 1.0


@dataclass
class Coupled:
    """A plant whose only device is scripted, what it published, and what its meters were shown."""

    plant: Plant
    terminals: dict[str, Scripted]
    published: list[PlantState] = field(default_factory=list)
    metered_w: list[Floats] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plant.listeners.append(self.published.append)

    def steps(self, *times_s: float) -> None:
        for time_s in times_s:
            self.plant.step(time_s, 1.0)

    def apply(self, state: PlantState, service_of_site: object, p_w: Floats, q_var: Floats) -> None:  # noqa: ARG002
        self.metered_w.append(p_w)


@pytest.fixture
def coupled() -> Iterator[Coupled]:
    config = emulated_bench().feeder
    assert config.sites is not None
    sites: Sequence[Site] = load_sites(config.sites)
    with Feeder.open(config.model) as feeder:
        feeder.add_injections([site.injection for site in sites])
        plant = Plant(feeder, sites, EvenWeather(len(sites)))
        coupled = Coupled(plant, {STORAGE: Scripted(), HOUSE: Scripted(device="house")})
        equipment = Equipment.none()
        equipment.meters = [coupled]
        plant.connect(coupled.terminals, equipment)
        yield coupled


ABSURD = [(math.nan, 0.0), (0.0, math.inf), (1e12, 0.0), (-1e9, 1e9)]


@pytest.mark.parametrize("power", ABSURD, ids=str)
def test_an_absurd_power_makes_a_bad_step_that_is_recorded_and_not_published(
    coupled: Coupled, power: tuple[float, float]
) -> None:
    coupled.steps(1, 2)
    good = coupled.published[-1]
    coupled.terminals[STORAGE].script = [power]
    coupled.steps(3)
    assert len(coupled.plant.bad_steps) == 1
    assert coupled.plant.bad_steps[0].startswith("3.0 s: ")
    assert not coupled.plant.state.snapshot.good
    bad = coupled.published[-1]
    np.testing.assert_array_equal(bad.snapshot.voltage_v, good.snapshot.voltage_v)
    np.testing.assert_array_equal(bad.legs_v, good.legs_v)
    assert bad.snapshot.head_p_kw == pytest.approx(good.snapshot.head_p_kw, rel=1e-3)


@pytest.mark.parametrize("power", ABSURD, ids=str)
def test_power_that_did_not_solve_reaches_neither_listeners_nor_meters(
    coupled: Coupled, power: tuple[float, float]
) -> None:
    """Here of a house behind its meter, which would count it as energy for ever."""
    coupled.steps(1, 2)
    good = coupled.published[-1]
    coupled.terminals[HOUSE].script = [power]
    coupled.steps(3)
    bad = coupled.published[-1]
    assert len(coupled.plant.bad_steps) == 1
    np.testing.assert_array_equal(bad.site_p_kw, good.site_p_kw)
    np.testing.assert_array_equal(bad.site_q_kvar, good.site_q_kvar)
    np.testing.assert_array_equal(coupled.metered_w[-1], coupled.metered_w[-2])


def test_the_plant_goes_on_after_one_bad_step_as_if_it_had_not_been(coupled: Coupled) -> None:
    coupled.steps(*range(1, 20))
    good = coupled.published[-1]
    coupled.terminals[STORAGE].script = [(math.nan, math.nan)]
    coupled.steps(20, 21)
    after = coupled.published[-1]
    assert after.snapshot.good
    assert len(coupled.plant.bad_steps) == 1
    np.testing.assert_allclose(after.legs_v, good.legs_v, atol=0.02)


def test_two_bad_steps_in_a_row_end_it_and_name_both(coupled: Coupled) -> None:
    coupled.steps(1)
    coupled.terminals[STORAGE].script = [(math.nan, 0.0)] * 2
    coupled.steps(2)
    with pytest.raises(BenchError, match=r"did not solve twice in a row: 2\.0 s: .*; 3\.0 s: "):
        coupled.steps(3)
    assert [state.time_s for state in coupled.published] == [1.0, 2.0], "the second bad step was published"


def test_bad_steps_with_a_good_one_between_do_not_end_it(coupled: Coupled) -> None:
    coupled.terminals[STORAGE].script = [(math.nan, 0.0), GOOD, (math.nan, 0.0), GOOD]
    coupled.steps(1, 2, 3, 4)
    assert [text.split(" ")[0] for text in coupled.plant.bad_steps] == ["1.0", "3.0"]
    assert coupled.plant.state.snapshot.good
