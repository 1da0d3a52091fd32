"""`bench emulate`: the emulators of a bench on their addresses, in wall time, with the feeder behind them."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.assembly.apparatus import Apparatus, make_apparatus
from bench.assembly.emulated_meters import MeterView
from bench.assembly.emulation import EmulatedEquipment, Endpoint
from bench.assembly.feeders import open_feeder
from bench.assembly.places import FeederPlaces
from bench.assembly.wiring import direct_terminal
from bench.commands.request_record import recording
from bench.commands.stop_request import stop_request
from bench.config import BenchFile, load_bench
from bench.config.addresses import exposure_warnings
from bench.faults import Fault, check_fault, parse_fault
from bench.feeder.sites import load_sites
from bench.plant.apparatus import APPARATUS_FAULTS
from bench.plant.plant import Equipment, Plant
from bench.plant.terminals import DirectTerminal, TerminalPlace
from bench.plant.weather import make_weather
from instruments.errors import ConfigError

TICK_S = 0.1
SEED = 1

Volts = tuple[float, ...]


def emulate(
    path: Path,
    tell: Callable[[str], None],
    warn: Callable[[str], None],
    record: Path | None = None,
    faults: Sequence[str] = (),
) -> None:
    """Serve until SIGINT or SIGTERM; `tell` gets one JSON line for each endpoint, then `{"ready": true}`.

    `warn` is told of each emulator that other machines reach. Every request that arrives at a device goes to the file
    `record` (`request_record`). `faults` are in the equipment, in seconds since the start. Raises ConfigError for a
    bench file, a fault or a record that cannot be used and for an address that cannot be had, BenchError when the
    feeder does not solve any more.
    """
    file, defects = load_bench(path), [parse_fault(text) for text in faults]
    for defect in defects:
        check_fault(defect, file)
    for warning in exposure_warnings(file.exposed):
        warn(f"warning: {warning}")
    with stop_request() as stop, WallTimeBench(file) as bench, bench.recording(record):
        bench.inject(defects)
        for endpoint in bench.endpoints:
            tell(json.dumps(_described(endpoint)))
        tell(json.dumps({"ready": True}))
        started_s, before_s = time.monotonic(), 0.0
        while not stop.requested:
            time.sleep(TICK_S)
            now_s = time.monotonic() - started_s
            bench.advance(now_s, now_s - before_s)
            before_s = now_s


def _described(endpoint: Endpoint) -> dict[str, str | int | None]:
    resource = endpoint.resource
    return {
        "name": endpoint.name,
        "role": endpoint.role,
        "protocol": resource.protocol,
        "address": resource.place,
        "unit": resource.unit,
    }


class WallTimeBench:
    """Emulated equipment around a feeder. A context manager that takes everything off its address.

    A device with a grid simulator in front of it sees what the simulator's own clients set, and nothing else; the
    power that it then delivers goes into the feeder. A control behind a sensing source and a digital I/O is left to
    their clients likewise, and moves nothing here. All other devices see their feeder node.
    """

    def __init__(self, bench: BenchFile) -> None:
        """Settle the feeder and serve; raises ConfigError."""
        with ExitStack() as opened:
            self._feeder = opened.enter_context(open_feeder(bench.feeder))
            places = FeederPlaces(bench, self._feeder, load_sites(bench.feeder.sites) if bench.feeder.sites else ())
            self._plant = Plant(self._feeder, places.sites, make_weather(bench.environment, len(places.sites)))
            self._emulated = EmulatedEquipment(bench, places, SEED)
            opened.callback(self._emulated.close)
            self._elsewhere = _behind_contacts(bench)
            self._connect(bench, places)
            self._opened = opened.pop_all()

    @property
    def endpoints(self) -> list[Endpoint]:
        """Where everything is served."""
        return list(self._emulated.endpoints.values())

    def inject(self, faults: Sequence[Fault]) -> None:
        """Make devices defective; raises ConfigError for a target or kind that there is not.

        The apparatus behind a digital I/O is elsewhere, and cannot be made defective here.
        """
        for fault in faults:
            if fault.kind in APPARATUS_FAULTS and fault.target in self._elsewhere:
                raise ConfigError(f"{fault.text}: what {fault.target} moves is not here: it is behind a digital I/O")
            self._emulated.inject(fault.target, fault.kind, fault.value, fault.start_s, fault.end_s)

    def advance(self, now_s: float, dt_s: float) -> None:
        """Let `dt_s` pass, to `now_s` since the start."""
        self._plant.step(now_s, dt_s)

    def recording(self, path: Path | None) -> AbstractContextManager[None]:
        """Record every request that arrives at a device, while it is on; raises ConfigError."""
        return recording(self._emulated, path)

    def _connect(self, bench: BenchFile, places: FeederPlaces) -> None:
        emulated = self._emulated
        wired = [name for name, endpoint in emulated.endpoints.items() if endpoint.role == "inverter"]
        equipment = Equipment(
            emulated.advance,
            emulated.advance_meters,
            [MeterView(group, emulated.host.lock) for group in emulated.meters],
            self._apparatus(bench, places),
            set(bench.behind_inverter) - set(wired),
        )
        self._plant.connect({places.site(name).name: self._terminal(places, name) for name in wired}, equipment)
        self._plant.publish_first()

    def _apparatus(self, bench: BenchFile, places: FeederPlaces) -> list[Apparatus]:
        """Give controls that are wired straight to the feeder their apparatus; others are left to their instruments."""
        straight = {name: device for name, device in bench.devices.items() if name not in self._elsewhere}
        direct = bench.model_copy(update={"devices": straight})
        return list(make_apparatus(direct, self._feeder, places, self._emulated, {}).values())

    def _terminal(self, places: FeederPlaces, device: str) -> DirectTerminal:
        section, site = places.terminal(device), places.site(device)
        place = TerminalPlace(self._feeder.node_indices(site.bus, site.nodes), site.injection.leg_to_leg)
        terminal = direct_terminal(section, place, self._emulated.nodes[device], self._emulated.host.lock)
        return terminal if section.source is None else replace(terminal, apply=_left_to_its_source)

    def close(self) -> None:
        """Take everything off its address."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _behind_contacts(bench: BenchFile) -> set[str]:
    return {terminal.device for terminal in bench.terminals.values() if terminal.contacts is not None}


def _left_to_its_source(_voltage_v: Volts, _angle_deg: Volts) -> None:
    """Leave a node to the grid simulator in front of it."""
