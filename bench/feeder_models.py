"""Two uses of a feeder model besides the plant: the application's own model, and the judge's independent power flow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bench.dispatch.network import HeadModel, HeadState, OperatingPoint, Response
from bench.feeder.engine import Feeder
from bench.feeder.load_relief import relief_v_per_kw
from bench.feeder.model import Floats
from bench.feeder.population import InverterPopulation
from bench.feeder.sensitivity import SensitivityStudy
from bench.feeder.sites import Site
from bench.feeder.volt_var import VoltVarLoop
from bench.feeder.voltage import ServiceVoltages
from bench.messages.equipment import AssetCommand
from bench.plant.plant import PlantState, Weather
from instruments.errors import ConfigError


@dataclass(frozen=True)
class Bindings:
    """Which element of the feeder model a device name stands for.

    `sites`: storage device to injection site; `generators` likewise; `taps`: tap-changer control to transformer;
    `banks`: capacitor control to bank.
    """

    sites: Mapping[str, str]
    taps: Mapping[str, str]
    banks: Mapping[str, str]
    generators: Mapping[str, str] = field(default_factory=dict)


class SettledFeeder:
    """A feeder model of its own with all its inverters on volt-var, settled wherever it is asked."""

    def __init__(self, feeder: Feeder, sites: Sequence[Site]) -> None:
        self.feeder = feeder
        feeder.add_injections([site.injection for site in sites])
        self._inverters = [i for i, site in enumerate(sites) if site.kind != "generator"]
        self.rated_kw = np.array([site.rating_kva for site in sites])
        self.is_pv = np.array([site.kind == "pv" for site in sites])
        population = InverterPopulation(self.rated_kw[self._inverters])
        self.loop = VoltVarLoop(feeder, self._inverters, population)
        self.services = ServiceVoltages(feeder)

    def set_positions(self, taps: Mapping[str, int], closed: Mapping[str, bool]) -> None:
        """Put tap changers (by transformer) and banks (by name) where they are said to be."""
        for name, position in taps.items():
            self.feeder.set_tap(name, position)
        for name, state in closed.items():
            self.feeder.set_capacitor(name, state)


class ApplicationModel:
    """The DER automation application's network model: feeder data, a load forecast, and what it was sent."""

    def __init__(self, model: SettledFeeder, forecast: Weather, meters: tuple[str, ...], bindings: Bindings) -> None:
        """Take `meters` in the order of the feeder's services."""
        self._model, self._forecast, self._meters, self._bindings = model, forecast, meters, bindings

    def response(self, point: OperatingPoint) -> Response:
        """Solve at an operating point and perturb every asset once."""
        model, bound = self._model, self._bindings
        p_kw = self._prepare(point)
        found = SensitivityStudy(model.loop, p_kw, np.zeros_like(p_kw)).run(list(bound.sites.values()))
        effects = {d: found.per_kw[site].service_v for d, site in bound.sites.items()}
        effects |= {d: found.per_tap[name].service_v for d, name in bound.taps.items()}
        effects |= {d: found.per_bank[name].service_v for d, name in bound.banks.items()}
        return Response(self._meters, found.base.service_v, effects)

    def _prepare(self, point: OperatingPoint) -> Floats:
        """Put loads, taps and banks where an operating point has them; return P of all sites, kW."""
        model, bound = self._model, self._bindings
        model.feeder.scale_loads(self._forecast.load_pu(point.time_s))
        model.set_positions(
            {bound.taps[d]: position for d, position in point.taps.items() if d in bound.taps},
            {bound.banks[d]: state for d, state in point.closed.items() if d in bound.banks},
        )
        p_kw = np.where(model.is_pv, model.rated_kw * point.generation_pu, 0.0)
        placed = {**bound.sites, **bound.generators}
        for device, power in point.power_kw.items():
            p_kw[model.feeder.site_index(placed[device])] = power
        return p_kw

    def head_model(self, point: OperatingPoint) -> HeadModel:
        """Return the model at an operating point, for other positions of taps and banks."""
        return _HeadAt(self, point)

    def head_state(self, point: OperatingPoint) -> HeadState:
        """Solve at an operating point for the feeder's head and the extremes of service voltage."""
        p_kw = self._prepare(point)
        snapshot, _ = self._model.loop.settle(p_kw, np.zeros_like(p_kw))
        voltage_v = self._model.services.on_120_v(snapshot.voltage_v)
        return HeadState(snapshot.head_p_kw, snapshot.head_q_kvar, float(voltage_v.min()), float(voltage_v.max()))

    def clear_sky_pu(self, time_s: float) -> float:
        """Return what the forecast's clear sky yields, over rating."""
        return float(np.mean(self._forecast.irradiance_pu(time_s)))


