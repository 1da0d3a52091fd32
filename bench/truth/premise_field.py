"""The judge's view of customers: their records and codes, their meters' own wires, and the plant's true loads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.customers import Premise
from bench.dispatch.override_code import is_right_code
from bench.feeder.model import Floats
from bench.feeder_models import IndependentPowerFlow
from bench.measurement import Limits, Measurement
from bench.messages.customers import Override
from bench.plant.plant import Plant
from instruments.errors import InstrumentError, TransportError
from instruments.roles import Meter

RESPONSE_TOLERANCE = 0.1
"""How far a customer's response may lie from the profile, per unit of the load before the call."""
READ_TOLERANCE, READ_W = 0.01, 50.0
"""How far a told power may lie from the true one: a share of it, and what changes between two plant steps, W."""
SAMPLE_S = 5.0
"""How often a customer's meter is read while an effect is waited for, s."""


@dataclass(frozen=True)
class Sample:
    """A customer's load as the meters showed it at a time; None where `source`, one of them, did not answer."""

    time_s: float
    load_w: float | None
    source: str


class PremiseField:
    """Answers the judge of a demand-response event."""

    def __init__(
        self,
        premises: Sequence[Premise],
        codes: Mapping[str, str],
        plant: Plant,
        power_flow: IndependentPowerFlow,
        meters: Mapping[str, Meter],
        meter_class_pct: float,
    ) -> None:
        """Take all meters by name, net and credit, and their accuracy class, percent of reading."""
        self._premises = {premise.name: premise for premise in premises}
        self._codes, self._plant, self._power_flow = codes, plant, power_flow
        self._meters, self._class = meters, meter_class_pct / 100.0
        self._at = {premise.net_meter: premise.service for premise in premises}
        self._behind = {premise.credit_meter: premise for premise in premises if premise.credit_meter}
        self._before: dict[str, Sample] = {}
        self._latest: dict[str, Sample] = {}

    def is_enrolled(self, customer: str) -> bool:
        """Whether the table of customers has the customer in the programme."""
        premise = self._premises.get(customer)
        return premise is not None and premise.customer.is_enrolled

    def is_right(self, override: Override) -> bool:
        """Whether an override carries its customer's code."""
        code = self._codes.get(override.customer)
        return code is not None and is_right_code(code, override.event, override.customer, override.code_proof)

    def offer_kw(self, customers: Collection[str]) -> float:
        """Return what the profiles give up of the loads as they are with everything on."""
        return float(np.sum(self._offer_w(customers))) / 1000.0

    def shed_kw(self, customers: Collection[str]) -> float:
        """Return the true difference between these customers' loads with everything on and now."""
        taken_w, full_w = self._plant.load_w()
        services = [self._premises[customer].service for customer in customers]
        return float(np.sum(full_w[services] - taken_w[services])) / 1000.0

    def head_load_kw(self) -> float:
        """Return the power into the feeder."""
        return self._plant.state.snapshot.head_p_kw

    def lowest_after_v(self, customers: Collection[str], at_meters: Collection[str]) -> tuple[float, float]:
        """Solve the present state with these customers' sheds, and with as much from all enrolled customers alike."""
        enrolled = [name for name, premise in self._premises.items() if premise.customer.is_enrolled]
        chosen_w, all_w = self._offer_w(customers), self._offer_w(enrolled)
        alike_w = all_w * (chosen_w.sum() / all_w.sum()) if all_w.sum() > 0 else all_w
        at = [self._at[meter] for meter in at_meters]
        chosen_v, alike_v = (self._voltages(shed_w)[at] for shed_w in (chosen_w, alike_w))
        return float(chosen_v.min()), float(alike_v.min())

    def note_load(self, customers: Sequence[str]) -> None:
        """Read the meters of customers over their own wires."""
        self._before = {customer: self._sample(customer) for customer in customers}

    def reduction(self, customer: str, by_profile: bool) -> Measurement:
        """Measure the load against that before the call; the customer's own profile says what has to be gone."""
        latest = self._latest.get(customer)
        if latest is None or self._plant.state.time_s >= latest.time_s + SAMPLE_S:
            latest = self._latest[customer] = self._sample(customer)
        premise, before = self._premises[customer], self._before[customer].load_w
        share = premise.customer.shed_share if by_profile else 0.0
        now_w, value_kw, uncertainty_kw = latest.load_w, None, 0.0
        if before is not None and now_w is not None:
            value_kw = (before - now_w) / 1000.0
            uncertainty_kw = self._class * (abs(before) + abs(now_w)) / 1000.0
        load_kw = (before or 0.0) / 1000.0
        return Measurement(
            quantity=f"load reduction of {customer}",
            value=value_kw,
            unit="kW",
            uncertainty=uncertainty_kw,
            time_s=latest.time_s,
            source=self._before[customer].source if before is None else latest.source,
            limits=Limits.around(share * load_kw, RESPONSE_TOLERANCE * load_kw),
        )

    def misread(self, meter: str, power_w: float) -> str | None:
        """Hold a told power against what flows through the meter in the plant."""
        if meter in self._at:
            true_w = float(self._plant.consumption_w()[self._at[meter]])
        elif meter in self._behind:
            true_w = -self._generation_w(self._behind[meter])
        else:
            return f"names a meter {meter!r} that no customer has"
        if abs(power_w - true_w) <= READ_TOLERANCE * abs(true_w) + READ_W:
            return None
        return f"{power_w:.0f} W is told of {meter}, through which {true_w:.0f} W flow"

    def _generation_w(self, premise: Premise) -> float:
        """Return what the generation behind a service delivers: what its load takes and its net meter does not show."""
        taken_w, _ = self._plant.load_w()
        return float(taken_w[premise.service] - self._plant.consumption_w()[premise.service])

    def _offer_w(self, customers: Collection[str]) -> Floats:
        """Return what each service gives up when these customers follow their profiles, W, shape (services,)."""
        _, full_w = self._plant.load_w()
        shares = np.zeros(len(full_w))
        for customer in customers:
            premise = self._premises[customer]
            shares[premise.service] = premise.customer.shed_share
        offer_w: Floats = full_w * shares
        return offer_w

    def _voltages(self, shed_w: Floats) -> Floats:
        state = self._plant.state
        return self._power_flow.service_voltages(state, (), self._plant.load_factor_without(shed_w))

    def _sample(self, customer: str) -> Sample:
        premise, load_w, now_s = self._premises[customer], 0.0, self._plant.state.time_s
        for meter, sign in ((premise.net_meter, 1.0), (premise.credit_meter, -1.0)):
            if meter is None:
                continue
            try:
                load_w += sign * self._meters[meter].read_meter().p_w
            except (TransportError, InstrumentError):
                return Sample(now_s, None, meter)
        return Sample(now_s, load_w, premise.net_meter)
