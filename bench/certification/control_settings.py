"""Settings of a control under test: written by name, read back, and put back as they were found."""

from typing import Protocol

from bench.certification.not_passed import NotPassed
from instruments.errors import InstrumentError, SafetyTrip
from instruments.point_map import SettingPoint
from reports.verdict import Verdict

Setting = float | str | bool


class Control(Protocol):
    """What every control under test can be asked."""

    def find_setting(self, name: str) -> SettingPoint | None:
        """Return the point of a setting; None where the control has no such setting."""
        ...

    def read_setting(self, name: str) -> Setting:
        """Read a setting."""
        ...

    def write_setting(self, name: str, value: Setting) -> None:
        """Write a setting, and read it back."""
        ...


class ControlSettings:
    """What was written to a control, and what had been there before."""

    def __init__(self, device: str, control: Control) -> None:
        self._device, self._control = device, control
        self._as_found: dict[str, Setting] = {}

    def write(self, name: str, value: Setting) -> None:
        """Write a setting and read it back.

        Raises NotPassed, NOT_RUN, for one that the control has not, or that does not reach as far.
        """
        self._require_settable(name, value)
        self._as_found.setdefault(name, self._control.read_setting(name))
        self._control.write_setting(name, value)

    def put_back(self) -> None:
        """Set the control back as it was found; raises InstrumentError naming the settings that it does not take.

        Settings may have to fit together: what is refused is tried again when the others are back.
        """
        left = self._put_back() and self._put_back()
        if left:
            told = "; ".join(f"{name}: {why}" for name, why in left.items())
            raise InstrumentError(f"settings of {self._device} are not as they were found: {told}")

    def _put_back(self) -> dict[str, str]:
        left: dict[str, str] = {}
        for name, value in reversed(self._as_found.items()):
            try:
                self._control.write_setting(name, value)
            except (InstrumentError, SafetyTrip) as error:
                left[name] = str(error)
        self._as_found = {name: value for name, value in self._as_found.items() if name in left}
        return left

    def _require_settable(self, name: str, value: Setting) -> None:
        point = self._control.find_setting(name)
        if point is None:
            raise NotPassed(f"{self._device} has no setting {name} in its point map", Verdict.NOT_RUN)
        if isinstance(value, str) and value not in point.labels:
            raise NotPassed(f"{self._device} knows no {name} {value!r}", Verdict.NOT_RUN)
        if point.limits is not None and not point.limits[0] <= float(value) <= point.limits[1]:
            told = f"{name} of {self._device} goes from {point.limits[0]:g} to {point.limits[1]:g}"
            raise NotPassed(f"{told}: {value:g} cannot be set", Verdict.NOT_RUN)
