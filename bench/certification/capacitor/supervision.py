"""What a capacitor control lets others do and tells them: settings, readings, commands, block, counters."""

import math
from collections.abc import Iterator

from bench.certification.capacitor.stand import CLOSE, OPEN, WAITING_S, Stand
from bench.certification.criteria import Reading
from bench.certification.findings import Finding
from bench.certification.refusals import DeviceError, DoubtfulAnswerError, is_refused
from bench.measurement import Limits

NONE = Limits(upper=0.0)
OPERATIONS = 3
"""How often the mode is made to operate where registers are compared with contacts."""
SINGLE_PRECISION = 1e-6


def identification(stand: Stand) -> Iterator[Finding]:
    """Say who it is."""
    found = stand.control.identify()
    missing = [name for name in ("manufacturer", "model") if not getattr(found, name)]
    yield stand.told("names that it does not say of itself", float(len(missing)), NONE, 0.0, "names")


def settings(stand: Stand) -> Iterator[Finding]:
    """Read every setting again when all are written, then write such as cannot work together: refused, and kept."""
    stand.prepare_blocked("voltage")
    there = {n: v for n, v in stand.figures.settings.items() if stand.rig.control.find_setting(n) is not None}
    stand.put(there)
    for name, value in there.items():
        yield _kept(stand, f"setting {name}", name, value)
    for case in (case for case in stand.figures.crossed if case.setting in there):
        yield from _crossed(stand, case.setting, case.value)


def _kept(stand: Stand, what: str, name: str, wanted: float) -> Finding:
    """Read a setting again; a register of single precision has seven digits."""
    limits = Limits.around(wanted, abs(wanted) * SINGLE_PRECISION)
    return stand.told(what, float(stand.control.read_setting(name)), limits, wanted, "as set")


def _crossed(stand: Stand, name: str, value: float) -> Iterator[Finding]:
    wanted = stand.setting(name)
    refusals = float(is_refused(lambda: stand.rig.write(name, value)))
    yield stand.told(f"{name} = {value:g}: refusals", refusals, Limits(lower=1.0), 1.0, "refusals")
    yield _kept(stand, f"{name} after that", name, wanted)
    stand.rig.write(name, wanted)


def readings(stand: Stand) -> Iterator[Finding]:
    """Compare what it says that it senses, as far as it does, with what the source measures, in each state."""
    stand.prepare_blocked("voltage")
    accuracy = stand.figures.accuracy
    for number, state in enumerate(stand.figures.states, start=1):
        sensed = stand.rig.sense(state.voltage_v, state.current_a, state.angle_deg)
        stand.rig.hold(1.0, 1.0)
        told, share = stand.control.read_measured(), stand.rig.accuracy.share
        compared = (
            ("voltage", "V", Reading(sensed.voltage_v, share * sensed.voltage_v), told.voltage_v, accuracy.voltage_v),
            ("current", "A", Reading(sensed.current_a, share * sensed.current_a), told.current_a, accuracy.current_a),
        )
        for name, unit, measured, said, allowed in compared:
            if math.isfinite(said):
                yield stand.agrees(f"{name} in state {number} that it tells", unit, measured, said, allowed.value)
        if math.isfinite(told.feeder_kvar):
            kvar, allowed_kvar = stand.kvar_of(sensed), stand.reactive_power_kvar + accuracy.resolution_kvar.value
            yield stand.agrees(f"vars in state {number} that it tells", "kvar", kvar, told.feeder_kvar, allowed_kvar)


def commands(stand: Stand) -> Iterator[Finding]:
    """Close and open once by each command of SCADA, also against what the mode wants."""
    stand.prepare("voltage")
    yield from _followed(stand, "SCADA closes", CLOSE)
    stand.want(closed=True)
    yield stand.still("closed as the mode wants it", stand.waiting_s)
    begun, begun_s, what = len(stand.rig.closures), stand.now_s(), "SCADA opens against the mode"
    stand.order(OPEN)
    yield _soon(stand, what, begun_s, OPEN)
    stand.rest()
    yield from stand.once(what, begun, OPEN)


def _followed(stand: Stand, what: str, direction: int) -> Iterator[Finding]:
    """Send a command, and judge how soon it is followed, and by one operation."""
    begun, begun_s = len(stand.rig.closures), stand.now_s()
    stand.order(direction)
    yield _soon(stand, what, begun_s, direction)
    yield from stand.once(what, begun, direction)


def _soon(stand: Stand, what: str, ordered_s: float, direction: int) -> Finding:
    """Judge how soon a command of SCADA is followed."""
    within_s = stand.figures.accuracy.command_s.value
    return stand.timed(what, ordered_s, Limits(upper=within_s), 0.0, 2.0 * within_s, direction)


