"""What is asked of `bench certify`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CertifyRequest:
    """What the command line asks for."""

    bench: Path
    device: str
    suite: str
    out: Path
    seed: int = 1
    faults: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    """Texts, one of which the name of a scenario that is carried out contains; none: all are."""
    jobs: int | None = 1
    """Scenarios at the same time; None: as many as there are processors. Real equipment has one in any case."""
    pdf: bool | None = False
    """Whether certificate.pdf is made; None: where the whole suite was asked for."""
