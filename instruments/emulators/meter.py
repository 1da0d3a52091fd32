"""Emulated AMI and credit meters, many at once: accuracy class, interval logic of the voltage alerts, energy counters.

A meter alerts by itself: at the end of each interval it holds the mean of each leg against the limits and sets the
event flags of its own register; `recover_s` of intervals inside the limits clear them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from instruments.emulators.der_registers import HEADROOM, INT16, publish_identity
from instruments.emulators.faults import FaultSet
from instruments.emulators.host import EmulatorHost
from instruments.emulators.modbus_server import TARGET_FAILED_TO_RESPOND, ModbusRefusal, ModbusServer
from instruments.emulators.sunspec_image import ModelImage, SunSpecImage
from instruments.errors import ConfigError
from instruments.readings import Identity
from instruments.sunspec.layout import scale_exponent

UNDER_VOLTAGE, OVER_VOLTAGE = 1 << 3, 1 << 6
"""Bits of Evt in models 201 to 204."""
HOUR_S = 3600.0
NOMINAL_HZ = 60.0
UNITS_PER_SERVER = 247
"""Modbus unit ids 1 to 247."""
SPLIT_PHASE, SINGLE_PHASE = 202, 201
"""SunSpec models: 202 for net meters on 120/240 V services, 201 for credit meters."""
LEGS = 2
LEG_V = 120.0
CLOCK_MODEL = 122
"""The SunSpec model in which a meter tells its time, in seconds since the year 2000."""
IN_ORDER = 1 << 16
"""Bit of Evt that the makers of meters may use (OEM01): here, that an alert is ordinary traffic and waits its turn."""
ENERGY_WRAP = 0xFFFF_FFFF

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeterClass:
    """Largest gain error of voltage and power, per unit of reading (0.002 is a class of 0.2 %)."""

    voltage: float = 0.002
    power: float = 0.005


@dataclass(frozen=True)
class AlertLimits:
    """Leg voltages that are in order, V, and the times of the alert logic, s; the default is ANSI C84.1 Range A."""

    low_v: float = 114.0
    high_v: float = 126.0
    interval_s: float = 60.0
    recover_s: float = 300.0


class MeterFleet:
    """Meters with one common interval clock; arrays are in the order of `names`.

    Power is > 0 towards the customer. `apply` sets the true values, `advance` lets them stand for a time. Gain errors
    are drawn once from `seed`, uniformly within the class, separately for each meter, leg and quantity.
    """

    role = "meter"

    def __init__(
        self,
        names: Sequence[str],
        *,
        accuracy: MeterClass = MeterClass(),
        limits: AlertLimits = AlertLimits(),
        seed: int = 0,
        model_id: int = SPLIT_PHASE,
        rating_w: float = 24_000.0,
        clock_s: float = 0.0,
    ) -> None:
        """Take as `clock_s` what the meters' clocks show at first, seconds since the beginning of the year 2000."""
        self.names = tuple(names)
        self.limits = limits
        self.time_s, self._clock_s = 0.0, clock_s
        count = len(self.names)
        draw = np.random.default_rng(seed)
        self._v_gain = 1.0 + draw.uniform(-accuracy.voltage, accuracy.voltage, (LEGS, count))
        self._p_gain = 1.0 + draw.uniform(-accuracy.power, accuracy.power, count)
        self._legs_v: Floats = np.zeros((LEGS, count))
        self._p_w: Floats = np.zeros(count)
        self._q_var: Floats = np.zeros(count)
        self._interval = _Interval(limits, count)
        self._import_wh: Floats = np.zeros(count)
        self._export_wh: Floats = np.zeros(count)
        self._faults = {name: FaultSet(self.role) for name in self.names}
        self._biased: set[int] = set()
        self._freezing: set[int] = set()
        self._frozen: dict[int, Mapping[str, float]] = {}
        self.neighbour: tuple[MeterFleet, int] | None = None
        """Whose data a meter takes for its own when it is so defective; without one, those of the next in the fleet."""
        self.registers: tuple[SunSpecImage, ...] = tuple(
            self._image(index, model_id, rating_w) for index in range(count)
        )

    def apply(self, leg1_v: ArrayLike, leg2_v: ArrayLike, p_w: ArrayLike, q_var: ArrayLike) -> None:
        """Set the true leg voltages, V, and the power of each service, one value for each meter."""
        self._legs_v = self._v_gain * np.array([leg1_v, leg2_v], dtype=float).reshape(LEGS, -1)
        gain = self._gain()
        self._p_w = gain * np.asarray(p_w, dtype=float)
        self._q_var = gain * np.asarray(q_var, dtype=float)

    def advance(self, dt_s: float) -> None:
        """Let what was applied stand for a time, s; the owner holds the host's lock."""
        self.time_s += dt_s
        self._import_wh += np.maximum(self._p_w, 0.0) * dt_s / HOUR_S
        self._export_wh += np.maximum(-self._p_w, 0.0) * dt_s / HOUR_S
        self._interval.advance(self._legs_v, dt_s)
        for index in self._freezing:
            self._freeze(index)

    @property
    def measured_v(self) -> Floats:
        """What the meters measure now, V, shape (2 legs, meters)."""
        return self._legs_v

    def events(self, index: int) -> int:
        """Event register of one meter."""
        faults = self._faults[self.names[index]]
        if faults.active("alert-never-sent", self.time_s):
            return 0
        flags = int(self._interval.under[index]) * UNDER_VOLTAGE | int(self._interval.over[index]) * OVER_VOLTAGE
        flags |= UNDER_VOLTAGE if faults.active("alert-for-a-healthy-voltage", self.time_s) else 0
        return flags | (IN_ORDER if faults.active("alert-in-order", self.time_s) else 0)

    def inject(
        self, name: str, kind: str, value: float | None = None, start_s: float = 0.0, end_s: float | None = None
    ) -> None:
        """Make one meter defective in the fleet's time; raises ConfigError for an unknown meter or fault."""
        if name not in self._faults:
            raise ConfigError(f"no meter {name!r} in this fleet")
        self._faults[name].inject(kind, value, start_s, end_s)
        if kind in {"biased", "frozen"}:
            (self._biased if kind == "biased" else self._freezing).add(self.names.index(name))

    def _freeze(self, index: int) -> None:
        """Keep what a meter shows when it begins to be frozen, and let go of it when that ends."""
        if self._faults[self.names[index]].active("frozen", self.time_s) is None:
            self._frozen.pop(index, None)
        elif index not in self._frozen:
            self._frozen[index] = self._measured(index)

    def _gain(self) -> Floats:
        """Return what power is measured as, per unit, shape (meters,)."""
        gain = self._p_gain
        for index in sorted(self._biased):
            fault = self._faults[self.names[index]].active("biased", self.time_s)
            if fault is not None:
                gain = gain.copy()
                gain[index] *= 1.0 + fault.value
        return gain

    def _image(self, index: int, model_id: int, rating_w: float) -> SunSpecImage:
        image = SunSpecImage(((1, ()), (model_id, ()), (CLOCK_MODEL, ())))
        unit = index % UNITS_PER_SERVER + 1
        publish_identity(image, Identity("derbench", "emulated meter", "", "1", self.names[index]), unit)
        meter = image.model(model_id)
        power_sf = scale_exponent(rating_w * HEADROOM, INT16)
        meter.set({"A_SF": scale_exponent(rating_w * HEADROOM / LEG_V, INT16), "V_SF": -2, "Hz_SF": -2, "TotWh_SF": 0})
        meter.set({"W_SF": power_sf, "VA_SF": power_sf, "VAR_SF": power_sf})
        meter.refresh = lambda: self._answer(index, meter)
        clock = image.model(CLOCK_MODEL)
        clock.refresh = lambda: self._tell_time(index, clock)
        return image

    def _tell_time(self, index: int, clock: ModelImage) -> None:
        faults = self._faults[self.names[index]]
        self._require_answer(faults)
        ahead = faults.active("clock-ahead", self.time_s)
        clock.set({"Tms": round(self._clock_s + self.time_s + (ahead.value if ahead else 0.0))})

    def _require_answer(self, faults: FaultSet) -> None:
        """Refuse for a meter that does not answer, as the gateway before it does."""
        if faults.active("does-not-answer", self.time_s):
            raise ModbusRefusal(TARGET_FAILED_TO_RESPOND)

    def _answer(self, index: int, meter: ModelImage) -> None:
        """Bring the registers up to date before a read; a meter that does not answer leaves that to its gateway."""
        self._require_answer(self._faults[self.names[index]])
        points = meter.layout.points
        values = self._values(index).items()
        meter.set({name: value for name, value in values if name in points and meter.is_asked(points[name])})

    def _values(self, index: int) -> Mapping[str, float]:
        """Return what a meter answers: what it measures, what it once did, or what another does."""
        if index in self._frozen:
            return self._frozen[index]
        if self._faults[self.names[index]].active("wrong-meters-data", self.time_s):
            fleet, other = self.neighbour or (self, (index + 1) % len(self.names))
            return fleet._measured(other)
        return self._measured(index)

    def _measured(self, index: int) -> Mapping[str, float]:
        leg1_v, leg2_v = (float(volts) for volts in self._legs_v[:, index])
        p_w, q_var = float(self._p_w[index]), float(self._q_var[index])
        va, line_v = float(np.hypot(p_w, q_var)), leg1_v + leg2_v
        amps = va / line_v if line_v else 0.0
        return {
            **{"PhV": line_v / LEGS, "PhVphA": leg1_v, "PhVphB": leg2_v, "PPV": line_v},
            **{"PhVphAB": line_v, "PPVphAB": line_v},  # the line pair is named differently in 202 and 201
            **{"A": LEGS * amps, "AphA": amps, "AphB": amps, "Hz": NOMINAL_HZ if line_v else 0.0},
            **{"W": p_w, "VAR": q_var, "VA": va},
            **{"TotWhImp": float(self._import_wh[index]) % ENERGY_WRAP},
            **{"TotWhExp": float(self._export_wh[index]) % ENERGY_WRAP},
            "Evt": self.events(index),
        }


