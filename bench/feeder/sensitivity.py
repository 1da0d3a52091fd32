"""What one kilowatt, one kilovar, one tap step or one bank does to every service voltage, found by trying it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.feeder.model import Floats, Snapshot
from bench.feeder.volt_var import VoltVarLoop
from bench.feeder.voltage import ServiceVoltages


@dataclass(frozen=True)
class Response:
    """Service voltages on the 120 V base, shape (services,), and power from the source: a state, or a change of it."""

    service_v: Floats
    head_p_kw: float
    head_q_kvar: float

    def change_from(self, base: "Response", amount: float) -> "Response":
        """Return the difference to a base per unit of the amount that caused it."""
        return Response(
            (self.service_v - base.service_v) / amount,
            (self.head_p_kw - base.head_p_kw) / amount,
            (self.head_q_kvar - base.head_q_kvar) / amount,
        )


@dataclass(frozen=True)
class Sensitivities:
    """A state and the changes from it: per kW and per kvar of a site, per tap raised, per bank closed."""

    services: tuple[str, ...]
    base: Response
    per_kw: Mapping[str, Response]
    per_kvar: Mapping[str, Response]
    per_tap: Mapping[str, Response]
    per_bank: Mapping[str, Response]


class SensitivityStudy:
    """Tries small changes around one state, the inverters of the loop answering each; restores the state after."""

    def __init__(
        self, loop: VoltVarLoop, p_kw: Floats, q_kvar: Floats, perturbation_kw: float = 10.0, answer: bool = True
    ) -> None:
        """Settle at P and Q of all sites (for inverters: where the search begins).

        Args:
            loop: feeder and inverters; loads, taps and banks as they are now.
            p_kw: P of all sites.
            q_kvar: Q of all sites.
            perturbation_kw: size of the changes in kW and kvar.
            answer: False holds the inverters' Q where it settled, for the first moment after a change.

        Raises:
            FeederError: the state does not solve or does not settle.
        """
        self._loop, self._feeder = loop, loop.feeder
        self._services = ServiceVoltages(self._feeder)
        self._p_kw = np.array(p_kw, dtype=np.float64)
        snapshot, self._q_kvar = loop.settle(self._p_kw, q_kvar)
        self._amount = perturbation_kw
        self._held = not answer
        self.base = self._response(snapshot)

    def run(self, sites: Sequence[str]) -> Sensitivities:
        """Return the sensitivities to P and Q of these sites and to every tap changer and bank.

        Raises:
            ConfigError: an unknown site.
            FeederError: a changed state does not solve or does not settle.
        """
        feeder = self._feeder
        numbers = {name: feeder.site_index(name) for name in sites}
        try:
            return Sensitivities(
                services=tuple(service.name for service in self._services.services),
                base=self.base,
                per_kw={name: self._to_power(number, self._amount, 0.0) for name, number in numbers.items()},
                per_kvar={name: self._to_power(number, 0.0, self._amount) for name, number in numbers.items()},
                per_tap={info.name: self._to_tap(info.name, info.max_position) for info in feeder.tap_changers},
                per_bank={info.name: self._to_bank(info.name) for info in feeder.capacitors},
            )
        finally:
            feeder.set_injections(self._p_kw, self._q_kvar)
            feeder.solve(0.0)

    def _to_power(self, number: int, p_kw: float, q_kvar: float) -> Response:
        p, q = self._p_kw.copy(), self._q_kvar.copy()
        p[number] += p_kw
        q[number] += q_kvar
        # An inverter asked for Q would answer with its curve: it holds what it gives instead.
        return self._settle(p, q, number if q_kvar else None).change_from(self.base, p_kw + q_kvar)

    def _to_tap(self, name: str, highest: int) -> Response:
        position = self._feeder.taps[name]
        step = 1 if position < highest else -1
        return self._with(lambda move: self._feeder.set_tap(name, position + step * move), step)

    def _to_bank(self, name: str) -> Response:
        closed = self._feeder.capacitor_states[name]
        return self._with(lambda move: self._feeder.set_capacitor(name, closed != bool(move)), -1 if closed else 1)

    def _with(self, switch: Callable[[int], object], amount: int) -> Response:
        switch(1)
        try:
            return self._settle(self._p_kw, self._q_kvar).change_from(self.base, amount)
        finally:
            switch(0)

    def _settle(self, p_kw: Floats, q_kvar: Floats, holding: int | None = None) -> Response:
        if self._held:
            return self._response(self._loop.solve(p_kw, q_kvar))
        return self._response(self._loop.settle(p_kw, q_kvar, holding)[0])

    def _response(self, snapshot: Snapshot) -> Response:
        return Response(self._services.on_120_v(snapshot.voltage_v), snapshot.head_p_kw, snapshot.head_q_kvar)
