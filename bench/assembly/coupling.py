"""How plant and equipment are coupled: the gain of the volt-var loop with its delay, and how long steps may be."""

import numpy as np

from bench.clock import Clock
from bench.config import BenchFile
from bench.feeder.population import CATEGORY_B
from bench.feeder.volt_var import LoopGain, loop_gain
from bench.feeder_models import SettledFeeder
from bench.plant.pace import Pace, PaceSettings, settling_exchanges
from bench.plant.plant import Plant
from bench.plant.weather import StagedWeather

COUPLING_DELAY_STEPS = 0
"""The equipment meets the voltages that its own last power made: no step of delay beyond the sampling itself."""


def coupling_gain(config: BenchFile, model: SettledFeeder, weather: StagedWeather) -> LoopGain:
    """Compute the volt-var loop gain under sun and under cloud, and hold the larger against its limit."""
    cloud = config.environment.cloud
    sun_pu = weather.irradiance_pu(0.0)
    gains = []
    for share in (1.0, cloud.depth_pu if cloud else 1.0):
        p_kw = np.where(model.is_pv, model.rated_kw * sun_pu * share, 0.0)
        _, q_kvar = model.loop.settle(p_kw, np.zeros_like(p_kw))
        gains.append(model.loop.gain(p_kw, q_kvar))
    response_s = model.loop.population.curve.open_loop_response_s
    return loop_gain(max(gains), response_s, config.clock.step_s, COUPLING_DELAY_STEPS)


def make_pace(config: BenchFile, clock: Clock, plant: Plant, weather: StagedWeather, gain: LoopGain) -> Pace:
    """Make what steps the plant; where the loop would not settle in a long step, all steps are short."""
    section = config.clock
    settling = settling_exchanges(gain, CATEGORY_B.open_loop_response_s, section.step_s)
    settings = PaceSettings(section.step_s, section.longest_step_s if settling else section.step_s, settling or 0)
    return Pace(clock, plant, weather, settings)