class _Interval:
    """Interval means of all legs, and the flags that follow from them."""

    def __init__(self, limits: AlertLimits, count: int) -> None:
        self.under = np.zeros(count, dtype=bool)
        self.over = np.zeros(count, dtype=bool)
        self._limits = limits
        self._volt_seconds: Floats = np.zeros((LEGS, count))
        self._elapsed_s = 0.0
        self._inside_s: Floats = np.zeros(count)

    def advance(self, legs_v: Floats, dt_s: float) -> None:
        """Let voltages stand for a time; a step may span interval ends."""
        while dt_s > 0.0:
            part_s = min(dt_s, self._limits.interval_s - self._elapsed_s)
            self._volt_seconds += legs_v * part_s
            self._elapsed_s += part_s
            dt_s -= part_s
            if self._elapsed_s >= self._limits.interval_s:
                self._end()

    def _end(self) -> None:
        mean_v = self._volt_seconds / self._elapsed_s
        low = (mean_v < self._limits.low_v).any(axis=0)
        high = (mean_v > self._limits.high_v).any(axis=0)
        self._inside_s = np.where(low | high, 0.0, self._inside_s + self._limits.interval_s)
        recovered = self._inside_s >= self._limits.recover_s
        self.under = low | (self.under & ~recovered)
        self.over = high | (self.over & ~recovered)
        self._volt_seconds[:] = 0.0
        self._elapsed_s = 0.0


@dataclass(frozen=True)
class MeterAddress:
    """Where one meter answers."""

    host: str
    port: int
    unit: int


def serve_fleet(
    host: EmulatorHost, fleet: MeterFleet, address: str = "127.0.0.1", port: int = 0
) -> tuple[dict[str, MeterAddress], tuple[ModbusServer, ...]]:
    """Serve a fleet, up to 247 meters on a server, and return where each meter is, with the servers.

    With a given port the servers take it and the ones after it. Raises ConfigError when an address cannot be had.
    """
    places: dict[str, MeterAddress] = {}
    servers: list[ModbusServer] = []
    for first in range(0, len(fleet.names), UNITS_PER_SERVER):
        names = fleet.names[first : first + UNITS_PER_SERVER]
        banks = dict(enumerate(fleet.registers[first : first + len(names)], start=1))
        server = ModbusServer(host, banks)
        listening = server.listen(address, port + len(servers) if port else 0)
        servers.append(server)
        places |= {name: MeterAddress(*listening, unit) for unit, name in enumerate(names, start=1)}
    return places, tuple(servers)
