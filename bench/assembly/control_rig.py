"""The rig of a tap-changer or capacitor control: a sensing source, a digital I/O, and apparatus that the rig models."""

from collections.abc import Callable
from typing import cast

from bench.accuracy import expanded, limits_of_error
from bench.assembly.certification import CertificationBench, RigKind
from bench.assembly.wiring import instrument_wiring
from bench.certification.control_looks import SourceClass
from bench.certification.control_rig import Apparatus, ControlRig
from bench.certification.not_passed import NotPassed
from bench.config import Device, Terminal
from bench.plant.apparatus import APPARATUS_FAULTS, CapacitorSwitch, TapMechanism
from bench.plant.contacts import ContactScan, WiredContacts
from instruments.emulators.capacitor_control import CapacitorControlEmulator
from instruments.emulators.tap_changer_control import TapChangerControlEmulator
from instruments.errors import ConfigError, blaming
from instruments.readings import CapacitorBankStatus, LoadTapChangerStatus
from reports.verdict import Verdict

RESTING_V = 120.0
"""What controls sense when their source is switched on, V: their nominal voltage."""
LOWEST_V, LOWEST_A = 60.0, 1.0
"""The lowest voltage and current that a share of the reading has to hold for: half and a fifth of nominal."""
TAP_STEP_PU = 0.00625
"""What a tap changes, per unit: 32 steps over plus and minus 10 %."""


def _make(bench: CertificationBench) -> ControlRig:
    _refuse_apparatus_faults(bench)
    terminal, drivers, device = bench.terminal, bench.drivers, bench.device
    wired, source = terminal.contacts, terminal.source or ""
    if wired is None:
        raise ConfigError(f"{device} has no contacts: what it does could not be seen")
    scan = ContactScan(wired.digital_io, drivers[wired.digital_io])
    wiring = instrument_wiring(device, bench.places, bench.emulated, drivers, {wired.digital_io: scan})
    is_tap_changer = bench.config.devices[device].role == "load_tap_changer"
    travel = bench.places.travel(device) if is_tap_changer else (0, 1)
    return ControlRig(
        clock=bench.clock,
        device=device,
        control=drivers[device],
        source=drivers[source],
        source_name=source,
        accuracy=source_class(bench.config.devices[source]),
        scan=scan,
        contacts=cast(WiredContacts, wiring.contacts),
        inputs=wired.inputs,
        make_apparatus=_mechanism(travel) if is_tap_changer else _switch,
        advance=bench.advance,
        set_input=_inputs(bench),
        sensors=sensor_uncertainties(terminal),
        tells_position=bool(wired.status),
        begun_at=0 if wired.status else _taken_for(drivers[device].read_status()),
        travel=travel,
        step_pu=TAP_STEP_PU if is_tap_changer else 0.0,
    )


def source_class(source: Device) -> SourceClass:
    """Return the expanded uncertainty of a source as one share of the reading, the larger of voltage and current."""
    limits = limits_of_error(source)
    shares = (limits.voltage_v(LOWEST_V) / LOWEST_V, limits.current_a(LOWEST_A) / LOWEST_A)
    return SourceClass(expanded(max(shares)))


def _switch_on(bench: CertificationBench) -> None:
    rig = cast(ControlRig, bench.rig)
    with blaming(rig.source_name):
        rig.source.set_sensing(RESTING_V, 0.0, 0.0, 60.0)
        rig.source.output_on()
    rig.sense(RESTING_V)


def _taken_for(status: LoadTapChangerStatus | CapacitorBankStatus) -> int:
    """Return where a control takes its apparatus to be, which nothing but its own pulses tells it."""
    return status.tap_position if isinstance(status, LoadTapChangerStatus) else int(status.closed)


def _mechanism(travel: tuple[int, int]) -> Callable[[int], Apparatus]:
    return lambda position: TapMechanism(position, *travel)


def _switch(position: int) -> Apparatus:
    return CapacitorSwitch(closed=position == 1)


def _refuse_apparatus_faults(bench: CertificationBench) -> None:
    """Raise ConfigError for defects of apparatus: here it is the rig's own, and only the control is tested."""
    wrong = [f.text for f in bench.faults if f.target == bench.device and f.kind in APPARATUS_FAULTS]
    if wrong:
        raise ConfigError(f"{', '.join(wrong)}: the apparatus of a type test is the rig's own, and has no defects")


def _inputs(bench: CertificationBench) -> Callable[[str, float], None]:
    """Return what moves inputs of an emulated control that are on no wire; nothing moves those of a real one."""

    def set_input(name: str, value: float) -> None:
        control = bench.emulated.devices.get(bench.device)
        if not isinstance(control, TapChangerControlEmulator | CapacitorControlEmulator):
            reason = f"nothing on this bench sets the input {name} of {bench.device}"
            raise NotPassed(reason, Verdict.NOT_RUN)
        with bench.emulated.host.lock:
            setattr(control, name, type(getattr(control, name))(value))

    return set_input


def sensor_uncertainties(terminal: Terminal) -> dict[str, float]:
    """Return how well it is known what sensors are given, as far as the bench file says so."""
    stated = terminal.sensors.stated if terminal.sensors else {}
    return {name: expanded(limit) for name, limit in stated.items()}


def _leave(bench: CertificationBench) -> None:
    cast(ControlRig, bench.rig).put_back()


TAP_CHANGER_RIG = RigKind(frozenset({"load_tap_changer"}), _make, _switch_on, _leave)
CAPACITOR_RIG = RigKind(frozenset({"capacitor_bank"}), _make, _switch_on, _leave)
