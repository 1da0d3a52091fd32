"""What a point map has to have for each role: points by the field's names, units they may be in, and what they serve.

A driver reads the points of its role and no others; `functions_of` tells what a map offers, for the drivers, for
`bench point-map check` and for the scaffold alike.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

from instruments import der_labels
from instruments.der_labels import CORNERS
from instruments.errors import ConfigError
from instruments.point_map import Point, PointMap
from instruments.point_units import SECONDS, SHARE, VA, VARS, VOLTS, WATT_HOURS, WATTS

UNITS: Mapping[str, Mapping[str, float]] = {
    **{name: der_labels.UNITS_OF.get(of, {"": 1.0}) for name, of in der_labels.POINTS.items()},
    **dict.fromkeys(("power", "rated_power", "rated_charge_power"), WATTS),
    **dict.fromkeys(("reactive_power", "rated_reactive_injected", "rated_reactive_absorbed"), VARS),
    **dict.fromkeys(("apparent_power", "rated_apparent_power"), VA),
    **dict.fromkeys(("voltage", "line_voltage", "rated_voltage"), VOLTS),
    **dict.fromkeys(("energy", "capacity", "import_energy", "export_energy"), WATT_HOURS),
    **dict.fromkeys(("reversion_time", "reversion_remaining", "watchdog_timeout", "volt_var_response_time"), SECONDS),
    "current": {"A": 1.0, "kA": 1e3},
    "frequency": {"Hz": 1.0},
    "state_of_charge": SHARE,
    "power_set_point": WATTS | SHARE,
    "volt_var_v": VOLTS | SHARE,
    "volt_var_q": VARS | SHARE,
}
"""Units that a point may be in, with what one of them is in W, var, VA, V, Wh, s, A, Hz, or as a share of a rating."""
DIRECTED = frozenset({"power", "reactive_power", "power_set_point", "volt_var_q"}) | der_labels.DIRECTED
"""What flows one way or the other: `positive` in the map says which of them counts as positive."""
CONTROL_POINTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "load_tap_changer": {
        **{"control_mode": ("automatic", "scada_manual"), "blocked": (), "panel_switch": ("remote", "local")},
        **{"tap_position": (), "voltage": (), "operations_total": (), "tap_command": ("raise", "lower")},
    },
    "capacitor_bank": {
        **{"control_mode": ("automatic", "scada_manual"), "var_block": (), "panel_switch": ("remote", "local")},
        **{"switch_status": ("open", "closed"), "voltage": (), "operations_total": (), "operations_today": ()},
        **{"discharge_left": (), "switch_command": ("open", "close")},
    },
}
"""Points that the drivers of controls need, with the labels of enumerations."""
READ_BACK = frozenset({"service", "control_mode", "power_set_point", "volt_var_enable"})
"""Commands that nobody is believed to have taken before they were read back."""
ALIKE = 0.85
"""From what share of alike letters on a name is taken for a misspelled one: makers' own names are no mistakes."""
STATES_IN_SERVICE = frozenset({"running", "throttled"})
STATES_CONNECTED = STATES_IN_SERVICE | {"starting"}


@dataclass(frozen=True)
class Function:
    """Something that a role is asked for: the points that it takes, with the labels that an enumeration has to have.

    Of `one_of` it takes one. A map without what is `needed` does not fit the role; without any other function it does,
    and the driver refuses that one.
    """

    name: str
    points: Mapping[str, tuple[str, ...]]
    one_of: tuple[str, ...] = ()
    needed: bool = False
    more: tuple[str, ...] = field(default=())
    """Points that it uses where they are there."""

    def lacks(self, point_map: PointMap) -> list[str]:
        """Return what a map has not for it, in words."""
        missing = [name for name in self.points if not has(point_map, name)]
        for name in self.points.keys() - missing:
            point = point_map.points.get(name)
            missing += [f"{name} with the label {label}" for label in self.points[name] if not _has_label(point, label)]
            if name in READ_BACK and point is not None and point.access == "w" and point.read_back is None:
                missing.append(f"{name} with access rw or `read_back`, for what is not read back is not proven")
        if self.one_of and not any(has(point_map, name) for name in self.one_of):
            missing.append(" or ".join(self.one_of))
        return sorted(missing)


