"""The suites of type tests: their clauses, their features, and what carries out a scenario of each."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml

from bench.assembly.certification import CertificationBench, RigKind
from bench.assembly.control_rig import CAPACITOR_RIG, TAP_CHANGER_RIG
from bench.assembly.der_rig import DER_RIG
from bench.assembly.storage_rig import STORAGE_RIG
from bench.certification.any_rig import AnyRig
from bench.certification.capacitor.bank_test import CapacitorTest
from bench.certification.capacitor.figures import FILE as CAPACITOR
from bench.certification.capacitor.figures import load_capacitor_figures
from bench.certification.control_rig import ControlRig
from bench.certification.controls.control_test import ControlTest
from bench.certification.figures import FOLDER, Suite, load_figures, load_suite
from bench.certification.findings import Finding
from bench.certification.ltc.figures import FILE as LTC
from bench.certification.ltc.figures import TapChangerFigures, load_tap_changer_figures
from bench.certification.rig import Rig
from bench.certification.storage.figures import FILE as STORAGE
from bench.certification.storage.figures import load_storage_figures
from bench.certification.storage.rig import StorageRig
from bench.certification.storage.storage_test import StorageTest
from bench.certification.sunspec.conformance import ConformanceTest
from bench.certification.type_test import TypeTest
from bench.use_case.feature_files import read_stories
from instruments.errors import ConfigError
from reports.run_directory.layout import file_sha256

FEATURES = Path(__file__).parents[2] / "features" / "certification"
CLAUSE = "clause-"
"""How the tag begins that says which clause a scenario tests."""
SUNSPEC = FOLDER / "sunspec.yaml"
Tell = Callable[[Finding], None]
R = TypeVar("R")


class DeviceTest(Protocol):
    """What every test of a device has."""

    @property
    def findings(self) -> list[Finding]:
        """What was found up to now."""
        ...


@dataclass(frozen=True)
class SuiteKind:
    """A suite by its name; `features` is the folder of its scenarios, `file` has its clauses and figures.

    `rig` is what it puts around its device, and says which devices it is for; `make` begins the test of a clause there.
    """

    name: str
    features: Path
    file: Path
    load: Callable[[], Suite]
    make: Callable[[CertificationBench, str, Tell], DeviceTest]
    rig: RigKind = DER_RIG

    def identity(self) -> dict[str, str]:
        """Return name and SHA-256 of the file, for the record."""
        return {"path": self.file.name, "sha256": file_sha256(self.file)}

    def scenario_counts(self) -> Counter[str]:
        """Return how many scenarios there are of each clause, examples of an outline counted each."""
        stories = (story for path in sorted(self.features.glob("*.feature")) for story in read_stories(path))
        return Counter(
            tag.removeprefix(CLAUSE)
            for story in stories
            if not story.is_background
            for tag in story.tags
            if tag.startswith(CLAUSE)
            for _ in story.names
        )

    def unconfirmed(self) -> list[str]:
        """Return which figures nobody has held against the standard yet, by their place in the file."""
        return list(_unconfirmed(yaml.safe_load(self.file.read_text(encoding="utf-8")), ""))


def _unconfirmed(part: Any, place: str) -> Iterator[str]:
    """Yield the places below one; parts of a list go by their names, where they have any."""
    if isinstance(part, Mapping):
        if part.get("confirmed") is False:
            yield place
        for key, value in part.items():
            yield from _unconfirmed(value, f"{place}.{key}" if place else str(key))
    elif isinstance(part, list):
        for number, value in enumerate(part, start=1):
            name = value.get("name", number) if isinstance(value, Mapping) else number
            yield from _unconfirmed(value, f"{place} {name}")


def _type_test(bench: CertificationBench, _clause: str, tell: Tell) -> TypeTest:
    return TypeTest(_rig(bench.rig, Rig), load_figures(), tell)


def _conformance(bench: CertificationBench, clause: str, tell: Tell) -> ConformanceTest:
    return ConformanceTest(_rig(bench.rig, Rig), bench.address, clause, load_figures().service, tell)


def _rig(made: AnyRig, kind: type[R]) -> R:
    """Return the rig as the kind that the suite's own maker makes."""
    if not isinstance(made, kind):
        raise ConfigError(f"the suite needs a {kind.__name__}, and has a {type(made).__name__}")
    return made


def _tap_changer_test(bench: CertificationBench, _clause: str, tell: Tell) -> ControlTest[TapChangerFigures]:
    return ControlTest(_rig(bench.rig, ControlRig), load_tap_changer_figures(), tell)


def _storage_test(bench: CertificationBench, _clause: str, tell: Tell) -> StorageTest:
    return StorageTest(_rig(bench.rig, StorageRig), load_storage_figures(), tell)


def _capacitor_test(bench: CertificationBench, clause: str, tell: Tell) -> CapacitorTest:
    return CapacitorTest(_rig(bench.rig, ControlRig), load_capacitor_figures(), clause, tell)


SUITES = {
    kind.name: kind
    for kind in (
        SuiteKind("ieee1547.1", FEATURES / "ieee1547_1", FOLDER / "ieee1547_1.yaml", load_figures, _type_test),
        SuiteKind("sunspec", FEATURES / "sunspec", SUNSPEC, lambda: load_suite(SUNSPEC), _conformance),
        SuiteKind("ltc", FEATURES / "ltc", LTC, load_tap_changer_figures, _tap_changer_test, TAP_CHANGER_RIG),
        SuiteKind("storage", FEATURES / "storage", STORAGE, load_storage_figures, _storage_test, STORAGE_RIG),
        SuiteKind(
            "capacitor", FEATURES / "capacitor", CAPACITOR, load_capacitor_figures, _capacitor_test, CAPACITOR_RIG
        ),
    )
}


def suite_named(name: str) -> SuiteKind:
    """Return a suite; raises ConfigError naming the known ones."""
    if name not in SUITES:
        raise ConfigError(f"there is no suite {name!r}; known: {', '.join(SUITES)}")
    return SUITES[name]
