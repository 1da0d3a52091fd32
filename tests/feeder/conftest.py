"""Feeders that several test modules share."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from reference_feeder import LTC, Reference

from bench.feeder.engine import Feeder

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def decks() -> Path:
    """The public test feeders, which are not part of this repository."""
    folder = REPOSITORY.parent / "shared" / "feeders"
    if not folder.is_dir():
        pytest.skip(f"the public test feeders are not beside this checkout ({folder.name} is absent)")
    return folder


@pytest.fixture
def ieee13(decks: Path) -> Iterator[Feeder]:
    with Feeder.open(decks / "13Bus" / "IEEE13Nodeckt.dss") as feeder:
        yield feeder


@pytest.fixture(scope="module")
def reference() -> Iterator[Reference]:
    with Reference.open() as reference:
        yield reference


@pytest.fixture
def night(reference: Reference) -> Reference:
    """The reference feeder at rest: half load, nothing injected, banks open, a low tap."""
    reference.feeder.scale_loads(0.5)
    reference.set_banks(0)
    reference.feeder.set_tap(LTC, 4)
    nothing = np.zeros(len(reference.sites))
    reference.feeder.set_injections(nothing, nothing)
    return reference
