"""Commands of the SunSpec suite that the analyzer judges: a device that comes into service, and one that cannot."""

from collections.abc import Iterator

import pytest

from bench.certification.figures import load_figures
from bench.certification.not_passed import NotInside, NotPassed
from bench.certification.rig import Rig
from bench.certification.sunspec.conformance import ConformanceTest
from bench.certification.sunspec.image import Address
from bench.certification.sunspec.settings import DELIVERING
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.inverter import InverterEmulator
from reports.verdict import Verdict
from tests.certification.emulated_rig import rig_of
from tests.instruments.sunspec_bench import serving

ENERGIZED_PU = 0.01


@pytest.fixture
def rig_and_place() -> Iterator[tuple[Rig, Address]]:
    """An inverter that has ceased to energize, as real equipment has when its link is opened anew."""
    inverter = InverterEmulator("inverter", 25.0, v_nom_v=208.0, node=ElectricalNode(3))
    with rig_of(inverter) as rig, serving(unit_1=inverter.registers) as wire:
        rig.functions.cease_to_energize()
        assert rig.hold(3.0, 1.0)[-1].p_pu < ENERGIZED_PU
        yield rig, Address(*wire.address, 1)


def conformance(rig: Rig, at: Address) -> ConformanceTest:
    test = ConformanceTest(rig, at, "REV-1", load_figures().service, lambda _finding: None)
    test.energize()
    return test


@pytest.mark.parametrize("aspect", sorted(DELIVERING))
def test_a_command_is_tried_at_the_end_of_the_ramp_and_good_equipment_passes(
    rig_and_place: tuple[Rig, Address], aspect: str
) -> None:
    rig, at = rig_and_place
    test = conformance(rig, at)
    test.examine(aspect)
    test.require_nothing()
    assert rig.clock.now_s > 600.0, "delay and ramp of entering service are 300 s each by default"


def test_a_device_that_delivers_too_little_to_see_a_limit_is_not_failed_for_it(
    rig_and_place: tuple[Rig, Address],
) -> None:
    rig, at = rig_and_place
    test = conformance(rig, at)
    rig.supply(0.91)
    with pytest.raises(NotPassed, match=r"delivers 0\.9\d* pu before the command") as told:
        test.examine("reversion")
    assert (told.value.verdict, test.findings) == (Verdict.NOT_RUN, [])


def test_a_limit_that_never_ends_is_still_a_violation(rig_and_place: tuple[Rig, Address]) -> None:
    rig, at = rig_and_place
    rig.functions.limit_power_pct = lambda limit_pct, _reversion_s, limit=rig.functions.limit_power_pct: limit(
        limit_pct, 3600.0
    )
    test = conformance(rig, at)
    test.examine("reversion")
    with pytest.raises(NotInside) as told:
        test.require_nothing()
    first, *_ = str(told.value).splitlines()
    assert "the device shows 3590 s until it reverts, the bench has 10 s" in first, "what it fails for comes first"
    assert "the limit did not end" in str(told.value)
