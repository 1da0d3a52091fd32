"""Faults on demand: which kinds there are, and which of them an emulator has at a moment of its own time.

A new kind is one entry in `FAULT_KINDS` and one question (`active`) at the place in an emulator where it acts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from instruments.emulators.capacitor_faults import CAPACITOR_FAULTS
from instruments.emulators.dnp3_faults import DNP3_FAULTS
from instruments.emulators.interface_faults import INTERFACE_FAULTS, MODBUS_FAULTS, SHOWN_FAULTS, SUNSPEC_FAULTS
from instruments.emulators.storage_faults import STORAGE_FAULTS
from instruments.errors import ConfigError


@dataclass(frozen=True)
class FaultKind:
    """One way for equipment to be defective.

    `default` is the value that a fault without one takes; a kind that knows no value has None there. `drivers`:
    those by which equipment has to be spoken to so that it can show it; empty for any.
    """

    name: str
    roles: frozenset[str]
    description: str
    default: float | None = None
    drivers: frozenset[str] = frozenset()

    @property
    def takes_value(self) -> bool:
        """Whether `kind=value` means anything."""
        return self.default is not None


_INVERTER = frozenset({"inverter"})
_BATTERY = frozenset({"battery"})
_DER = _INVERTER | _BATTERY
_METER = frozenset({"meter"})
_LTC = frozenset({"load_tap_changer"})
_CAPACITOR = frozenset({"capacitor_bank"})
_DC_SOURCE = frozenset({"pv_simulator", "battery_simulator"})
_SOURCE = frozenset({"grid_simulator", "sensing_source"})
_INSTRUMENT = _SOURCE | {"power_analyzer"}
_PREMISE = frozenset({"premise"})
_ON_DNP3 = _INVERTER | _LTC | _CAPACITOR
_SUNSPEC, _DNP3 = frozenset({"sunspec"}), frozenset({"ieee1815_2", "dnp3_point_map"})

FAULT_KINDS: tuple[FaultKind, ...] = (
    FaultKind("ignores-set-point", _DER, "takes an active-power command, reads it back, and stays where it was"),
    FaultKind("wrong-sign", _DER, "follows an active-power command in the opposite direction"),
    FaultKind("scaled", _DER, "delivers the commanded active power times the value", default=0.9),
    FaultKind(
        "reports-the-set-point-as-its-measurement",
        _DER,
        "delivers only the value's share of the commanded power, and reports the command as its measured power",
        default=0.5,
    ),
    FaultKind("late", _DER, "acts on an active-power command the value's number of seconds after it", default=120.0),
    FaultKind(
        "ramps-too-slowly", _DER, "moves to its command by the value's share of its rating a second", default=0.002
    ),
    FaultKind(
        "acknowledges-and-does-not-act",
        _DER,
        "answers the write of an active-power command with success, and keeps the registers that it had",
    ),
    FaultKind("trips", _DER, "ceases to energize by itself, and stays off until the fault ends"),
    FaultKind(
        "not-implemented-values", _DER, "says of every measured value, in its register, that it does not have it"
    ),
    FaultKind("not-a-number", _DER, "leaves its measured values without scale factors, so that they mean no number"),
    FaultKind(
        "wrong-scale-factor",
        _DER,
        "tells scale factors of its measured power that are off by the value, in powers of ten",
        default=1.0,
    ),
    FaultKind("claims-charge", _BATTERY, "is empty and gives no power, and goes on telling the charge that it had"),
    *(FaultKind(name, _BATTERY, told, default) for name, told, default in STORAGE_FAULTS),
    FaultKind("absorbs-no-vars", _DER, "gives no vars where a command asks it to absorb some"),
    FaultKind(
        "wrong-volt-var-slope", _INVERTER, "follows its volt-var curve with the value's share of its slope", default=0.5
    ),
    FaultKind(
        "wrong-response-time",
        _INVERTER,
        "takes the value times the open-loop response time that its volt-var curve asks for",
        default=3.0,
    ),
    FaultKind("late-trip", _INVERTER, "trips after the value times the clearing time that it says", default=1.25),
    FaultKind("early-trip", _INVERTER, "trips after the value's share of the clearing time that it says", default=0.75),
    FaultKind(
        "trip-level-off",
        _INVERTER,
        "takes trip levels that it is told farther from nominal by the value, in per unit of voltage and in Hz",
        default=0.03,
    ),
    FaultKind("does-not-trip", _INVERTER, "stays on whatever its trip settings say"),
    FaultKind(
        "wrong-dead-band",
        _INVERTER,
        "has the value's share of the width of its volt-var curve's dead band",
        default=0.0,
    ),
    FaultKind("volt-var-reversed", _INVERTER, "injects where its volt-var curve asks it to absorb, and the reverse"),
    FaultKind(
        "wrong-volt-watt-slope",
        _INVERTER,
        "follows its volt-watt curve with the value's share of its slope",
        default=0.5,
    ),
    FaultKind(
        "wrong-volt-watt-response-time",
        _INVERTER,
        "takes the value times the open-loop response time that its volt-watt curve asks for",
        default=4.0,
    ),
    FaultKind("wrong-watt-var-slope", _INVERTER, "gives the value's share of its watt-var curve's vars", default=0.5),
    FaultKind("watt-var-reversed", _INVERTER, "injects where its watt-var curve asks it to absorb"),
    FaultKind(
        "curves-shifted",
        _INVERTER,
        "follows its volt-var and volt-watt curves as if they were the value higher in voltage, per unit",
        default=0.03,
    ),
    FaultKind(
        "misreports-voltage",
        _INVERTER | _LTC | _CAPACITOR,
        "reports its voltages off by the value, a fraction",
        default=0.02,
    ),
    FaultKind("misreports-power", _INVERTER, "reports its active power off by the value, a fraction", default=0.1),
    FaultKind(
        "misreports-vars",
        _INVERTER,
        "reports vars off by the value's share of its active power, as with a current sensor that shifts the phase",
        default=0.1,
    ),
    FaultKind("misreports-frequency", _INVERTER, "reports a frequency off by the value, Hz", default=0.05),
    FaultKind(
        "curve-adopt-never-completes",
        _INVERTER,
        "stays at work on a curve that it was told to adopt, and keeps its old",
    ),
    FaultKind(
        "looks-at-one-phase", _INVERTER, "answers to the voltage of its first phase, where that of all phases counts"
    ),
    FaultKind("vref-shifts-curve", _INVERTER, "moves its volt-var curve by what the reference voltage differs from 1"),
    FaultKind("vref-frozen", _INVERTER, "takes an autonomous reference voltage, and keeps the reference that it has"),
    FaultKind(
        "vref-too-slow",
        _INVERTER,
        "takes the value times the time constant that its autonomous reference voltage was given",
        default=10.0,
    ),
    FaultKind("var-wrong-sign", _INVERTER, "absorbs the vars that it is told to inject, and the other way round"),
    FaultKind(
        "wrong-power-factor", _INVERTER, "keeps the value as its power factor, whatever it was told", default=1.0
    ),
    FaultKind("wrong-var-base", _INVERTER, "takes a share of rated VA for one of its rated vars"),
    FaultKind(
        "slow-vars",
        _INVERTER,
        "takes the value times its response time to come to a commanded power factor or commanded vars",
        default=6.0,
    ),
    FaultKind(
        "no-vars-at-low-power",
        _INVERTER,
        "gives no commanded vars while it delivers less than the value's share of its rated active power",
        default=0.1,
    ),
    FaultKind(
        "vars-stay-on",
        _INVERTER,
        "acknowledges that a commanded power factor or commanded vars are switched off, and goes on giving them",
    ),
    FaultKind(
        "excitation-turns-round",
        _INVERTER,
        "absorbs vars at a power factor that injects them, and the other way round, while it absorbs active power",
    ),
    FaultKind("no-vars-while-absorbing", _INVERTER, "gives no commanded vars while it absorbs active power"),
    FaultKind(
        "no-ride-through",
        _INVERTER,
        "trips when voltage has been outside of continuous operation for the value's number of seconds",
        default=0.1,
    ),
    FaultKind(
        "slow-restore",
        _INVERTER,
        "stays off for the value's number of seconds after momentary cessation",
        default=1.0,
    ),
    FaultKind(
        "phase-jump-trips", _INVERTER, "trips when the angle of a voltage jumps by the value's degrees", default=10.0
    ),
    FaultKind("rocof-trips", _INVERTER, "trips when frequency changes by the value's Hz a second", default=0.4),
    FaultKind(
        "isolation-undone",
        _INVERTER,
        "lets the customer's own system put it back into service while the utility has isolated it",
    ),
    FaultKind(
        "wrong-ramp-rate",
        _INVERTER,
        "takes the value's share of the time for its ramp of entering service",
        default=0.5,
    ),
    FaultKind("early-entry", _INVERTER, "enters service after the value's share of its delay", default=0.5),
    FaultKind("ignores-entry-voltage", _INVERTER, "enters service whatever the voltage is"),
    FaultKind("ignores-entry-frequency", _INVERTER, "enters service whatever the frequency is"),
    FaultKind(
        "overlooks-interruptions",
        _INVERTER,
        "counts on its delay of entering service when the grid leaves the criteria for less than the value's seconds",
        default=1.0,
    ),
    FaultKind("ignores-permit", _INVERTER, "is in service whether or not it is permitted"),
    FaultKind(
        "late-cease",
        _INVERTER,
        "ceases to energize the value's number of seconds after its permit was withdrawn",
        default=3.0,
    ),
    FaultKind(
        "keeps-delivering",
        _INVERTER,
        "goes on with the value's share of its rated power when its permit is withdrawn",
        default=0.05,
    ),
    FaultKind(
        "droop-wrong-slope", _INVERTER, "moves its power with frequency by the value's share of its droop", default=0.5
    ),
    FaultKind(
        "droop-from-the-wrong-base",
        _INVERTER,
        "lets its droop begin at rated power, and not at the power that it delivered before",
    ),
    FaultKind("wrong-priority", _INVERTER, "holds its droop under the active-power limit when frequency asks for more"),
    FaultKind(
        "droop-before-volt-watt", _INVERTER, "leaves volt-watt out while low frequency asks it for more active power"
    ),
    FaultKind(
        "ignores-power-limit", _INVERTER, "takes a limit of active power, reads it back, and delivers all it has"
    ),
    FaultKind("alert-never-sent", _METER, "never sets its voltage event flags"),
    FaultKind("alert-for-a-healthy-voltage", _METER, "sets its under-voltage flag whatever the voltage is"),
    FaultKind("biased", _METER, "measures power, and counts energy, off by the value, a fraction", default=0.02),
    FaultKind("frozen", _METER, "answers for ever what it measured when the fault began, its event flags included"),
    FaultKind("clock-ahead", _METER, "has a clock that is the value's number of seconds ahead", default=600.0),
    FaultKind("alert-in-order", _METER, "marks its alerts as ordinary traffic, which waits its turn on the link"),
    FaultKind("wrong-meters-data", _METER, "answers with what another meter measures"),
    FaultKind("does-not-answer", _METER, "answers no request; its gateway says so in its place"),
    FaultKind("does-not-shed", _PREMISE, "the appliances take the home controller's order and stay on"),
    FaultKind("ignores-override", _PREMISE, "the appliances go off although their customer has overridden the call"),
    FaultKind("stuck", _LTC, "the mechanism takes the control's pulse and does not move"),
    FaultKind("two-steps", _LTC, "the mechanism moves two taps for one pulse"),
    FaultKind("wrong-direction", _LTC, "the control closes its lower contact to raise, and its raise contact to lower"),
    FaultKind("reports-a-move-it-did-not-make", _LTC, "the control gives no pulse, and reports the next position"),
    FaultKind("ignores-block", _LTC, "the control goes on regulating while it is blocked, and reports the block"),
    FaultKind("hunts", _LTC, "the control regulates as if its band had no width, and so moves up and down for ever"),
    FaultKind("wrong-bandwidth", _LTC, "the control has the value times the width of its band", default=1.5),
    FaultKind("centre-off", _LTC, "the control regulates to a centre that is off by the value, V", default=0.8),
    FaultKind("wrong-tap-delay", _LTC, "the control operates after the value times its delay", default=1.5),
    FaultKind("keeps-its-delay", _LTC, "the control's delay goes on where it was when voltage was back in its band"),
    FaultKind("inverse-as-definite", _LTC, "the control takes its whole delay however far voltage is from its band"),
    FaultKind("wrong-inter-tap-delay", _LTC, "the control waits the value times its inter-tap delay", default=2.0),
    FaultKind("compensates-backwards", _LTC, "the control adds the line's drop where it has to take it off"),
    FaultKind("exchanges-r-and-x", _LTC, "the control's line-drop compensation takes R for X, and X for R"),
    FaultKind("ignores-tap-limits", _LTC, "the control goes on beyond its limits of the tap position"),
    FaultKind("ignores-voltage-limits", _LTC, "the control raises and lowers beyond the first customer's limits"),
    FaultKind("no-runback", _LTC, "the control does not lower at once where the first customer's voltage is too high"),
    FaultKind("ignores-manual", _LTC, "the control goes on regulating in SCADA-manual"),
    FaultKind("ignores-local", _LTC, "the control obeys SCADA while the switch on its panel says local"),
    FaultKind("wrong-reduction", _LTC, "the control reduces voltage by the value's share of its steps", default=0.0),
    FaultKind("delays-reduction", _LTC, "the control waits for its delay before it reduces voltage"),
    FaultKind("ignores-reverse-power", _LTC, "the control takes power that flows towards its source for forward"),
    FaultKind("counter-stuck", _LTC, "the control does not count its operations"),
    FaultKind("regulates-without-potential", _LTC, "the control takes a lost potential for a low voltage"),
    FaultKind(
        "forgets-a-setting", _LTC, "the control goes back to no threshold of reverse power when it is set anything else"
    ),
    FaultKind("does-not-close", _CAPACITOR, "the switch takes the control's close pulse and stays open"),
    FaultKind("bounces", _CAPACITOR, "the switch opens and closes again the value's number of times", default=3.0),
    FaultKind("closes-inside-the-discharge-time", _CAPACITOR, "the control closes again before the bank is discharged"),
    FaultKind("ignores-the-var-block", _CAPACITOR, "the control goes on switching by its own logic while blocked"),
    FaultKind(
        "reports-closed-when-open", _CAPACITOR, "the control reports a closed switch whatever its status contact says"
    ),
    FaultKind("wrong-range", _INSTRUMENT, "sources or measures the value's share, as in a range that is not set", 0.5),
    FaultKind("drifted", _INSTRUMENT | _DC_SOURCE, "sources or measures off by the value, a fraction", default=0.01),
    FaultKind(
        "swapped-phases",
        frozenset({"grid_simulator", "power_analyzer"}),
        "has the first two phases exchanged: voltages of the source, current leads of the analyzer",
    ),
    FaultKind(
        "reversed-current",
        frozenset({"sensing_source", "power_analyzer"}),
        "has a current turned round: the source's, or the analyzer's in its first phase",
    ),
    FaultKind("error-in-its-queue", _INSTRUMENT | {"digital_io"} | _DC_SOURCE, "keeps putting an error into its queue"),
    FaultKind(
        "does-not-switch-off",
        _SOURCE | {"digital_io"} | _DC_SOURCE,
        "says off and stays on; a contact once closed stays so",
    ),
    *(FaultKind(name, _INVERTER, told, default) for name, told, default in INTERFACE_FAULTS),
    *(FaultKind(name, _INVERTER, told, default, _SUNSPEC) for name, told, default in SUNSPEC_FAULTS),
    *(FaultKind(name, _INVERTER, told, default, _SUNSPEC | {"ieee1815_2"}) for name, told, default in SHOWN_FAULTS),
    *(FaultKind(name, _INVERTER, told, default, _SUNSPEC | {"point_map"}) for name, told, default in MODBUS_FAULTS),
    *(FaultKind(name, _CAPACITOR, told, default) for name, told, default in CAPACITOR_FAULTS),
    *(FaultKind(name, _ON_DNP3, told, default, _DNP3) for name, told, default in DNP3_FAULTS),
)


@dataclass(frozen=True)
class Fault:
    """A defect in force from `start_s` to `end_s` of the emulator's time; without an end it stays."""

    kind: str
    value: float
    start_s: float
    end_s: float | None

    def active(self, time_s: float) -> bool:
        """Whether the defect is in force at a time."""
        return self.start_s <= time_s and (self.end_s is None or time_s < self.end_s)