@dataclass(frozen=True)
class _HeadAt:
    """The application's model at an operating point."""

    model: ApplicationModel
    point: OperatingPoint

    def solve(self, taps: Mapping[str, int], closed: Mapping[str, bool]) -> HeadState:
        """Solve with other positions."""
        point = replace(self.point, taps={**self.point.taps, **taps}, closed={**self.point.closed, **closed})
        return self.model.head_state(point)


class HeadForecastModel:
    """The control centre's forecast of the feeder's head: feeder data, a load forecast, a clear sky, no DER at work."""

    def __init__(self, model: SettledFeeder, forecast: Weather) -> None:
        self._model, self._forecast = model, forecast

    def head_load_kw(self, time_s: float) -> float:
        """Return the load at the feeder's head, kW."""
        model = self._model
        model.feeder.scale_loads(self._forecast.load_pu(time_s))
        p_kw = np.where(model.is_pv, model.rated_kw * self._forecast.irradiance_pu(time_s), 0.0)
        snapshot, _ = model.loop.settle(p_kw, np.zeros_like(p_kw))
        return snapshot.head_p_kw


class LoadReliefModel:
    """The DRAACS's network model: feeder data and a load forecast, under a sky without sun."""

    def __init__(self, model: SettledFeeder, forecast: Weather, meters: tuple[str, ...]) -> None:
        """Take `meters` in the order of the feeder's services."""
        self._model, self._forecast = model, forecast
        self._numbers = {meter: number for number, meter in enumerate(meters)}

    def relief_v_per_kw(self, time_s: float, meters: Sequence[str], at_meters: Sequence[str]) -> Floats:
        """Try a kW less behind each of `at_meters`; raises ConfigError for a meter that the model has not."""
        unknown = sorted({*meters, *at_meters} - self._numbers.keys())
        if unknown:
            raise ConfigError(f"the network model has no meter {', '.join(unknown)}")
        p_kw, load_pu = np.zeros_like(self._model.rated_kw), self._forecast.load_pu(time_s)
        at = [self._numbers[meter] for meter in at_meters]
        relief = relief_v_per_kw(self._model.loop, p_kw, load_pu, at)
        return relief[:, [self._numbers[meter] for meter in meters]]


class IndependentPowerFlow:
    """Solves the plant's present state with commands carried out, in full and not by sensitivities."""

    def __init__(self, model: SettledFeeder, bindings: Bindings) -> None:
        self._model, self._bindings = model, bindings

    def voltages_after(self, state: PlantState, commands: Sequence[AssetCommand]) -> tuple[float, float]:
        """Return lowest and highest service voltage, V on the 120 V base, once all inverters have settled."""
        voltage_v = self.service_voltages(state, commands, state.load_factor)
        return float(voltage_v.min()), float(voltage_v.max())

    def service_voltages(self, state: PlantState, commands: Sequence[AssetCommand], load_factor: Floats) -> Floats:
        """Return all service voltages, V on the 120 V base, with loads at these shares of nominal, shape (loads,)."""
        model = self._model
        model.feeder.scale_loads(load_factor)
        model.set_positions(*self._positions(state, commands))
        p_kw: Floats = state.site_p_kw.copy()
        for command in commands:
            if command.kind == "battery":
                p_kw[model.feeder.site_index(self._site(command.device))] = command.power_kw
        snapshot, _ = model.loop.settle(p_kw, state.site_q_kvar)
        return model.services.on_120_v(snapshot.voltage_v)

    def _positions(self, state: PlantState, commands: Sequence[AssetCommand]) -> tuple[dict[str, int], dict[str, bool]]:
        taps, closed = dict(state.snapshot.taps), dict(state.snapshot.capacitors)
        for command in commands:
            if command.kind == "tap_changer" and command.tap is not None:
                taps[self._bindings.taps[command.device]] = command.tap
            elif command.kind == "capacitor":
                closed[self._bindings.banks[command.device]] = bool(command.close)
        return taps, closed

    def _site(self, device: str) -> str:
        if device not in self._bindings.sites:
            raise ConfigError(f"no site of the feeder is bound to {device!r}")
        return self._bindings.sites[device]
