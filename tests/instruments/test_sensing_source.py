"""The emulated sensing source, worked by our driver: what a control under test senses on the secondaries."""

from collections.abc import Iterator

import pytest
from scpi_script import resource

from instruments.drivers.scpi_sensing_source import ScpiSensingSource
from instruments.drivers.scpi_source import SourceLimits
from instruments.emulators.host import EmulatorHost
from instruments.emulators.scpi_server import scpi_protocol
from instruments.emulators.sensing_source import DEAD, Secondary, SensingSourceEmulator
from instruments.errors import InstrumentError, SafetyTrip
from instruments.readings import SensingSetPoint
from instruments.transports.visa import VisaLink

LIMITS = SourceLimits((0.0, 135.0), (50.0, 65.0), 8.0)


@pytest.fixture
def source() -> SensingSourceEmulator:
    return SensingSourceEmulator("sensing_1")


@pytest.fixture
def driver(source: SensingSourceEmulator) -> Iterator[ScpiSensingSource]:
    with EmulatorHost() as host, VisaLink(resource(host.serve(scpi_protocol(source.scpi, host.lock)))) as link:
        yield ScpiSensingSource(link, LIMITS)


def test_secondaries_are_dead_until_the_output_is_on(source: SensingSourceEmulator, driver: ScpiSensingSource) -> None:
    driver.set_sensing(121.5, 2.5, -31.0, 60.0)
    assert source.secondary == DEAD
    assert driver.read_set_point() == SensingSetPoint(121.5, 2.5, -31.0, 60.0, output_on=False)
    driver.output_on()
    assert source.secondary == Secondary(121.5, 2.5, -31.0, 60.0)
    driver.set_sensing(119.0, 1.25, 10.0, 59.9)
    assert source.secondary == Secondary(119.0, 1.25, 10.0, 59.9), "a running source follows"
    driver.output_off()
    assert source.secondary == DEAD


@pytest.mark.parametrize("set_point", [(135.1, 1, 0, 60), (120, 8.1, 0, 60), (120, 1, 0, 49.9)])
def test_outside_the_envelope_nothing_is_sent(
    source: SensingSourceEmulator, driver: ScpiSensingSource, set_point: tuple[float, float, float, float]
) -> None:
    driver.set_sensing(120.0, 1.0, 0.0, 60.0)
    before = list(source.scpi.received)
    with pytest.raises(SafetyTrip):
        driver.set_sensing(*set_point)
    assert list(source.scpi.received) == before


@pytest.mark.parametrize(
    ("message", "error"), [("VOLT 151", -222), ("CURR 11", -222), ("FREQ 44", -222), ("PHAS x", -104)]
)
def test_out_of_range_is_refused(source: SensingSourceEmulator, message: str, error: int) -> None:
    assert source.scpi.execute(f"{message};:SYST:ERR?").startswith(f"{error},")


@pytest.mark.parametrize(
    ("kind", "value", "secondary"),
    [
        ("drifted", 0.01, Secondary(121.2, 2.02, 0.0, 60.0)),
        ("wrong-range", 0.5, Secondary(60.0, 1.0, 0.0, 60.0)),
        ("reversed-current", None, Secondary(120.0, 2.0, 180.0, 60.0)),
    ],
)
def test_a_defect_is_sensed(
    source: SensingSourceEmulator, driver: ScpiSensingSource, kind: str, value: float | None, secondary: Secondary
) -> None:
    source.inject(kind, value, start_s=1.0)
    driver.set_sensing(120.0, 2.0, 0.0, 60.0)
    driver.output_on()
    assert source.secondary == Secondary(120.0, 2.0, 0.0, 60.0)
    source.advance(1.0)
    assert source.secondary == secondary


def test_an_output_that_stays_on_is_not_taken_for_safe(
    source: SensingSourceEmulator, driver: ScpiSensingSource
) -> None:
    driver.set_sensing(120.0, 2.0, 0.0, 60.0)
    driver.output_on()
    source.inject("does-not-switch-off")
    with pytest.raises(InstrumentError, match="measures 120 V"):
        driver.make_safe()
