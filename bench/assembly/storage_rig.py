"""The rig of a battery: a grid simulator and an analyzer in front of it, or of the inverter that it works through."""

import math
from typing import Any, cast

from bench.assembly.certification import CertificationBench, RigKind
from bench.assembly.der_rig import PCT, between_instruments, energize
from bench.certification.not_passed import NotPassed
from bench.certification.ratings import require_usable
from bench.certification.refusals import RatingsError, UnderTest
from bench.certification.storage.figures import load_storage_figures
from bench.certification.storage.hybrid import HybridStorage
from bench.certification.storage.rig import StorageRig
from bench.certification.storage.statement import Stated, stated_or
from bench.config import BenchFile, Device
from instruments.errors import ConfigError
from reports.verdict import Verdict


def _make(bench: CertificationBench) -> StorageRig:
    battery, inverter = _parts(bench)
    name = inverter or battery
    bench.sun_pu = 0.0
    nameplate = bench.drivers[name].read_nameplate()
    require_usable(name, bench.config.devices[name], nameplate)
    bank = bench.drivers[battery].read_nameplate()
    told = bench.drivers[battery].read_storage()
    if not told.left_wh > 0.0:
        raise RatingsError(f"{battery} states a capacity of {told.left_wh:g} Wh")
    va, figures, section = nameplate.va_max_va, load_storage_figures(), bench.config.devices[battery]
    return StorageRig(
        rig=between_instruments(bench, bench.drivers[name], nameplate, _no_supply),
        storage=_storage(bench, battery, inverter),
        capacity_pu=told.left_wh / va,
        charge_pu=min(bank.charge_max_w, nameplate.charge_max_w) / va,
        discharge_pu=min(bank.p_max_w, nameplate.p_max_w) / va,
        statement=_stated(bench, battery, section),
        looks=figures.looks,
        commands=figures.command,
        configured_pu=section.stored_kwh * 1000.0 / va if section.stored_kwh else math.nan,
    )


def _parts(bench: CertificationBench) -> tuple[str, str]:
    """Return the battery and the inverter that it works through, which is empty for one that has its own."""
    device, terminal = bench.device, bench.terminal.device
    if bench.config.devices[terminal].role == "battery":
        return device, ""
    return _battery_behind(terminal, bench.config), terminal


def _battery_behind(inverter: str, bench: BenchFile) -> str:
    """Return the battery on an inverter's DC link; raises ConfigError where there is none."""
    battery = bench.devices[inverter].dc_battery
    if battery is None or bench.devices[battery].role != "battery":
        raise ConfigError(f"{inverter} has no battery behind it: the suite tests storage")
    return battery


def _require_battery(name: str, bench: BenchFile) -> None:
    if bench.devices[name].role == "inverter":
        _battery_behind(name, bench)


def _storage(bench: CertificationBench, battery: str, inverter: str) -> Any:
    store: Any = UnderTest(bench.drivers[battery])
    return HybridStorage(cast(Any, UnderTest(bench.drivers[inverter])), store) if inverter else store


def _stated(bench: CertificationBench, battery: str, section: Device) -> Stated:
    """Return what the bench file has of the maker's statements, and else what the battery states of itself."""
    by_maker, by_itself = section.stated, bench.drivers[battery].read_limits()
    lost = by_maker.self_discharge_pct_per_day if by_maker else None
    efficiency = section.efficiency_pct / PCT if "efficiency_pct" in section.model_fields_set else math.nan
    return Stated(
        efficiency_pu=efficiency,
        response_s=_number(by_maker.response_s if by_maker else None),
        self_discharge_pct_per_day=stated_or(_number(lost), by_itself.self_discharge_pct_per_day),
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _no_supply(level_pu: float) -> None:
    raise NotPassed(f"nothing is to give {level_pu:g} of rated power to a battery under test", Verdict.NOT_RUN)


def _switch_on(bench: CertificationBench) -> None:
    energize(bench, cast(StorageRig, bench.rig).rig)


STORAGE_RIG = RigKind(frozenset({"battery", "inverter"}), _make, _switch_on, require_parts=_require_battery)
"""In front of batteries with an inverter of their own, and of inverters with a battery behind them."""