def remote_manual(stand: Stand) -> Iterator[Finding]:
    """Switch nothing by itself in manual, obey SCADA there, and go on by its mode in automatic."""
    stand.prepare("voltage")
    stand.command(CLOSE, "so that it cannot be left to SCADA")
    stand.control.set_automatic(False)
    stand.want(closed=False)
    yield stand.still("in manual, where the mode wants to open", stand.waiting_s + stand.figures.patience.idle_s)
    yield from _followed(stand, "SCADA opens in manual", OPEN)
    _discharge(stand)
    stand.want(closed=True)
    yield stand.still("in manual, where the mode wants to close", stand.waiting_s + stand.figures.patience.idle_s)
    begun = len(stand.rig.closures)
    stand.control.set_automatic(True)
    yield from stand.once("in automatic again", begun, CLOSE)


def local(stand: Stand) -> Iterator[Finding]:
    """Refuse commands and settings of SCADA while the panel is on local."""
    stand.rig.set_input("remote", 1.0)
    stand.prepare("voltage")
    stand.rig.set_input("remote", 0.0)
    yield from stand.refused("a close by SCADA in local", CLOSE)
    refusals = float(is_refused(lambda: stand.rig.write("open_delay", stand.setting("open_delay") + 1.0)))
    stand.rig.set_input("remote", 1.0)
    yield stand.found("a setting in local: refusals", Reading(refusals), Limits(lower=1.0), 1.0, unit="refusals")


def block(stand: Stand) -> Iterator[Finding]:
    """Switch nothing by its mode while blocked, obey SCADA both ways, and go on by its mode when freed."""
    stand.prepare("voltage")
    stand.command(CLOSE, "so that the block cannot be told from a command that is ignored")
    stand.control.set_blocked(True)
    stand.want(closed=False)
    yield stand.still("blocked, where the mode wants to open", stand.waiting_s + stand.figures.patience.idle_s)
    yield from _obeyed(stand, "SCADA opens while it is blocked", OPEN)
    _discharge(stand)
    yield from _obeyed(stand, "SCADA closes while it is blocked", CLOSE)
    yield stand.still("blocked, it does not undo what SCADA did", stand.waiting_s + stand.figures.patience.idle_s)
    begun = len(stand.rig.closures)
    stand.control.set_blocked(False)
    yield from stand.once("freed", begun, OPEN)


def _obeyed(stand: Stand, what: str, direction: int) -> Iterator[Finding]:
    """Send a command that may not be refused: a refusal is a finding here."""
    begun, begun_s = len(stand.rig.closures), stand.now_s()
    try:
        stand.order(direction)
    except DoubtfulAnswerError:
        raise
    except DeviceError as error:
        yield stand.found(f"{what}: refused, {error}", Reading(1.0), NONE, 0.0, unit="refusals")
        return
    yield _soon(stand, what, begun_s, direction)
    yield from stand.once(what, begun, direction)


def status_and_counters(stand: Stand) -> Iterator[Finding]:
    """Compare what it says of switch and operations with the rig's switch and the closures of its contacts."""
    stand.prepare("voltage")
    before, begun = stand.control.read_status(), len(stand.rig.closures)
    for number in range(1, OPERATIONS + 1):
        stand.want(closed=number % 2 == 1)
        stand.rig.hold(stand.waiting_s, stand.figures.patience.coarse_s)
        where, told, made = f"after operation {number}", stand.control.read_status(), len(stand.rig.closures) - begun
        yield _told(stand, f"switch that it tells {where}", float(told.closed), float(stand.rig.position))
        yield _told(stand, f"operations in total that it tells {where}", told.operations - before.operations, made)
        today = told.operations_today - before.operations_today
        yield _told(stand, f"operations today that it tells {where}", today, made)
        if stand.rig.position == 0:
            stand.rest()
            _discharge(stand)
    yield stand.closures("operations that it was made to do", begun, OPERATIONS)
    if stand.rig.tells_position:
        stand.rest()
        stand.rig.place(0)
        stand.rig.hold(WAITING_S, stand.figures.patience.coarse_s)
        by_hand = float(stand.control.read_status().closed)
        yield _told(stand, "switch that it tells after it was opened by hand", by_hand, 0.0)


def _told(stand: Stand, what: str, said: float, wanted: float) -> Finding:
    return stand.told(what, float(said), Limits.around(float(wanted), 0.0), float(wanted), "as seen")


def _discharge(stand: Stand) -> None:
    """Wait until the bank may close again."""
    stand.rig.hold(stand.figures.discharge_s.value + WAITING_S, WAITING_S)
