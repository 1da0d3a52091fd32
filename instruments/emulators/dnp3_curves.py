"""Curves of an emulated inverter's DNP3 side: it shows one of several at a time, and modes follow those they are told.

They are kept here. One that a mode is told to follow goes through the adopt handshake of its SunSpec model, so that
whatever is wrong with the inverter or its interface is wrong here too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from instruments.emulators.contacts import CommandRefused
from instruments.emulators.point_bank import Binding, Value

CURVES, MOST_POINTS = 8, 10
WRITTEN_CURVE = 2
"""Set of a model that a curve goes through on its way into force."""
Get = Callable[[int, str], float]
Put = Callable[[int, str, float], None]


@dataclass
class HeldCurve:
    """One curve of the outstation: its form and its corners, per cent."""

    type: str = "undefined"
    points: int = 0
    x_unit: str = "undefined"
    y_unit: str = "undefined"
    x_pct: list[float] = field(default_factory=lambda: [0.0] * MOST_POINTS)
    y_pct: list[float] = field(default_factory=lambda: [0.0] * MOST_POINTS)


@dataclass
class Mode:
    """What follows a curve: model, axes and form of its curves, the number of the one in use, and what else it has.

    `header` are points of the set beside its corners; they are adopted with them.
    """

    model_id: int
    axes: tuple[str, str]
    form: tuple[str, str, str]
    in_use: int
    header: dict[str, float]
    of_vars: bool = True


class Curves:
    """The curves, and the modes that follow them: `editing` are the bindings of the one that is selected."""

    def __init__(self, get: Get, put: Put, forget: Callable[[], None], modes: dict[str, Mode]) -> None:
        """Take how the inverter's SunSpec points are read and written, and what has the next look find them anew."""
        self._get, self._put, self._forget, self._modes = get, put, forget, modes
        self._selected = 1
        self._held = [HeldCurve() for _ in range(CURVES)]
        for mode in modes.values():
            self._held[mode.in_use - 1] = self._in_force(mode)

    def index(self, name: str) -> Binding:
        """Return the number of the curve that a mode follows."""
        return Binding(lambda: float(self._modes[name].in_use), lambda value: self._use(self._modes[name], value))

    def header(self, name: str, point: str) -> Binding:
        """Return what a mode has beside its curve; it is adopted as it is written."""

        def put(value: Value) -> None:
            mode = self._modes[name]
            mode.header[point] = float(value)
            self._adopt(mode, self._held[mode.in_use - 1])

        return Binding(lambda: self._modes[name].header[point], put)

    def _use(self, mode: Mode, value: Value) -> None:
        """Have a mode follow a curve; refuses one of another form."""
        number = round(float(value))
        curve = self._held[number - 1] if 1 <= number <= CURVES else HeldCurve()
        if (curve.type, curve.x_unit, curve.y_unit) != mode.form:
            raise CommandRefused(f"curve {number} is no {mode.form[0].replace('_', '-')} curve")
        self._adopt(mode, curve)
        mode.in_use = number

    def _adopt(self, mode: Mode, curve: HeldCurve) -> None:
        prefix = f"Crv[{WRITTEN_CURVE}]."
        written: dict[str, float] = {"ActPt": curve.points, **mode.header}
        for n in range(curve.points):
            share = self._of_rating(curve.y_pct[n]) if mode.of_vars else 1.0
            written[f"Pt[{n + 1}].{mode.axes[0]}"] = curve.x_pct[n]
            written[f"Pt[{n + 1}].{mode.axes[1]}"] = curve.y_pct[n] * share
        for name, value in written.items():
            try:
                self._put(mode.model_id, prefix + name, value)
            except KeyError:
                raise CommandRefused(f"it has no curve of {curve.points} points") from None
        self._put(mode.model_id, "AdptCrvReq", WRITTEN_CURVE)
        for _ in range(2):  # the second look finds it done
            self._forget()
            result = self._get(mode.model_id, "AdptCrvRslt")
        if result != 1.0:
            raise CommandRefused("it does not adopt the curve")

    def _of_rating(self, share_pct: float) -> float:
        """Return what share of its rated VA the most vars on this side are."""
        most = self._get(702, "VarMaxInj" if share_pct > 0.0 else "VarMaxAbs")
        return most / self._get(702, "VAMaxRtg")

    def _in_force(self, mode: Mode) -> HeldCurve:
        """Return the curve that a mode comes up with, and take what it has beside it."""
        points = round(self._get(mode.model_id, "Crv[1].ActPt"))
        mode.header.update({name: self._get(mode.model_id, f"Crv[1].{name}") for name in mode.header})
        curve = HeldCurve(mode.form[0], points, mode.form[1], mode.form[2])
        for n in range(points):
            share_pct = self._get(mode.model_id, f"Crv[1].Pt[{n + 1}].{mode.axes[1]}")
            curve.x_pct[n] = self._get(mode.model_id, f"Crv[1].Pt[{n + 1}].{mode.axes[0]}")
            curve.y_pct[n] = share_pct / self._of_rating(share_pct) if mode.of_vars else share_pct
        return curve

    def editing(self) -> dict[str, Binding]:
        """Return the points of the curve that is selected."""
        corners = {
            f"curve_{axis}_{n + 1}": self._corner(f"{axis}_pct", n) for n in range(MOST_POINTS) for axis in ("x", "y")
        }
        return {
            "curve_selected": Binding(lambda: float(self._selected), self._select),
            "curve_in_use": Binding(self._is_in_use),
            "curve_type": self._formed("type"),
            "curve_points": self._formed("points"),
            "curve_x_unit": self._formed("x_unit"),
            "curve_y_unit": self._formed("y_unit"),
            **corners,
        }

    def _is_in_use(self) -> bool:
        return any(mode.in_use == self._selected for mode in self._modes.values())

    def _select(self, value: Value) -> None:
        number = round(float(value))
        if not 1 <= number <= CURVES:
            raise CommandRefused(f"there is no curve {number}")
        self._selected = number

    def _edited(self) -> HeldCurve:
        """Return the curve that may be edited; refuses the one that a mode follows."""
        if self._is_in_use():
            raise CommandRefused(f"curve {self._selected} is in use")
        return self._held[self._selected - 1]

    def _formed(self, name: str) -> Binding:
        def put(value: Value) -> None:
            setattr(self._edited(), name, round(value) if isinstance(value, float) else value)

        return Binding(lambda: self._seen(name), put)

    def _seen(self, name: str) -> Value:
        held: Value = getattr(self._held[self._selected - 1], name)
        return held

    def _corner(self, axis: str, n: int) -> Binding:
        def put(value: Value) -> None:
            getattr(self._edited(), axis)[n] = float(value)

        return Binding(lambda: float(getattr(self._held[self._selected - 1], axis)[n]), put)