def kinds_for(role: str, kinds: Iterable[FaultKind] = FAULT_KINDS) -> tuple[FaultKind, ...]:
    """All kinds of fault that equipment of a role can have."""
    return tuple(kind for kind in kinds if role in kind.roles)


def find_kind(role: str, name: str, kinds: Iterable[FaultKind] = FAULT_KINDS) -> FaultKind:
    """Look up a kind of fault; raises ConfigError naming the known ones and the nearest."""
    known = {kind.name: kind for kind in kinds_for(role, kinds)}
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ConfigError(f"no fault {name!r} for the role {role!r}; known: {', '.join(sorted(known)) or 'none'}{hint}")


class FaultSet:
    """The faults of one emulator, or of something else that has `kinds` of its own."""

    def __init__(self, role: str, kinds: Iterable[FaultKind] = FAULT_KINDS) -> None:
        self.role = role
        self._kinds = kinds
        self._faults: list[Fault] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever injected."""
        return not self._faults

    def inject(self, kind: str, value: float | None = None, start_s: float = 0.0, end_s: float | None = None) -> None:
        """Add a fault; raises ConfigError for an unknown kind, a value it does not take, or an end before its start."""
        found = find_kind(self.role, kind, self._kinds)
        if value is not None and not found.takes_value:
            raise ConfigError(f"the fault {kind!r} takes no value")
        if end_s is not None and end_s <= start_s:
            raise ConfigError(f"the fault {kind!r} ends at {end_s} s, not after its start at {start_s} s")
        chosen = value if value is not None else found.default
        self._faults.append(Fault(kind, 0.0 if chosen is None else chosen, start_s, end_s))

    def active(self, kind: str, time_s: float) -> Fault | None:
        """Return the fault of a kind that is in force at a time, the last injected first, or None."""
        for fault in reversed(self._faults):
            if fault.kind == kind and fault.active(time_s):
                return fault
        return None
