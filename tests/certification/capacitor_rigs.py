"""Emulated capacitor controls on a rig whose instruments are exact and cost nothing."""

import cmath
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.certification.capacitor.figures import CapacitorFigures, load_capacitor_figures
from bench.certification.capacitor.stand import Stand
from bench.certification.control_looks import SourceClass
from bench.certification.control_rig import ControlRig
from bench.certification.refusals import UnderTest
from bench.clock import Clock
from bench.plant.apparatus import CapacitorSwitch
from bench.plant.contacts import ContactScan, WiredContacts
from instruments.drivers.capacitor_control import PointMapCapacitorControl
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.contacts import PulseContact, SensingTerminals
from instruments.emulators.control_points import control_points
from instruments.emulators.point_bank import PointBank
from instruments.emulators.sensing_source import Secondary
from instruments.point_map import load_point_map
from instruments.readings import InputContacts, SecondaryReading
from tests.instruments.sunspec_bench import serving

MAP = load_point_map(Path(__file__).parents[2] / "fixtures" / "point_maps" / "capacitor_generic.yaml")
FIGURES = load_capacitor_figures()
EXACT = {"temperature_c": 0.0, "neutral_current_a": 0.0}
"""What sensors are given, k = 2."""
PATIENCE_S = 20.0
"""For an answer on the loopback, so that a busy machine is not mistaken for a device that does not answer."""


class Instruments:
    """Source and contacts in one: `put` takes what is on the secondaries, `contacts` close the inputs."""

    def __init__(self, put: Callable[[Secondary], None], take_status: Callable[[bool], None]) -> None:
        self._put, self._take_status = put, take_status
        self._now = Secondary(0.0, 0.0, 0.0, 60.0)
        self._closed, self._closures = [False, False], [0, 0]

    def wire(self, channel: int, contact: PulseContact) -> None:
        """Connect a contact to an input, 0 or 1."""
        contact.on_change(lambda closed: self.switch(channel, closed))

    def switch(self, channel: int, closed: bool) -> None:
        """Close or open an input."""
        self._closures[channel] += closed and not self._closed[channel]
        self._closed[channel] = closed

    def set_sensing(self, voltage_v: float, current_a: float, angle_deg: float, frequency_hz: float) -> None:
        """Be the source."""
        self._now = Secondary(voltage_v, current_a, angle_deg, frequency_hz)
        self._put(self._now)

    def measure(self) -> SecondaryReading:
        """Be the source's own meter, exact."""
        now = self._now
        apparent = cmath.rect(now.voltage_v * now.current_a, math.radians(-now.angle_deg))
        return SecondaryReading(now.voltage_v, now.current_a, apparent.real, apparent.imag)

    def watch_inputs(self) -> InputContacts:
        """Be the digital input."""
        return InputContacts(tuple(self._closed), tuple(self._closures))

    def set_output(self, _channel: int, closed: bool) -> None:
        """Be the digital output that tells the control where its switch stands."""
        self._take_status(closed)


def rig_of(
    control: Any,
    instruments: Instruments,
    advance: Callable[[float], None],
    set_input: Callable[[str, float], None],
    share: float = 0.0,
    sensors: Mapping[str, float] = EXACT,
) -> ControlRig:
    """Put a control on its rig, in virtual time; `share` is the uncertainty that the source states."""
    scan = ContactScan("contacts", instruments)  # type: ignore[arg-type]
    return ControlRig(
        clock=Clock(),
        device="capacitor",
        control=control,
        source=instruments,  # type: ignore[arg-type]
        source_name="sensing_source",
        accuracy=SourceClass(share),
        scan=scan,
        contacts=WiredContacts(scan, (1, 2), (1,)),
        inputs=(1, 2),
        make_apparatus=lambda position: CapacitorSwitch(closed=position == 1),
        advance=advance,
        set_input=set_input,
        sensors=sensors,
    )


@contextmanager
def emulated_stand(
    clause: str, *faults: str, figures: CapacitorFigures = FIGURES, sensors: Mapping[str, float] = EXACT
) -> Iterator[Stand]:
    """Serve an emulated control with defects, commanded over its wire, and put it on a rig."""
    control = CapacitorControlEmulator(SensingTerminals())
    for fault in faults:
        kind, _, value = fault.partition("=")
        control.inject(kind, float(value) if value else None)
    with serving(unit_1=PointBank(MAP, control_points(control))) as wire:

        def put(secondary: Secondary) -> None:
            control.sensing = SensingTerminals(secondary)

        def status(closed: bool) -> None:
            control.status_input = closed

        def set_input(name: str, value: float) -> None:
            setattr(control, name, type(getattr(control, name))(value))

        instruments = Instruments(put, status)
        instruments.wire(0, control.close_contact)
        instruments.wire(1, control.open_contact)
        driver = UnderTest(PointMapCapacitorControl(wire.link(timeout_s=PATIENCE_S), MAP))
        yield Stand(rig_of(driver, instruments, control.advance, set_input, sensors=sensors), figures, clause)
