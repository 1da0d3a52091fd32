"""The judge's view of plant and instruments: what flows at a device's terminal, and what a full power flow gives."""

from collections.abc import Mapping

from bench.config import BenchFile
from bench.feeder_models import IndependentPowerFlow
from bench.measurement import PowerReading
from bench.messages import AssetCommand
from bench.plant import Plant
from bench.terminals import Terminal


class PlantField:
    """Answers the judge; a battery on a DC link is measured at the terminal of the inverter that it works through."""

    def __init__(
        self,
        plant: Plant,
        terminals: Mapping[str, Terminal],
        power_flow: IndependentPowerFlow,
        config: BenchFile,
    ) -> None:
        self._plant, self._power_flow, self._config = plant, power_flow, config
        self._terminals = {terminal.device: terminal for terminal in terminals.values()}
        self._scale = {terminal.device: terminal.power_scale for terminal in config.terminals.values()}

    def power(self, device: str) -> PowerReading | None:
        """Return the latest measurement of a device's power by another source than the device."""
        terminal = self._terminals.get(self._at(device))
        return terminal.reading() if terminal else None

    def accuracy_kw(self, device: str) -> float:
        """Return the tolerance of the bench file, a share of the device's rating, on the feeder's side."""
        section = self._config.devices[device]
        return section.accuracy_pct / 100.0 * section.rating_kva * self._scale[self._at(device)]

    def voltages_after(self, commands: tuple[AssetCommand, ...]) -> tuple[float, float]:
        """Solve the plant's present state with the commands carried out."""
        return self._power_flow.voltages_after(self._plant.state, commands)

    def _at(self, device: str) -> str:
        return self._config.behind_inverter.get(device, device)
