"""Every check by the name that a use case's table of preconditions calls it by, and the checking of a scenario's."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.preconditions import configuration, measurement
from bench.preconditions.finding import Finding, Subject
from bench.use_case.model import Precondition, unknown
from instruments.errors import ConfigError

CHECKS: Mapping[str, Callable[[Subject], Finding]] = {
    check.__name__: check
    for check in (
        measurement.volt_var_on,
        measurement.reactive_capability,
        measurement.inverter_obeys,
        measurement.isolation_possible,
        measurement.full_ami,
        measurement.volt_before_var,
        measurement.var_switching_lockable,
        measurement.standards_evolved,
        configuration.utility_pv_placed,
        configuration.customer_pv_placed,
        configuration.tariff_agreements,
        configuration.cloud_is_the_cause,
        configuration.controlled_as_one,
        configuration.assets_for_dispatch,
        configuration.dispatch_in_dms,
        configuration.operators_may_call,
        configuration.lambda_kept,
        configuration.only_large_der_eligible,
        configuration.no_override,
    )
}


@dataclass(frozen=True)
class Checked:
    """A precondition of a scenario, and what the check that the table names for it found."""

    text: str
    party: str
    check: str
    finding: Finding

    @property
    def objection(self) -> str:
        """Say why a scenario cannot pass on it; empty where it can."""
        if self.finding.stands:
            return ""
        fault = "does not hold" if self.finding.held is False else "could not be established"
        return f"precondition {fault}: {self.text} ({self.finding.evidence})"

    def entry(self) -> dict[str, Any]:
        """Return it as run.json lists it."""
        finding = asdict(self.finding) | {"citations": list(self.finding.citations)}
        return {"text": self.text, "party": self.party, "check": self.check} | finding


def check_preconditions(preconditions: Iterable[Precondition], subject: Subject) -> list[Checked]:
    """Check preconditions in their order, each of the named checks once.

    One that names no check could not be established. Raises ConfigError for a name that no check has.
    """
    found: dict[str, Finding] = {"": Finding("configuration", None, "the table names no check for it")}
    checked = []
    for condition in preconditions:
        if condition.check not in found:
            found[condition.check] = _check(condition.check)(subject)
        checked.append(Checked(condition.condition, condition.party, condition.check, found[condition.check]))
    return checked


def _check(name: str) -> Callable[[Subject], Finding]:
    if name not in CHECKS:
        raise ConfigError(f"preconditions.csv: {unknown('check', name, CHECKS)}")
    return CHECKS[name]
