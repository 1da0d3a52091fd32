"""A conformance test of a device's SunSpec interface: what the steps of its features do and judge."""

from collections.abc import Callable, Iterable, Iterator

from bench.certification.criteria import Reading, at_most
from bench.certification.figures_service import ServiceFigures
from bench.certification.findings import Finding
from bench.certification.not_passed import NotInside, NotPassed
from bench.certification.rig import Rig
from bench.certification.service import await_service
from bench.certification.sunspec.checks import CHECKS
from bench.certification.sunspec.image import Address, read_image
from bench.certification.sunspec.settings import DELIVERING, SETTINGS
from instruments.errors import ConfigError, TransportError
from reports.verdict import Verdict

SHOWN = 8
SEVERAL_CLIENTS = "several clients"
"""Aspect at which a device fails that answers but one client."""


class ConformanceTest:
    """An interface under examination. Each examination is one finding: the number of violations, which has to be 0."""

    def __init__(
        self, rig: Rig, at: Address, clause: str, service: ServiceFigures, tell: Callable[[Finding], None]
    ) -> None:
        """Take what counts as in service, and whom to tell of findings."""
        self.rig, self._at, self._clause, self._service, self._tell = rig, at, clause, service, tell
        self.findings: list[Finding] = []

    def energize(self) -> None:
        """Offer rated power at rated voltage, and let the device settle: most of its interface is there at once."""
        self.rig.supply(1.0)
        self.rig.set_grid(1.0)
        self.rig.hold(2.0, 0.5)

    def examine(self, aspect: str) -> None:
        """Examine one aspect; raises ConfigError naming the known ones, TransportError for a link that is lost.

        NotPassed is raised where the device does not deliver what a command would be seen by.
        """
        if aspect in CHECKS:
            self._take(aspect, CHECKS[aspect](self._at))
        elif aspect in SETTINGS:
            if aspect in DELIVERING:
                self._enter_service()
            self._take(aspect, SETTINGS[aspect](self.rig, self._at))
        else:
            raise ConfigError(f"nothing is examined as {aspect!r}; known: {', '.join([*CHECKS, *SETTINGS])}")

    def _enter_service(self) -> None:
        """Permit service, and wait for it: equipment that was just opened was off, and comes late and on a ramp."""
        self.rig.functions.enter_service()
        await_service(self.rig, self._service)

    def require_nothing(self) -> None:
        """Raise NotPassed with the violations that were found."""
        if not self.findings:
            raise NotPassed("nothing was examined", Verdict.NOT_RUN)
        told = [detail for finding in self.findings for detail in finding.details]
        if told:
            more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
            first = f"{told[0]} ({len(told)} {'violation' if len(told) == 1 else 'violations'})"
            raise NotInside("\n".join([first, *told[1:SHOWN], *more]), Verdict.FAIL)

    def _answered(self, aspect: str, violations: Iterable[str]) -> Iterator[str]:
        """Pass violations on; silence counts as one where the device answers a plain request over a new connection.

        One that answers the driver, and nobody else, violates what is demanded for several clients; nothing else can
        be said of it. Raises NotPassed for that, and TransportError where it is the link that is lost.
        """
        try:
            yield from violations
        except TransportError as error:
            if self._answers_others():
                yield f"it stopped answering: {error}"
            elif aspect == SEVERAL_CLIENTS:
                yield f"it answers its first client and no other: {error}"
            else:
                raise NotPassed(f"it answers its first client and no other: {error}", Verdict.NOT_RUN) from error

    def _answers_others(self) -> bool:
        """Ask over a new connection, then over the driver's; raises TransportError where it answers neither."""
        try:
            read_image(self._at)
        except TransportError:
            self.rig.functions.read_ac()
            return False
        return True

    def _take(self, aspect: str, violations: Iterable[str]) -> None:
        found = tuple(self._answered(aspect, violations))
        count = Reading(float(len(found)))
        finding = Finding(
            what=f"violations in {aspect}",
            stimulus=Reading(0.0),
            response=count,
            criterion=at_most(0.0, count),
            time_s=self.rig.clock.now_s,
            source=f"{self._at.host} unit {self._at.unit}, frame by frame",
            clause=self._clause,
            unit="violations",
            details=found,
        )
        self.findings.append(finding)
        self._tell(finding)
