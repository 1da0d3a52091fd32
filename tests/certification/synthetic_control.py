"""A tap-changer control that is a formula, exact or wrong by a known amount, with its source and contacts in one."""

import math
from dataclasses import dataclass, field
from typing import Any

from bench.certification.control_looks import SourceClass
from bench.certification.control_rig import ControlRig
from bench.clock import Clock
from bench.plant.apparatus import TapMechanism
from bench.plant.contacts import ContactScan, WiredContacts, decode_position
from instruments.point_map import Point
from instruments.readings import InputContacts, SecondaryReading

PULSE_S = 1.0
STATUS = (1, 2, 3, 4, 5, 6)
LOWEST = -16
LABELS = {"characteristic": {"definite": 0, "inverse": 1}, "reverse_mode": {"cogeneration": 0}}


@dataclass
class SyntheticControl:
    """Definite delay, band, line-drop compensation; what it is wrong by is given by name."""

    lower_off_v: float = 0.0
    upper_off_v: float = 0.0
    late_s: float = 0.0
    gap_off_s: float = 0.0
    order_s: float = 0.0
    """What passes between an order and the closure, s."""
    drop_scale: float = 1.0
    source_gain: float = 1.0
    settings: dict[str, Any] = field(default_factory=dict)
    automatic: bool = True
    blocked: bool = False
    time_s: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0, 0])

    def __post_init__(self) -> None:
        self._sensed = (0.0, 0.0, 0.0)
        self._outputs = dict.fromkeys(STATUS, False)
        self._wanted, self._due_s, self._closed_s = 0, math.inf, -math.inf
        self._contact = 0
        self._orders: list[tuple[float, int]] = []

    def find_setting(self, name: str) -> Point:
        if name in LABELS:
            return Point(address=0, type="enum", access="rw", labels=LABELS[name])
        return Point(address=0, type="f32", access="rw", limits=(-1e6, 1e6))

    def write_setting(self, name: str, value: Any) -> None:
        self.settings[name] = value

    def read_setting(self, name: str) -> Any:
        return self.settings.get(name, 0.0)

    def set_automatic(self, automatic: bool) -> None:
        self.automatic = automatic

    def set_blocked(self, blocked: bool) -> None:
        self.blocked = blocked

    def raise_tap(self) -> None:
        self._orders.append((self.time_s + self.order_s, 1))

    def lower_tap(self) -> None:
        self._orders.append((self.time_s + self.order_s, -1))

    def set_sensing(self, voltage_v: float, current_a: float, angle_deg: float, _frequency_hz: float) -> None:
        self._sensed = (voltage_v * self.source_gain, current_a, angle_deg)

    def measure(self) -> SecondaryReading:
        voltage_v, current_a, angle_deg = self._sensed
        lag_rad, apparent = math.radians(-angle_deg), voltage_v * current_a
        return SecondaryReading(voltage_v, current_a, apparent * math.cos(lag_rad), apparent * math.sin(lag_rad))

    def watch_inputs(self) -> InputContacts:
        pulsing = self.time_s - self._closed_s < PULSE_S
        return InputContacts((pulsing and self._contact > 0, pulsing and self._contact < 0), tuple(self.counts))

    def set_output(self, channel: int, closed: bool) -> None:
        self._outputs[channel] = closed

    @property
    def position(self) -> int:
        return decode_position([self._outputs[channel] for channel in STATUS], LOWEST)

    def advance(self, dt_s: float) -> None:
        end_s = self.time_s + dt_s
        self._watch()
        while (moment := self._next())[0] <= end_s + 1e-9:
            self.time_s = max(self.time_s, moment[0])
            self._close(moment[1])
        self.time_s = end_s

    def _next(self) -> tuple[float, int]:
        return min([(self._due_s, self._wanted), *self._orders], key=lambda moment: moment[0])

    def _close(self, direction: int) -> None:
        self.counts[0 if direction > 0 else 1] += 1
        self._contact, self._closed_s = direction, self.time_s
        if self._orders and self._orders[0][0] <= self.time_s + 1e-9:
            del self._orders[0]
        else:
            self._due_s = self.time_s + self.settings["inter_tap_delay"] + self.gap_off_s

    def _watch(self) -> None:
        wanted = self._direction()
        if wanted != self._wanted:
            self._wanted = wanted
            self._due_s = self.time_s + self.settings.get("delay", 0.0) + self.late_s if wanted else math.inf

    def _direction(self) -> int:
        if not self.automatic or self.blocked or "reduction_stage" not in self.settings:
            return 0
        voltage_v, current_a, angle_deg = self._sensed
        lag_rad, settings = math.radians(-angle_deg), self.settings
        drop = settings["ldc_r"] * math.cos(lag_rad) + settings["ldc_x"] * math.sin(lag_rad)
        regulated_v = voltage_v - self.drop_scale * current_a / 5.0 * drop
        half_v = settings["bandwidth"] / 2.0
        if regulated_v < settings["band_centre"] - half_v + self.lower_off_v:
            return 1
        return -1 if regulated_v > settings["band_centre"] + half_v + self.upper_off_v else 0


def control_rig(device: Any, share: float = 0.0) -> ControlRig:
    """Return a rig whose parts are all the device, with a source of a class, per unit of the reading."""
    scan = ContactScan("contacts", device)
    return ControlRig(
        clock=Clock(),
        device="ltc",
        control=device,
        source=device,
        source_name="source",
        accuracy=SourceClass(share),
        scan=scan,
        contacts=WiredContacts(scan, (1, 2), STATUS, LOWEST),
        inputs=(1, 2),
        make_apparatus=lambda position: TapMechanism(position, LOWEST, -LOWEST),
        advance=device.advance,
        travel=(LOWEST, -LOWEST),
        step_pu=0.00625,
    )
