"""Preconditions that the equipment itself is asked about, over its own wire, before anything happens."""

import math
from typing import Protocol

from bench.feeder.population import CATEGORY_B
from bench.preconditions.finding import Answers, Finding, Subject, ask_all, measured
from instruments.readings import InverterModes, Nameplate, PowerCommand, VoltVarCurve
from instruments.roles import CapacitorBankControl, Meter

Q_SHARE = {"A": (0.44, 0.25), "B": (0.44, 0.44)}
"""Vars that an inverter has to be able to inject and to absorb, per unit of rated VA (IEEE 1547-2018 Table 7)."""
RATING_STEP = 0.01
"""What the scale factors of a nameplate may round off, per unit of rated VA."""
MODE_EXCHANGES, COMMAND_EXCHANGES, CURVE_EXCHANGES = 3, 4, 2


class ObedientInverter(Protocol):
    """What is asked of an inverter."""

    def read_modes(self) -> InverterModes: ...  # noqa: D102
    def read_command(self) -> PowerCommand: ...  # noqa: D102
    def read_nameplate(self) -> Nameplate: ...  # noqa: D102
    def read_volt_var(self) -> VoltVarCurve: ...  # noqa: D102


def volt_var_on(subject: Subject) -> Finding:
    """Ask every inverter on the bench whether its volt-var function is enabled (model 705)."""

    def question(inverter: ObedientInverter) -> tuple[bool | None, str]:
        enabled = inverter.read_modes().volt_var
        return enabled, {True: "on", False: "off", None: "does not say"}[enabled]

    asked = ask_all(subject, subject.devices("inverter"), question, MODE_EXCHANGES)
    found = measured(asked, "inverters have volt-var enabled (705 Ena)")
    modelled = len(_population(subject))
    curve = ", ".join(
        f"{100 * q:+.0f} % at {100 * v:.0f} %" for v, q in zip(CATEGORY_B.v_pu, CATEGORY_B.q_pu, strict=True)
    )
    return _with(
        found, f"{modelled} more inverters are in the feeder's model, with the curve {curve} of nominal voltage"
    )


def reactive_capability(subject: Subject) -> Finding:
    """Ask every inverter what vars its nameplate gives it, and whether its curve uses them in both directions."""

    def question(inverter: ObedientInverter) -> tuple[bool | None, str]:
        plate, curve = inverter.read_nameplate(), inverter.read_volt_var()
        if plate.va_max_va <= 0.0:
            return None, "states no rating"
        injected, absorbed = plate.q_max_injected_var / plate.va_max_va, plate.q_max_absorbed_var / plate.va_max_va
        needed = Q_SHARE.get(plate.category, Q_SHARE["A"])
        able = injected >= needed[0] - RATING_STEP and absorbed >= needed[1] - RATING_STEP
        used = max(curve.q_pu, default=0.0) > 0.0 > min(curve.q_pu, default=0.0)
        span = f"{100 * max(curve.q_pu, default=0.0):.0f} to {100 * min(curve.q_pu, default=0.0):.0f} %"
        return able and used, f"can {100 * injected:.0f}/{100 * absorbed:.0f} % of its rating, its curve asks {span}"

    asked = ask_all(subject, subject.devices("inverter"), question, CURVE_EXCHANGES)
    return measured(
        asked, "inverters can give and take the vars of their category (702), and their curves use it (705)"
    )


def inverter_obeys(subject: Subject) -> Finding:
    """Ask every inverter whether it is under remote control (715), and for the set-point it would be told by (704)."""

    def question(inverter: ObedientInverter) -> tuple[bool | None, str]:
        modes, command = inverter.read_modes(), inverter.read_command()
        if modes.remote is None or math.isnan(command.power_w):
            return None, "does not say who may command it, or has no set-point"
        state = f"commanded {command.power_w:g} W" if command.enabled else "not commanded"
        return modes.remote, f"{'remote' if modes.remote else 'local'}, {state}"

    asked = ask_all(subject, subject.devices("inverter"), question, COMMAND_EXCHANGES)
    return measured(asked, "inverters are under remote control (715 LocRemCtl) with a readable set-point (704)")


