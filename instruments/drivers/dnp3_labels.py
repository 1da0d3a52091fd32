"""Settings of an inverter on DNP3 by the labels of the common file format, over the points of IEEE 1815.2."""

import math
import re
from collections.abc import Callable, Mapping

from instruments.der_labels import QUANTITIES, WATT_VAR_CORNERS, Setting, point_of
from instruments.drivers.dnp3_curves import (
    CORNERS,
    FORM,
    VOLT_VAR,
    VOLT_WATT,
    WATT_VAR,
    CurveForm,
    read_corners,
    write_curve,
)
from instruments.drivers.dnp3_point_device import Dnp3PointDevice, Dnp3Readings
from instruments.drivers.dnp3_volt_var import maxima_var, share_pct
from instruments.drivers.fence import require_within
from instruments.drivers.labelled_points import offered
from instruments.drivers.labelled_settings import curve_labels
from instruments.readings import Nameplate

PCT = 100.0
NAMES = {
    **{"rated_apparent_power": "rated_apparent", "rated_reactive_injected": "rated_injected"},
    **{"rated_reactive_absorbed": "rated_absorbed", "rated_charge_power": "rated_charge"},
    **{"rated_voltage": "reference_voltage", "service": "permission", "volt_var_enable": "volt_var_enabled"},
    **{"volt_var_response_time": "volt_var_rise", "qv_vref_auto_mode": "reference_follows"},
    **{"qv_vref_time": "reference_time", "np_normal_op_cat": "normal_category"},
    **{"np_abnormal_op_cat": "abnormal_category", "voltage_1": "voltage_a", "alarms": "alarm"},
    **dict.fromkeys(("supports_uv_trip", "supports_ov_trip"), "supports_voltage_ride_through"),
    **dict.fromkeys(("supports_uf_trip", "supports_of_trip"), "supports_frequency_ride_through"),
}
"""Points by the names that maps of Modbus registers have for them, where that of this profile's map is another."""
ATTRIBUTES = frozenset({"manufacturer", "model", "version", "serial"})
"""What an outstation tells by its device attributes, and not by points."""
CURVES: Mapping[str, CurveForm] = {"QV": VOLT_VAR, "PV": VOLT_WATT, "QP": WATT_VAR}
BOTH_WAYS = {"PF_OLRT": "pf_olrt_fall", "PV_OLRT": "pv_olrt_fall"}
"""Response times that the profile has for rising and falling; both are the same here."""
GRADIENTS = frozenset({"PF_KOF", "PF_KUF"})
"""Droops, which the profile has as gradients: per cent of power for each per cent of frequency."""


