"""The suites of type tests: their clauses, their features, and what carries out a scenario of each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.assembly.certification import CertificationBench
from bench.certification.figures import FOLDER, Suite, load_figures, load_suite
from bench.certification.findings import Finding
from bench.certification.rig import Rig
from bench.certification.sunspec.conformance import ConformanceTest
from bench.certification.type_test import TypeTest
from instruments.errors import ConfigError
from reports.run_directory.layout import file_sha256

FEATURES = Path(__file__).parents[2] / "features" / "certification"
SUNSPEC = FOLDER / "sunspec.yaml"
Tell = Callable[[Finding], None]


class DeviceTest(Protocol):
    """What every test of a device has."""

    rig: Rig
    findings: list[Finding]


@dataclass(frozen=True)
class SuiteKind:
    """A suite by its name; `features` is the folder of its scenarios, `file` has its clauses and figures."""

    name: str
    features: Path
    file: Path
    load: Callable[[], Suite]
    make: Callable[[CertificationBench, str, Tell], DeviceTest]

    def identity(self) -> dict[str, str]:
        """Return name and SHA-256 of the file, for the record."""
        return {"path": self.file.name, "sha256": file_sha256(self.file)}


def _type_test(bench: CertificationBench, _clause: str, tell: Tell) -> TypeTest:
    return TypeTest(bench.rig, load_figures(), tell)


def _conformance(bench: CertificationBench, clause: str, tell: Tell) -> ConformanceTest:
    return ConformanceTest(bench.rig, bench.address, clause, tell)


SUITES = {
    kind.name: kind
    for kind in (
        SuiteKind("ieee1547.1", FEATURES / "ieee1547_1", FOLDER / "ieee1547_1.yaml", load_figures, _type_test),
        SuiteKind("sunspec", FEATURES / "sunspec", SUNSPEC, lambda: load_suite(SUNSPEC), _conformance),
    )
}


def suite_named(name: str) -> SuiteKind:
    """Return a suite; raises ConfigError naming the known ones."""
    if name not in SUITES:
        raise ConfigError(f"there is no suite {name!r}; known: {', '.join(SUITES)}")
    return SUITES[name]
