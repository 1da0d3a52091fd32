"""Curve models 705 (volt-var), 706 (volt-watt) and 712 (watt-var) with the adopt handshake of SunSpec.

Curve 1 shows what is in force and is read-only. A client writes another curve and then its number to AdptCrvReq; the
shape is judged at the request. The first read after it finds IN_PROGRESS, as on equipment that takes its time; the
next one finds COMPLETED, and the curve in force, or FAILED.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from instruments.emulators.der_model import DerModel
from instruments.emulators.sunspec_image import ModelImage
from instruments.sunspec.layout import Counts

IN_PROGRESS, COMPLETED, FAILED = 0, 1, 2
CURVES = 3
PCT = 100.0
ACTIVE = "Crv[1]."
CURVE_SCALES = {"V_SF": -2, "W_SF": -2, "DeptRef_SF": -2, "RspTms_SF": -1}


@dataclass(frozen=True)
class CurveKind:
    """One curve function: its points on the wire in percent, and in OpenDER in per unit."""

    model_id: int
    x: str
    y: str
    reference: int
    enable: str
    x_settings: tuple[str, ...]
    y_settings: tuple[str, ...]
    response: str | None = None

    @property
    def counts(self) -> Counts:
        """Numbers of points and curves that the emulated equipment has."""
        return ("NPt", len(self.x_settings)), ("NCrv", CURVES)


VOLT_VAR = CurveKind(
    model_id=705,
    x="V",
    y="Var",
    reference=3,
    enable="QV_MODE_ENABLE",
    x_settings=("QV_CURVE_V1", "QV_CURVE_V2", "QV_CURVE_V3", "QV_CURVE_V4"),
    y_settings=("QV_CURVE_Q1", "QV_CURVE_Q2", "QV_CURVE_Q3", "QV_CURVE_Q4"),
    response="QV_OLRT",
)
VOLT_WATT = CurveKind(
    model_id=706,
    x="V",
    y="W",
    reference=0,
    enable="PV_MODE_ENABLE",
    x_settings=("PV_CURVE_V1", "PV_CURVE_V2"),
    y_settings=("PV_CURVE_P1", "PV_CURVE_P2"),
    response="PV_OLRT",
)
WATT_VAR = CurveKind(
    model_id=712,
    x="W",
    y="Var",
    reference=3,
    enable="QP_MODE_ENABLE",
    x_settings=(
        *("QP_CURVE_P3_LOAD", "QP_CURVE_P2_LOAD", "QP_CURVE_P1_LOAD"),
        *("QP_CURVE_P1_GEN", "QP_CURVE_P2_GEN", "QP_CURVE_P3_GEN"),
    ),
    y_settings=(
        *("QP_CURVE_Q3_LOAD", "QP_CURVE_Q2_LOAD", "QP_CURVE_Q1_LOAD"),
        *("QP_CURVE_Q1_GEN", "QP_CURVE_Q2_GEN", "QP_CURVE_Q3_GEN"),
    ),
)


@dataclass(frozen=True)
class Curve:
    """Corner points in percent, and the open-loop response time where the function has one."""

    x_pct: tuple[float, ...]
    y_pct: tuple[float, ...]
    response_s: float


@dataclass(frozen=True)
class CurveDefect:
    """How a device follows its curve otherwise than it should: shares of slope and of response time.

    `adopts`: whether an adoption comes to an end.
    """

    slope: float = 1.0
    response: float = 1.0
    adopts: bool = True


SOUND = CurveDefect()


class CurveControl:
    """One curve model of an emulated device; `defect` tells what is wrong with the function at this moment."""

    def __init__(
        self,
        kind: CurveKind,
        model: ModelImage,
        der: DerModel,
        default: Curve,
        enabled: bool,
        defect: Callable[[], CurveDefect] = lambda: SOUND,
    ) -> None:
        self._defect, self._applied = defect, SOUND
        self._kind = kind
        self._model = model
        self._der = der
        self._requested: int | None = None
        self._seen_in_progress = False
        scales = {name: exponent for name, exponent in CURVE_SCALES.items() if name in model.layout.points}
        model.set({**scales, "Ena": int(enabled), "AdptCrvReq": 0, "AdptCrvRslt": COMPLETED})
        for index in range(1, CURVES + 1):
            self._show(index, default)
        model.locked = ACTIVE
        model.refresh, model.on_write = self._before_read, self._written
        self._apply()

    def disable(self) -> None:
        """Switch the function off, as equipment does when an exclusive function is switched on."""
        self._model.set({"Ena": 0})
        self._apply()

    def advance(self) -> None:
        """Finish an adoption that is under way, and let a defect begin or end."""
        if self._requested is not None:
            self._finish(self._requested)
        if self._defect() != self._applied:
            self._apply()

    def _show(self, index: int, curve: Curve) -> None:
        prefix, points = f"Crv[{index}].", len(curve.x_pct)
        header = {"ActPt": points, "DeptRef": self._kind.reference, "Pri": 1, "VRef": PCT, "RspTms": curve.response_s}
        header["ReadOnly"] = int(index == 1)
        self._model.set({prefix + n: v for n, v in header.items() if prefix + n in self._model.layout.points})
        for number, (x, y) in enumerate(zip(curve.x_pct, curve.y_pct, strict=True), start=1):
            self._model.set({f"{prefix}Pt[{number}].{self._kind.x}": x, f"{prefix}Pt[{number}].{self._kind.y}": y})

    def _written(self, names: frozenset[str]) -> None:
        if "AdptCrvReq" in names:
            self._requested = int(self._model.get("AdptCrvReq"))
            self._seen_in_progress = False
            self._model.set({"AdptCrvRslt": IN_PROGRESS})
        if "Ena" in names:
            self._apply()

    def _before_read(self) -> None:
        if self._requested is not None and self._seen_in_progress:
            self._finish(self._requested)
        self._seen_in_progress = True

    def _finish(self, index: int) -> None:
        if not self._defect().adopts:
            return
        self._requested = None
        good = 1 < index <= CURVES and self._sound(f"Crv[{index}].")
        if good:
            self._model.copy_group(f"Crv[{index}].", ACTIVE)
            self._apply()
        self._model.set({"AdptCrvRslt": COMPLETED if good else FAILED})

    def _sound(self, prefix: str) -> bool:
        """Judge a shape: all points used, the right reference, rising along x, never rising along y."""
        points = len(self._kind.x_settings)
        if self._model.get(prefix + "ActPt") != points or self._model.get(prefix + "DeptRef") != self._kind.reference:
            return False
        x, y = self._points(prefix, self._kind.x), self._points(prefix, self._kind.y)
        return list(x) == sorted(x) and list(y) == sorted(y, reverse=True) and max(map(abs, y)) <= PCT

    def _points(self, prefix: str, name: str) -> tuple[float, ...]:
        return tuple(self._model.get(f"{prefix}Pt[{i}].{name}") for i in range(1, len(self._kind.x_settings) + 1))

    def _apply(self) -> None:
        settings: dict[str, Any] = {self._kind.enable: self._model.get("Ena") == 1}
        defect = self._applied = self._defect()
        x, y = _bent(self._points(ACTIVE, self._kind.x), defect.slope), self._points(ACTIVE, self._kind.y)
        for names, values in ((self._kind.x_settings, x), (self._kind.y_settings, y)):
            settings |= {name: pct / PCT for name, pct in zip(names, values, strict=True)}
        if self._kind.response is not None:
            settings[self._kind.response] = self._model.get(ACTIVE + "RspTms") * defect.response
        if self._kind is VOLT_VAR:
            settings["QV_VREF"] = self._model.get(ACTIVE + "VRef") / PCT
        self._der.configure(**settings)


def _bent(x_pct: Sequence[float], slope: float) -> Sequence[float]:
    """Move the outer corners of a volt-var curve so that its slopes are so many times what they were."""
    if slope == 1.0:
        return x_pct
    v1, v2, v3, v4 = x_pct
    return v2 - (v2 - v1) / slope, v2, v3, v3 + (v4 - v3) / slope
