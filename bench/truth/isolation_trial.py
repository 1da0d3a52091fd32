"""Emergency isolation of customers' inverters: what utility and customer do about it, and what flows then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.clock import Clock
from bench.measurement import Limits, Measurement, PowerReading
from instruments.errors import InstrumentError
from instruments.roles import Inverter, Meter
from reports.verdict import Verdict

ISOLATION_CLAUSE = "inverter: isolation by the utility"
CEASE_S = 5.0
"""IEEE 1547-2018 4.6.1 gives an inverter 2 s to cease to energize; the rest is for the wire and the plant's steps."""
WATCH_S = 420.0
"""How long nothing may flow, s: the enter-service delay of 300 s and 40 % of its ramp (IEEE 1547-2018 Table 4)."""
RETURN_S = 660.0
"""Enter-service delay and ramp, with a minute to settle, s."""
LOOK_S = 5.0
NOTHING_SHARE, SOMETHING_SHARE, BACK_SHARE = 0.002, 0.05, 0.8
"""Of the rating: what counts as no power, and what shows that there was some; of what it was: what counts as back."""


@dataclass(frozen=True)
class Unit:
    """An inverter with an interface of the utility's and one of the customer's, and what measures it from outside.

    `read_power` is the source that the plant believes, kW into the feeder; the credit meter is read over its own wire.
    """

    utility: Inverter
    customer: Inverter
    rating_kw: float
    read_power: Callable[[], PowerReading | None]
    credit_meter: tuple[str, Meter] | None = None
    meter_class_pct: float = 0.0


@dataclass
class IsolationTrial:
    """Tries every inverter that the customer's own system reaches too; measures at the feeder and not in the device."""

    clock: Clock
    units: Mapping[str, Unit]
    _before_kw: dict[str, float] = field(default_factory=dict)
    _refused: dict[str, bool] = field(default_factory=dict)

    def delivers(self) -> list[Measurement]:
        """Measure that each delivers: without that, its silence later on would prove nothing."""
        found = []
        for name, unit in self.units.items():
            limits = Limits(lower=SOMETHING_SHARE * unit.rating_kw)
            found.append(self._power(f"power of {name} before its isolation", unit, limits))
            self._before_kw[name] = found[-1].value or 0.0
        return found

    def isolate(self) -> None:
        """Withdraw the permission over the utility's interface, and give the inverters the time to cease."""
        for unit in self.units.values():
            unit.utility.cease_to_energize()
        self._run_for(CEASE_S)

    def customer_tries_to_reconnect(self) -> None:
        """Have each customer's own system permit service, and keep whether it was refused."""
        for name, unit in self.units.items():
            try:
                unit.customer.enter_service()
            except InstrumentError:
                self._refused[name] = True
            else:
                self._refused[name] = False

    def delivers_nothing(self) -> list[Measurement]:
        """Measure the largest power and the energy of a time in which an inverter put back into service would deliver.

        Where the customer's system has tried, the refusals too.
        """
        before_wh = {name: _exported_wh(unit) for name, unit in self.units.items()}
        largest = {name: self._power("", unit, Limits()) for name, unit in self.units.items()}
        end_s = self.clock.now_s + WATCH_S
        while self.clock.now_s < end_s:
            self._run_for(LOOK_S)
            for name, unit in self.units.items():
                seen = self._power("", unit, Limits())
                largest[name] = max(largest[name], seen, key=lambda m: abs(m.value or 0.0))
        found = [self._silent(name, unit, largest[name]) for name, unit in self.units.items()]
        found += [m for name, unit in self.units.items() for m in self._no_energy(name, unit, before_wh[name])]
        silent = {name: one.verdict is Verdict.PASS for name, one in zip(self.units, found, strict=False)}
        refusals = self._refused.items()
        return [*found, *(self._refusal(name, refused and silent[name], largest[name]) for name, refused in refusals)]

    def release(self) -> None:
        """Permit service again over the utility's interface."""
        for unit in self.units.values():
            unit.utility.enter_service()

    def returns_to_service(self) -> list[Measurement]:
        """Run until delay and ramp have to be over, and measure that each delivers again."""
        self._run_for(RETURN_S)
        return [
            self._power(f"power of {name} after its release", unit, Limits(lower=BACK_SHARE * self._before_kw[name]))
            for name, unit in self.units.items()
        ]

    def _power(self, quantity: str, unit: Unit, limits: Limits) -> Measurement:
        reading = unit.read_power()
        if reading is None:
            return Measurement(
                quantity, None, "kW", 0.0, self.clock.now_s, "the feeder", limits, clause=ISOLATION_CLAUSE
            )
        return Measurement(
            quantity,
            reading.power_kw,
            "kW",
            reading.uncertainty_kw,
            reading.time_s,
            reading.source,
            limits,
            clause=ISOLATION_CLAUSE,
        )

    def _silent(self, name: str, unit: Unit, seen: Measurement) -> Measurement:
        limits = Limits.around(0.0, NOTHING_SHARE * unit.rating_kw)
        quantity = f"largest power of {name} while it is isolated"
        return Measurement(
            quantity, seen.value, seen.unit, seen.uncertainty, seen.time_s, seen.source, limits, clause=ISOLATION_CLAUSE
        )

    def _no_energy(self, name: str, unit: Unit, before_wh: float | None) -> list[Measurement]:
        if unit.credit_meter is None or before_wh is None:
            return []
        exported_kwh = ((_exported_wh(unit) or 0.0) - before_wh) / 1000.0
        limits = Limits(upper=NOTHING_SHARE * unit.rating_kw * WATCH_S / 3600.0)
        uncertainty = unit.meter_class_pct / 100.0 * abs(exported_kwh)
        quantity = f"energy that {name} delivers while it is isolated"
        return [
            Measurement(
                quantity,
                exported_kwh,
                "kWh",
                uncertainty,
                self.clock.now_s,
                unit.credit_meter[0],
                limits,
                clause=ISOLATION_CLAUSE,
            )
        ]

    def _refusal(self, name: str, refused: bool, seen: Measurement) -> Measurement:
        """Count an attempt as refused where the inverter says so, and nothing has flowed either."""
        quantity = f"attempts of the customer's system that {name} refused"
        return Measurement(
            quantity,
            float(refused),
            "attempts",
            0.0,
            self.clock.now_s,
            f"the answer of {name} and {seen.source}",
            Limits(lower=1.0),
            clause=ISOLATION_CLAUSE,
        )

    def _run_for(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now_s + seconds)


def _exported_wh(unit: Unit) -> float | None:
    return None if unit.credit_meter is None else unit.credit_meter[1].read_meter().export_wh