def isolation_possible(subject: Subject) -> Finding:
    """Ask the customers' inverters for the permission to be in service (703); withdrawing it is what isolates them."""

    def question(inverter: ObedientInverter) -> tuple[bool | None, str]:
        permitted = inverter.read_modes().permitted
        return (None, "has no enter-service point") if permitted is None else (True, "takes it")

    theirs = _customers(subject)
    asked = ask_all(subject, theirs, question, MODE_EXCHANGES)
    found = measured(asked, "customers' inverters have the point that withdraws service (703 ES)")
    tried = "not tried in this scenario: the feature on isolation opens one and lets its home controller try to undo it"
    return Finding("configuration", found.held, f"{found.evidence}; {tried}", found.citations)


def full_ami(subject: Subject) -> Finding:
    """Read the event register of the meter at every service."""

    def question(meter: Meter) -> tuple[bool | None, str]:
        return True, f"answers with flags {meter.read_events().raw:#x}"

    asked = ask_all(subject, subject.meters, question, exchanges=1)
    silent = {name: f"does not answer: {error}" for name, error in asked.silent.items()}
    found = measured(Answers(asked.good, silent, {}, asked.citations), "services have a meter that answers")
    return found if silent else Finding(found.how, found.held, found.evidence.partition(":")[0], found.citations)


def volt_before_var(subject: Subject) -> Finding:
    """Ask every capacitor control whether its panel leaves it to SCADA: only then can the DMS decide."""

    def question(control: CapacitorBankControl) -> tuple[bool | None, str]:
        remote = control.read_status().remote
        return remote, "is on remote" if remote else "is on local, so the DMS decides nothing for it"

    return measured(ask_all(subject, subject.devices("capacitor_bank"), question, 1), "capacitor controls obey SCADA")


def var_switching_lockable(subject: Subject) -> Finding:
    """Ask every capacitor control for its block: there, and not set already, so that setting it means something."""

    def question(control: CapacitorBankControl) -> tuple[bool | None, str]:
        blocked = control.read_status().blocked
        return not blocked, "is blocked already" if blocked else "is free"

    asked = ask_all(subject, subject.devices("capacitor_bank"), question, 1)
    return measured(asked, "capacitor controls have a VAR block that is not set yet")


def standards_evolved(subject: Subject) -> Finding:
    """Say what the inverters state of their categories; of equipment in the field it can only be assumed."""

    def question(inverter: ObedientInverter) -> tuple[bool | None, str]:
        plate = inverter.read_nameplate()
        stated = bool(plate.category and plate.abnormal)
        return stated or None, f"category {plate.category}/{plate.abnormal}" if stated else "states no category"

    asked = ask_all(subject, subject.devices("inverter"), question, exchanges=1)
    found = measured(asked, "inverters on the bench state an IEEE 1547-2018 category (702)")
    return Finding(
        "assumed", None, f"{found.evidence}; whether they keep to it is what type tests are for", found.citations
    )


def _customers(subject: Subject) -> list[str]:
    owners = {site.name: site.owner for site in subject.sites}
    wired = {terminal.device: terminal.site or terminal.device for terminal in subject.config.terminals.values()}
    return [name for name in subject.devices("inverter") if owners.get(wired.get(name, "")) == "customer"]


def _population(subject: Subject) -> list[str]:
    wired = {terminal.site or terminal.device for terminal in subject.config.terminals.values()}
    return [site.name for site in subject.sites if site.kind == "pv" and site.name not in wired]


def _with(found: Finding, remark: str) -> Finding:
    return Finding(found.how, found.held, f"{found.evidence}; {remark}", found.citations)
