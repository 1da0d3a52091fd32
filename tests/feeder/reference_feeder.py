"""The reference feeder with its sites, as the tests drive it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from bench.feeder.engine import Feeder
from bench.feeder.model import Floats, Snapshot
from bench.feeder.population import InverterPopulation
from bench.feeder.sites import Site, load_sites
from bench.feeder.volt_var import VoltVarLoop
from bench.feeder.voltage import ServiceVoltages

FOLDER = Path(__file__).parents[2] / "fixtures" / "feeders" / "reference"
BANKS = ("capacitor_1", "capacitor_2", "capacitor_3")
LTC = "ltc"


@dataclass
class Reference:
    """Feeder, sites and the loop of all inverters (photovoltaic and battery)."""

    feeder: Feeder
    sites: tuple[Site, ...]
    loop: VoltVarLoop
    services: ServiceVoltages
    inverters: list[int]

    @classmethod
    def open(cls) -> Self:
        sites = load_sites(FOLDER / "sites.csv")
        feeder = Feeder.open(FOLDER / "master.dss")
        feeder.add_injections([site.injection for site in sites])
        inverters = [number for number, site in enumerate(sites) if site.kind != "generator"]
        population = InverterPopulation(np.array([sites[number].rating_kva for number in inverters]))
        return cls(feeder, sites, VoltVarLoop(feeder, inverters, population), ServiceVoltages(feeder), inverters)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.feeder.close()

    def power_kw(self, irradiance_pu: float, battery_kw: float = 0.0) -> Floats:
        """P of all sites: photovoltaics at an irradiance, the utility battery as given, everything else at rest."""
        power = [site.rating_kva * irradiance_pu if site.kind == "pv" else 0.0 for site in self.sites]
        power[self.feeder.site_index("utility_battery")] = battery_kw
        return np.array(power)

    def settle(self, irradiance_pu: float, battery_kw: float = 0.0) -> Snapshot:
        """Let volt-var come to rest with taps and banks as they are."""
        p_kw = self.power_kw(irradiance_pu, battery_kw)
        return self.loop.settle(p_kw, np.zeros(len(p_kw)))[0]

    def regulate(self, irradiance_pu: float) -> Snapshot:
        """Let the tap changer bring the substation bus into its band, one step at a time, without delays."""
        for _ in range(40):
            snapshot = self.settle(irradiance_pu)
            error_v = self.ltc_error_v(snapshot)
            if error_v == 0:
                return snapshot
            self.feeder.set_tap(LTC, self.feeder.taps[LTC] + (1 if error_v < 0 else -1))
        raise AssertionError("the tap changer finds no position inside its band")

    def ltc_error_v(self, snapshot: Snapshot) -> float:
        """How far the sensed voltage is outside the band of the control, in volts on its base."""
        (info,) = self.feeder.tap_changers
        assert info.settings is not None
        sensed_v = abs(snapshot.voltage_v[self.feeder.node_indices(info.bus, info.nodes)[0]]) / info.settings.pt_ratio
        outside = sensed_v - info.settings.set_point_v
        return float(outside) if abs(outside) > info.settings.band_v / 2 else 0.0

    def set_banks(self, closed: int) -> None:
        """Close the banks that lift the feeder's end most, the farthest first."""
        for name in BANKS:
            self.feeder.set_capacitor(name, name in BANKS[len(BANKS) - closed :])

    def service_v(self, snapshot: Snapshot) -> Floats:
        """Service voltages on the 120 V base."""
        return self.services.on_120_v(snapshot.voltage_v)