_MEASURED = (
    "reactive_power",
    "apparent_power",
    "frequency",
    "current",
    "voltage_1",
    "voltage_2",
    "voltage_3",
    "alarms",
)
_RATED = (
    *("rated_apparent_power", "rated_charge_power", "rated_reactive_injected", "rated_reactive_absorbed"),
    "rated_voltage",
)
_IDENTITY = Function("identify", {"manufacturer": (), "serial": ()}, more=("model", "version"))
_COMMAND = Function(
    "set_power_w",
    {"power_set_point": (), "control_mode": ("commanded", "autonomous"), "rated_power": ()},
    one_of=("reversion_time", "watchdog_timeout"),
    more=("reversion_remaining", "heartbeat"),
)
_RATINGS = Function("read_nameplate", {"rated_power": ()}, needed=True, more=_RATED)
ROLE_FUNCTIONS: Mapping[str, tuple[Function, ...]] = MappingProxyType(
    {
        "inverter": (
            _IDENTITY,
            _RATINGS,
            Function("read_ac", {"power": (), "operating_state": ("running",)}, needed=True, more=_MEASURED),
            Function("cease_to_energize, enter_service", {"service": ("enter", "cease")}, needed=True),
            _COMMAND,
            Function(
                "set_volt_var",
                dict.fromkeys(
                    (
                        "volt_var_enable",
                        "volt_var_v_1",
                        "volt_var_v_2",
                        "volt_var_q_1",
                        "volt_var_q_2",
                        "rated_voltage",
                    ),
                    (),
                ),
                more=("volt_var_response_time",),
            ),
            Function("read_modes", {"panel_switch": ("remote",)}),
        ),
        "battery": (
            _IDENTITY,
            _RATINGS,
            Function("read_ac", {"power": ()}, needed=True, more=_MEASURED),
            Function("read_storage", {"state_of_charge": (), "capacity": ()}, needed=True, more=("energy",)),
            Function(_COMMAND.name, _COMMAND.points, _COMMAND.one_of, needed=True, more=_COMMAND.more),
        ),
        "meter": (
            _IDENTITY,
            Function(
                "read_meter",
                {"power": (), "voltage_1": (), "import_energy": (), "export_energy": ()},
                needed=True,
                more=("voltage_2", "voltage_3", "line_voltage", "frequency", "reactive_power"),
            ),
            Function("read_events", {"under_voltage": (), "over_voltage": ()}),
        ),
        "load_tap_changer": (
            _IDENTITY,
            Function("read_status, raise_tap, lower_tap", CONTROL_POINTS["load_tap_changer"], needed=True),
            Function("read_sensed", {"current": (), "current_angle": ()}),
        ),
        "capacitor_bank": (
            _IDENTITY,
            Function("read_status, close_bank, open_bank", CONTROL_POINTS["capacitor_bank"], needed=True),
            Function("read_sensed", {"current": (), "feeder_reactive_power": ()}),
        ),
    }
)


def family(name: str) -> str:
    """Return what a numbered point is one of: voltage of voltage_2."""
    return re.sub(r"_[0-9]+$", "", name)


def has(point_map: PointMap, name: str) -> bool:
    """Tell whether a map has a point, or a constant in its place."""
    return name in point_map.points or name in point_map.constants


def corners(point_map: PointMap) -> int:
    """Return how many corners of a volt-var curve a map has."""
    numbers = range(1, CORNERS + 1)
    return next(
        (n - 1 for n in numbers if not {f"volt_var_v_{n}", f"volt_var_q_{n}"} <= point_map.points.keys()), CORNERS
    )


def functions_of(role: str) -> tuple[Function, ...]:
    """Return what a role is asked for; raises ConfigError for a role that has no map of this kind."""
    if role not in ROLE_FUNCTIONS:
        raise ConfigError(f"no point map of the role {role!r}; known: {', '.join(ROLE_FUNCTIONS)}")
    return ROLE_FUNCTIONS[role]


def lacking(point_map: PointMap, role: str) -> dict[str, list[str]]:
    """Return the functions of a role that a map does not offer, each with what it lacks."""
    told = {function.name: function.lacks(point_map) for function in functions_of(role)}
    return {name: missing for name, missing in told.items() if missing}


def require_role(point_map: PointMap, role: str) -> None:
    """Raise ConfigError with all that keeps a map from a role: points it lacks, and units that nobody knows."""
    lack = [(f.name, f.lacks(point_map)) for f in functions_of(role) if f.needed]
    faults = [f"{name} needs {', '.join(missing)}" for name, missing in lack if missing]
    faults += _wrong_units(point_map, role) if role not in CONTROL_POINTS else ()
    if faults:
        faults += misspelled(point_map, role)
        raise ConfigError(f"point map {point_map.point_map} does not fit the role {role}: {'; '.join(faults)}")


def points_of(role: str) -> list[str]:
    """Return all points that a role may use, those that it needs first, and then those that only type tests use."""
    functions = sorted(functions_of(role), key=lambda function: not function.needed)
    named = [name for f in functions for name in (*f.points, *f.one_of, *f.more)]
    set_by_tests = (*der_labels.POINTS, *der_labels.COMMANDS) if role == "inverter" else ()
    return list(dict.fromkeys([*named, *set_by_tests]))


def misspelled(point_map: PointMap, role: str) -> Iterator[str]:
    """Find points of names that the role does not know, where it knows a similar one that the map has not, in words."""
    known = points_of(role) + _curve_points(role)
    absent = [name for name in known if not has(point_map, name)]
    for name in sorted(point_map.points.keys() - set(known)):
        others = [other for other in absent if family(other) != family(name)]
        if near := get_close_matches(name, others, n=1, cutoff=ALIKE):
            yield f"points.{name} is none that the role {role} knows (did you mean {near[0]!r}?)"


def _curve_points(role: str) -> list[str]:
    """Return the points of all corners of a volt-var curve, for a role that has one."""
    if "volt_var_v_1" not in points_of(role):
        return []
    return [f"volt_var_{axis}_{n}" for axis in "vq" for n in range(1, CORNERS + 1)]


def _wrong_units(point_map: PointMap, role: str) -> Iterator[str]:
    """Find points whose numbers would be taken for something else."""
    for name in point_map.points:
        known = UNITS.get(family(name))
        used = name in points_of(role) or family(name) in {"volt_var_v", "volt_var_q"}
        unit = point_map.points[name].unit
        if used and known is not None and unit not in known:
            told = f"is in {unit}" if unit else "has no unit"
            yield f"points.{name} {told}; it may be in {', '.join(known)}"


def _has_label(point: Point | None, label: str) -> bool:
    return point is not None and label in point.labels
