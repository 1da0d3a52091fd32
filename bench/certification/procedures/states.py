"""Monitoring of states: IEEE 1547.1-2020 clause 6.7. Whether a device says that it runs, is connected, has an alarm.

Each is looked at set and cleared; what it should say follows from what the analyzer sees.
"""

from collections.abc import Iterator

from bench.certification.figures import SuiteFigures
from bench.certification.figures_service import ServiceFigures
from bench.certification.findings import Finding
from bench.certification.mapped import require_mapped
from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig
from bench.certification.service import await_service
from bench.certification.statements import Statements
from instruments.readings import AcReading
from reports.verdict import Verdict

STOP_S, LOOK_S, SETTLE_S = 5.0, 2.0, 30.0
LITTLE_PCT, REVERSION_S = 20.0, 3600.0
"""Active power in the sag: at rated power the current would rise beyond what the source can take."""


def compare_states(rig: Rig, figures: SuiteFigures) -> Iterator[Finding]:
    """Withdraw its permit and give it back, let a sag trip it and let it return; ask at every stage."""
    say, service = Statements(rig, figures.monitoring.clause), figures.service
    require_mapped(rig, "alarms")
    yield from _runs(say, _read(rig, service, "in service", delivers=True), "in service")
    rig.functions.cease_to_energize()
    rig.hold(STOP_S, 0.5)
    stopped = _read(rig, service, "its permit withdrawn", delivers=False)
    yield say.made("no operation reported, its permit withdrawn", not stopped.running)
    rig.functions.enter_service()
    await_service(rig, service)
    yield from _runs(say, _read(rig, service, "permitted again", delivers=True), "permitted again")
    yield from _tripped(rig, say, figures)


def _tripped(rig: Rig, say: Statements, figures: SuiteFigures) -> Iterator[Finding]:
    """Trip it by a sag, and let it return. An alarm that is latched may be acknowledged."""
    section, service = figures.monitoring, figures.service
    rig.functions.limit_power_pct(LITTLE_PCT, REVERSION_S)
    rig.hold(SETTLE_S, 0.5)
    try:
        rig.set_grid(section.sag_v_pu.value)
        rig.hold(section.sag_s.value, 0.1)
        tripped = _read(rig, service, "in a sag", delivers=False)
    finally:
        rig.set_grid(1.0)
    yield say.made("no operation reported, tripped by a sag", not tripped.running)
    yield say.made("no connection reported, tripped by a sag", not tripped.connected)
    yield say.made("an alarm reported, tripped by a sag", tripped.alarms != 0)
    rig.functions.disable_functions()
    await_service(rig, service)
    rig.functions.reset_alarms()
    back = _read(rig, service, "after the sag", delivers=True)
    yield from _runs(say, back, "after the sag")
    yield say.made("no alarm reported, after the sag", back.alarms == 0)


def _runs(say: Statements, said: AcReading, when: str) -> Iterator[Finding]:
    yield say.made(f"operation reported, {when}", said.running)
    yield say.made(f"connection reported, {when}", said.connected)


def _read(rig: Rig, service: ServiceFigures, when: str, delivers: bool) -> AcReading:
    """Ask the device; raises NotPassed where it is not in the state that it is to tell about."""
    seen_pu = rig.hold(LOOK_S, 0.5)[-1].p_pu
    if (seen_pu > service.nothing_pu.value) is not delivers:
        told = f"{seen_pu:.3f} pu are delivered {when}: there is nothing to be said of its state there"
        raise NotPassed(told, Verdict.NOT_RUN)
    return rig.functions.read_ac()
