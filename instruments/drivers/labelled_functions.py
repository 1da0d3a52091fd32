"""The functions of IEEE 1547-2018 over points that are named by their labels, whatever carries them."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import suppress

from instruments.der_labels import (
    CONFIGURED,
    LOWEST_POWER,
    MORE,
    NEEDED,
    QUANTITIES,
    RATINGS,
    REVERSION,
    SUPPORTS,
    SWITCHES,
    TRIPS,
    WORDS,
    Setting,
    missing,
    point_of,
)
from instruments.drivers import labelled_settings as labelled
from instruments.drivers.fence import (
    DerEnvelope,
    check_curve,
    check_droop,
    check_power_factor,
    check_reversion,
    check_shares,
    check_trip,
    check_vars,
    require_within,
)
from instruments.drivers.labelled_as_set import read_as_set
from instruments.drivers.labelled_points import LabelledPoints, require, require_held, require_steps
from instruments.errors import InstrumentError, SafetyTrip, Unmapped
from instruments.readings import (
    Characteristic,
    EnterServiceSettings,
    FrequencyDroop,
    Identity,
    Nameplate,
    Trip,
    TripKind,
    VoltVarCurve,
)

PCT = 100.0
CHARACTERISTICS = ("QV", "PV", "QP", "PF")
VAR_COMMANDS = ("CONST_PF", "CONST_Q")


class LabelledFunctions(ABC):
    """What the role DerFunctions has beside the role Inverter, as far as a device's map has points for it.

    All methods raise TransportError; those that set something SafetyTrip, before anything is sent, for what fence or
    map do not allow, Unmapped, naming the points, for a function that the map lacks points of, and InstrumentError when
    the device refuses or holds another setting. What the map has not of a function that has to be off stays as it is.
    """

    def __init__(self, labels: LabelledPoints, envelope: DerEnvelope) -> None:
        """Take what the bench allows, beside the nameplate."""
        self.labels, self._envelope = labels, envelope

    @abstractmethod
    def identify(self) -> Identity:
        """Read who answers."""

    @abstractmethod
    def read_nameplate(self) -> Nameplate:
        """Read the ratings."""

    @abstractmethod
    def release(self) -> None:
        """End the active-power command, where there is one."""

    def unmapped(self, *names: str) -> list[str]:
        """Return the points that the map lacks for some labels, or of some names: the device was not asked for them."""
        return missing(names, self.labels.offers)

    def read_as_set(self) -> dict[str, float | str]:
        """Read ratings and settings, by the labels of the common file format; what refuses stands under COMMENT."""
        return read_as_set(self.labels, self.identify())

    def read_functions(self) -> frozenset[str]:
        """Read which functions it says it has; where the map has no point for that, those that the map has."""
        told = self.labels.get(*(SUPPORTS + name for name in NEEDED if name != "ES"))
        mapped = {name for name in NEEDED if name != "ES" and not missing(NEEDED[name], self.labels.offers)}
        return frozenset(name for name in NEEDED if told.get(SUPPORTS + name, name in mapped))

    def read_configuration(self) -> dict[str, float]:
        """Read what its ratings are configured to, in W, VA, var and V; without those that it cannot configure."""
        held = self.labels.get(*(label + CONFIGURED for label in RATINGS))
        told = {label.removesuffix(CONFIGURED): float(value) for label, value in held.items()}
        return {label: value for label, value in told.items() if not math.isnan(value)}

    def configure(self, label: str, value: float) -> None:
        """Configure a rating to less than it is, or back to it, and read it back."""
        if label not in RATINGS:
            raise SafetyTrip(f"{self._name}: {label} cannot be configured; known: {', '.join(RATINGS)}")
        configured = label + CONFIGURED
        require(self.labels, f"configuration of {label}", label, configured)
        rated = labelled.number(self.labels.get(label), label)
        require_within(self._name, label, (value,), (self.labels.step(configured), rated))
        self._put({configured: value})

    def reset_alarms(self) -> None:
        """Acknowledge alarms that are latched, where it can be told to."""
        self.labels.command("alarm_reset")

    def disable_functions(self) -> None:
        """Switch off every function of the map that follows a characteristic, and all commands of power."""
        self._switch_off((*CHARACTERISTICS, *VAR_COMMANDS, "AP_LIMIT"))
        with suppress(Unmapped):
            self.release()

    def read_volt_var(self) -> VoltVarCurve:
        """Read the volt-var curve that it holds; shares are of rated voltage and rated apparent power."""
        self._require("QV")
        return labelled.volt_var(self.labels.get(*_labels_of("QV")))

    def set_volt_var(self, curve: VoltVarCurve) -> None:
        """Write a curve, compare what is then held, and switch volt-var on."""
        self._require("QV")
        check_curve(self._name, curve, self.read_nameplate(), self._envelope)
        if len(curve.v_pu) != (count := len(labelled.volt_var(self.labels.get(*_labels_of("QV"))).v_pu)):
            raise Unmapped(f"{self._name} takes {count} volt-var corners, not {len(curve.v_pu)}; nothing was sent")
        wanted = labelled.of_volt_var(curve)
        for label, usual in (("QV_VREF", 1.0), ("QV_VREF_AUTO_MODE", False)):  # what a device without them does
            if wanted[label] == usual and not self._has(label):
                wanted.pop(label)
        if not self._has("QV_OLRT"):  # then it has a time of its own
            wanted.pop("QV_OLRT")
        self._follow("QV", wanted)

    def set_volt_watt(self, characteristic: Characteristic) -> None:
        """Write and switch on voltage over limit of active power."""
        self._follow("PV", labelled.of_volt_watt(characteristic))

    def set_watt_var(self, characteristic: Characteristic) -> None:
        """Write and switch on active over reactive power."""
        self._follow("QP", labelled.of_watt_var(characteristic))

    def read_frequency_droop(self) -> FrequencyDroop:
        """Read the frequency-droop that it has, and whether it follows it."""
        self._require("PF")
        return labelled.droop(self.labels.get(*_labels_of("PF")))

    def set_frequency_droop(self, droop: FrequencyDroop) -> None:
        """Write a frequency-droop, and switch it on, or off where it is not enabled."""
        check_droop(self._name, droop, self.read_nameplate())
        wanted = labelled.of_droop(droop)
        if droop.p_min_pu == 0.0 and not self._has(LOWEST_POWER):
            wanted.pop(LOWEST_POWER)
        self._follow("PF", wanted, enabled=droop.enabled)

    def disable_frequency_droop(self) -> None:
        """Switch off what answers frequency with power; it would hide a trip."""
        self._switch("PF", on=False)

    def enable_frequency_droop(self) -> None:
        """Switch on the frequency-droop that it has."""
        self._switch("PF", on=True)

    def set_power_factor(self, power_factor: float, injects: bool) -> None:
        """Command a constant power factor at which it `injects` or absorbs vars."""
        check_power_factor(self._name, self.read_nameplate(), self._envelope, power_factor, injects)
        self._command("CONST_PF", {"CONST_PF": power_factor, "CONST_PF_EXCITATION": "INJ" if injects else "ABS"})

    def set_reactive_power(self, share_pu: float) -> None:
        """Command constant reactive power, a share of rated VA, > 0 injected."""
        check_vars(self._name, self.read_nameplate(), self._envelope, share_pu)
        self._command("CONST_Q", {"CONST_Q": share_pu})

    def disable_reactive_commands(self) -> None:
        """Switch off constant power factor and constant reactive power, those of them that the map has."""
        self._switch_off(VAR_COMMANDS)

    def limit_power_pct(self, limit_pct: float, reversion_s: float) -> None:
        """Limit active power to a share of the rating; it ends after `reversion_s` where the map has a time for it."""
        if not 0.0 <= limit_pct <= PCT:
            raise SafetyTrip(f"{self._name}: a limit of {limit_pct:g} % lies outside 0 to 100 %")
        check_reversion(self._name, reversion_s, shortest_s=0.0)
        ends: dict[str, Setting] = {REVERSION: reversion_s} if self._has(REVERSION) else {}
        self._command("AP_LIMIT", {"AP_LIMIT": limit_pct / PCT} | ends)

    def read_enter_service(self) -> EnterServiceSettings:
        """Read when it may enter service, and how."""
        self._require("ES")
        return labelled.enter_service(self.labels.get(*_labels_of("ES")))

    def set_enter_service(self, settings: EnterServiceSettings) -> None:
        """Set the criteria, the delay and the ramp, or the drawn delay, of entering service."""
        self._require("ES")
        wanted = labelled.of_enter_service(settings)
        if not settings.random_s and not self._has("ES_RANDOMIZED_DELAY"):
            wanted.pop("ES_RANDOMIZED_DELAY")
        self._take("ES", wanted)

    def read_trip(self, kind: TripKind) -> Trip:
        """Read both stages of a trip that is in force; raises InstrumentError where one has no value."""
        self._require(_trip_of(kind))
        held = self.labels.get(*labelled.trip_places(kind))
        if without := [label for label in held if math.isnan(labelled.number(held, label))]:
            raise InstrumentError(f"{self._name} gives no {', '.join(without)}")
        return labelled.trip(kind, held)

    def set_trip(self, kind: TripKind, trip: Trip) -> None:
        """Set both stages of a trip, none of them nearer to nominal or slower than it may be on the way."""
        check_trip(self._name, kind, trip)
        self._take(_trip_of(kind), labelled.of_trip(kind, trip, self.read_trip(kind)))

    @property
    def _name(self) -> str:
        return self.labels.name

    def _has(self, label: str) -> bool:
        return self.labels.offers(point_of(label))

    def _require(self, function: str, wanted: Iterable[str] = ()) -> None:
        """Raise Unmapped for a function that the map lacks points of, for it at all or for what is to be set."""
        require(self.labels, WORDS[function], *dict.fromkeys((*NEEDED[function], *wanted)))

    def _follow(self, function: str, wanted: Mapping[str, Setting], enabled: bool = True) -> None:
        """Switch a function off, write what it follows, compare, and switch it on; what it then holds is compared too.

        A device may take over what was written only as it is switched on.
        """
        self._require(function, wanted)
        self._check(wanted)
        self._switch(function, on=False)
        self.labels.put_function(function, wanted)
        require_held(self.labels, wanted)
        if enabled:
            self._switch(function, on=True)
            require_held(self.labels, wanted)

    def _command(self, function: str, wanted: Mapping[str, Setting]) -> None:
        """Write a set-point and switch on what obeys it, in this order, so that an old one never acts."""
        self._require(function, wanted)
        self._put(wanted)
        self._switch(function, on=True)

    def _take(self, function: str, wanted: Mapping[str, Setting]) -> None:
        """Write settings of a function that is never off, and compare what is then in force."""
        self._require(function, wanted)
        self._check(wanted)
        self.labels.put_function(function, wanted)
        require_held(self.labels, wanted)

    def _check(self, wanted: Mapping[str, Setting]) -> None:
        """Raise SafetyTrip for what is no share of a rating, or outside the limits of the map."""
        for label, value in wanted.items():
            check_shares(self._name, label, QUANTITIES[label], float(value) if not isinstance(value, str) else 0.0)
        self.labels.check(wanted)
        require_steps(self.labels, wanted)

    def _put(self, wanted: Mapping[str, Setting]) -> None:
        self._check(wanted)
        for label, value in wanted.items():
            self.labels.put(label, value)
        require_held(self.labels, wanted)

    def _switch(self, function: str, on: bool) -> None:
        switch = SWITCHES[function]
        require(self.labels, WORDS[function], switch)
        self.labels.put(switch, on)
        require_held(self.labels, {switch: on})

    def _switch_off(self, functions: Iterable[str]) -> None:
        for function in functions:
            if self._has(SWITCHES[function]):
                self._switch(function, on=False)


def _labels_of(function: str) -> tuple[str, ...]:
    return (*NEEDED[function], *MORE.get(function, ()))


def _trip_of(kind: TripKind) -> str:
    return f"{TRIPS[kind]}_TRIP"
