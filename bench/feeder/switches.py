"""Taps and capacitor banks: written on change only, clamped to what the equipment has, and remembered when good."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bench.feeder.model import CapacitorInfo, TapChangerInfo
from bench.feeder.names import known


class Switches:
    """The discrete equipment of one circuit; `taps` and `capacitors` are read-only and replaced on each change."""

    def __init__(self, circuit: Any, taps: Sequence[TapChangerInfo], capacitors: Sequence[CapacitorInfo]) -> None:
        """Take the positions that the engine has now."""
        self._circuit = circuit
        self._tap_changers = {info.name: info for info in taps}
        self._banks = {info.name: info for info in capacitors}
        self.taps: Mapping[str, int]
        self.capacitors: Mapping[str, bool]
        self.read_back()

    def read_back(self) -> None:
        """Take over the engine's positions as good, after its own controls moved them."""
        self.taps = MappingProxyType({name: self._read_tap(info) for name, info in self._tap_changers.items()})
        self.capacitors = MappingProxyType({name: self._read_bank(name) for name in self._banks})
        self.keep()

    def set_tap(self, name: str, position: int) -> int:
        """Move a tap changer to the position nearest to the wanted one and return it.

        Raises:
            ConfigError: no such tap changer.
        """
        info = known(self._tap_changers, name, "tap changer")
        position = info.clamp(position)
        if position != self.taps[info.name]:
            self._select(info).Tap = info.neutral_pu + position * info.step_pu
            self.taps = MappingProxyType({**self.taps, info.name: position})
        return position

    def set_capacitor(self, name: str, closed: bool) -> None:
        """Open or close all steps of a bank.

        Raises:
            ConfigError: no such bank.
        """
        info = known(self._banks, name, "capacitor bank")
        if closed != self.capacitors[info.name]:
            self._circuit.Capacitors.Name = info.name
            self._circuit.Capacitors.States = [int(closed)] * info.steps
            self.capacitors = MappingProxyType({**self.capacitors, info.name: closed})

    def keep(self) -> None:
        """Remember the positions as good."""
        self._good_taps, self._good_capacitors = self.taps, self.capacitors

    def restore(self) -> None:
        """Go back to the positions that were last good."""
        for name, position in self._good_taps.items():
            self.set_tap(name, position)
        for name, closed in self._good_capacitors.items():
            self.set_capacitor(name, closed)

    def _select(self, info: TapChangerInfo) -> Any:
        transformers = self._circuit.Transformers
        transformers.Name = info.name
        transformers.Wdg = info.winding
        return transformers

    def _read_tap(self, info: TapChangerInfo) -> int:
        return info.clamp(round((self._select(info).Tap - info.neutral_pu) / info.step_pu))

    def _read_bank(self, name: str) -> bool:
        self._circuit.Capacitors.Name = name
        return any(self._circuit.Capacitors.States)