class Dnp3Labels:
    """Labels over the points of an outstation. Fits LabelledPoints."""

    def __init__(self, points: Dnp3PointDevice, nameplate: Callable[[], Nameplate]) -> None:
        """Take what tells the ratings, of which shares are."""
        self._points, self._nameplate = points, nameplate

    @property
    def name(self) -> str:
        """What errors call the device by."""
        return self._points.link.name

    def offers(self, name: str) -> bool:
        """Whether the map has a point, or what a corner of a curve takes."""
        if name in ATTRIBUTES:
            return self._points.point_map.attributes
        form = _form_of_point(name)
        if form is not None:
            return all(map(self._points.has, (form.index, "curve_selected", *FORM, *CORNERS)))
        return self._points.has(NAMES.get(name, name))

    def get(self, *labels: str) -> dict[str, Setting]:
        """Read those of some labels that the map has; a curve has no more corners than it is told to have."""
        asked = offered(self, *labels)
        curves = {function for label in asked if (function := _curve_of(label))}
        named = {label: _place(label) for label in asked if not _curve_of(label)}
        readings = self._points.read(*named.values())
        held = {label: self._value(label, name, readings) for label, name in named.items()}
        corners = {label: value for function in sorted(curves) for label, value in self._corners(function).items()}
        return held | {label: value for label, value in corners.items() if label in asked}

    def check(self, values: Mapping[str, Setting]) -> None:
        """Raise SafetyTrip for a number outside the limits of the map, or for more vars than it is configured to."""
        for label, value in values.items():
            if not isinstance(value, bool | str):
                require_within(self.name, label, (value,), (-math.inf, math.inf))
                if _curve_of(label):
                    self._points.check(_corner_point(label), self._percent(label, value))
                else:
                    self._points.check(_place(label), self._shown(label, value))

    def put(self, label: str, value: Setting) -> None:
        """Command one label and read it back."""
        if isinstance(value, bool | str):
            self._points.write(_place(label), value.lower() if isinstance(value, str) else value)
            return
        for name in filter(None, (_place(label), BOTH_WAYS.get(label, ""))):
            self._points.write(name, self._shown(label, value))

    def put_function(self, function: str, values: Mapping[str, Setting]) -> None:
        """Command one label after the other; corners of a curve go into one that is not in use, then it is followed."""
        corners = {label: float(value) for label, value in values.items() if _curve_of(label)}
        for label in (label for label in values if label not in corners):
            self.put(label, values[label])
        if corners:
            shares = [self._percent(label, value) for label, value in corners.items()]
            form = CURVES[function]
            self._points.write(form.index, write_curve(self._points, form, shares[::2], shares[1::2]))

    def step(self, label: str) -> float:
        """Return the step in which a point holds a number, in the unit of its label, where it has the same steps all
        along.
        """
        if label in GRADIENTS:
            return 0.0
        point = self._points.point_map.find(_corner_point(label) if _curve_of(label) else _place(label))
        return point.scale / PCT if QUANTITIES[label].startswith("share of") else point.scale

    def command(self, name: str) -> None:
        """Do nothing: the profile has no such points."""

    def _value(self, label: str, name: str, readings: Dnp3Readings) -> Setting:
        if label == "ES_PERMIT_SERVICE":
            return "ENTER" if readings.flag(name) else "CEASE"
        if QUANTITIES[label] == "switch":
            return readings.flag(name)
        if QUANTITIES[label] == "word":
            word = readings.label(name).upper()
            return f"CAT_{word}" if label.endswith("_CAT") else word
        return self._meant(label, readings.number(name)) if readings.is_offered(name) else math.nan

    def _meant(self, label: str, shown: float) -> float:
        """Turn what a point shows into the unit of its label."""
        if label in GRADIENTS:
            return 1.0 / shown if shown > 0.0 else math.nan
        if QUANTITIES[label] == "share of vars":
            return self._of_va(shown / PCT)
        if QUANTITIES[label].startswith("share of"):
            return shown / PCT
        return abs(shown) if label.startswith("NP_") else shown

    def _shown(self, label: str, value: float) -> float:
        """Turn the unit of a label into what its point shows."""
        if label in GRADIENTS:
            return 1.0 / value
        return self._percent(label, value) if QUANTITIES[label].startswith("share of") else value

    def _percent(self, label: str, share: float) -> float:
        """Return a share in per cent of its reference: vars of the most on their side."""
        if QUANTITIES[label] != "share of vars":
            return share * PCT
        wanted = share_pct(share * self._nameplate().va_max_va, *maxima_var(self._points))
        return max(-PCT, min(PCT, wanted)) if abs(wanted) <= PCT + 0.1 else wanted

    def _of_va(self, share: float) -> float:
        injected_var, absorbed_var = maxima_var(self._points)
        return share * (injected_var if share > 0.0 else absorbed_var) / self._nameplate().va_max_va

    def _corners(self, function: str) -> dict[str, Setting]:
        x_pct, y_pct = read_corners(self._points, CURVES[function])
        places = _places(function, len(x_pct))
        x = {x_label: self._meant(x_label, value) for (x_label, _), value in zip(places, x_pct, strict=True)}
        y = {y_label: self._meant(y_label, value) for (_, y_label), value in zip(places, y_pct, strict=True)}
        return {**x, **y}


def _place(label: str) -> str:
    return NAMES.get(point_of(label), point_of(label))


def _curve_of(label: str) -> str:
    """Return the function whose curve has a corner of this label, or nothing."""
    found = re.fullmatch(r"(QV|PV|QP)_CURVE_.*", label)
    return found[1] if found else ""


def _form_of_point(name: str) -> CurveForm | None:
    if re.fullmatch(r"volt_var_[vq]_[0-9]+", name):
        return VOLT_VAR
    found = re.fullmatch(r"(pv|qp)_curve_.*", name)
    return CURVES[found[1].upper()] if found else None


def _places(function: str, count: int) -> list[tuple[str, str]]:
    """Return the labels of the corners of a curve that has so many."""
    if function == "QP":
        names = WATT_VAR_CORNERS if count == len(WATT_VAR_CORNERS) else WATT_VAR_CORNERS[3:][:count]
        return curve_labels("QP", "PQ", names)
    return curve_labels(function, {"QV": "VQ", "PV": "VP"}[function], [str(n) for n in range(1, count + 1)])


def _corner_point(label: str) -> str:
    """Return a point that holds such a corner; all of an axis have the same limits and scale."""
    return "curve_x_1" if re.search(r"_CURVE_(V|P(?=\d_))", label) else "curve_y_1"
