"""What the utility's applications ask of their own network models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class OperatingPoint:
    """The feeder as the application believes it to be, from what it was sent.

    `generation_pu`: output of the PV plants over their rating; `taps`, `closed`: positions by device;
    `power_kw`: injections of single assets.
    """

    time_s: float
    generation_pu: float
    taps: Mapping[str, int]
    closed: Mapping[str, bool]
    power_kw: Mapping[str, float]


@dataclass(frozen=True)
class Response:
    """Expected voltages (V, 120 V base) at `meters`, and volts for one unit of each asset, both of shape (meters,).

    Units: 1 kW of a battery, one closing of a capacitor bank, one tap step upwards.
    """

    meters: tuple[str, ...]
    voltage_v: NDArray[np.float64]
    effect_v: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class HeadState:
    """What the feeder draws at its head, kW and kvar, and its extreme service voltages, V on the 120 V base."""

    p_kw: float
    q_kvar: float
    lowest_v: float
    highest_v: float


class HeadModel(Protocol):
    """A model of the feeder of the application's own, never the plant."""

    def solve(self, taps: Mapping[str, int], closed: Mapping[str, bool]) -> HeadState:
        """Solve the feeder with these tap positions and capacitor states."""
        ...


class NetworkModel(Protocol):
    """A model of the feeder of the application's own, never the plant."""

    def response(self, point: OperatingPoint) -> Response:
        """Solve the model at an operating point and return its voltages and sensitivities."""
        ...

    def head_model(self, point: OperatingPoint) -> HeadModel:
        """Return the model at an operating point, for other positions of taps and banks."""
        ...


class ReliefModel(Protocol):
    """A model of the feeder of the DRAACS's own, never the plant."""

    def relief_v_per_kw(self, time_s: float, meters: Sequence[str], at_meters: Sequence[str]) -> NDArray[np.float64]:
        """Return what `meters` gain (V, 120 V base) for a kW shed behind each of `at_meters`, shape (at, meters)."""
        ...


class ForecastModel(NetworkModel, Protocol):
    """A network model that also knows what a clear sky would yield."""

    def clear_sky_pu(self, time_s: float) -> float:
        """Return the PV plants' output over their rating under a clear sky."""
        ...
