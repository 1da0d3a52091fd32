"""`bench speed`: figures of speed and scale, measured here and now. Nothing is asserted."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from pymodbus.client import ModbusTcpClient
from rich.console import Console

from bench.commands.figures import Figure
from bench.commands.run import RunRequest, run
from bench.commands.speed_certify import certify_figures
from bench.commands.speed_many import runs_figures
from bench.commands.speed_plant import days_figure, step_figure
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.electrical import ElectricalNode
from instruments.emulators.host import EmulatorHost
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_server import ModbusServer
from instruments.errors import BenchError, ConfigError
from instruments.transports.modbus import ModbusConnections
from instruments.wire import WireExchange

EXCHANGES = 1000
LONG = frozenset({"week", "runs_200"})
"""What is measured only when it is asked for by name: each takes a quarter of an hour."""
UNIT = 1
"""Modbus unit of the emulated inverter."""


def speed(only: Sequence[str], feeder: Path | None, bench: Path, tell: Callable[[str], None]) -> None:
    """Measure what is asked for, by default all but what takes long; `tell` gets each JSON line as it is known.

    `feeder` is the OpenDSS master file for the steps, the reference feeder by default; `bench` is for the
    story and the use case. Raises ConfigError for a name that there is not and a feeder that cannot be used.
    """
    makers: Mapping[str, Callable[[], Figure | Iterator[Figure]]] = {
        "step_10": partial(step_figure, "step_10", 10, feeder),
        "step_1000": partial(step_figure, "step_1000", 1000, feeder),
        "exchange": exchange_figure,
        "story": partial(run_figure, "story", bench, "scenario_1"),
        "use_case": partial(run_figure, "use_case", bench),
        "day": partial(days_figure, "day", 1),
        "certify": partial(certify_figures, "certify"),
        "week": partial(days_figure, "week", 7),
        "runs_200": partial(runs_figures, "runs_200"),
    }
    for name in only:
        if name not in makers:
            near = get_close_matches(name, makers, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"nothing to measure is called {name!r}; known: {', '.join(makers)}{hint}")
    for name in only or [name for name in makers if name not in LONG]:
        made = makers[name]()
        for figure in [made] if isinstance(made, Figure) else made:
            tell(str(figure))


def exchange_figure() -> Figure:
    """Measure a driver's reading of an emulated inverter against a bare client's of the same registers, microseconds.

    Medians of 1000 in turn. What the driver does beyond the exchange is to check, to scale and to tell its observer.
    """
    seen: list[WireExchange] = []
    inverter = InverterEmulator("speed", 100.0, node=ElectricalNode(3))
    with EmulatorHost() as host, ModbusConnections() as connections:
        address = ModbusServer(host, {UNIT: inverter.registers}).listen()
        driver = SunSpecInverter(connections.link(*address, UNIT, seen.append))
        driver.read_ac()
        seen.clear()
        driver.read_ac()
        asked = [_span(exchange) for exchange in seen]
        client = ModbusTcpClient(address[0], port=address[1])
        client.connect()  # type: ignore[no-untyped-call]  # pymodbus leaves it without annotations
        try:
            driver_s, bare_s = _alternated(driver.read_ac, partial(_read_all, client, asked))
        finally:
            client.close()  # type: ignore[no-untyped-call]
    return Figure("exchange", statistics.median(driver_s) * 1e6, "us", statistics.median(bare_s) * 1e6)


def _span(exchange: WireExchange) -> tuple[int, int]:
    first, _, count = exchange.address.partition("+")
    return int(first), int(count)


def _read_all(client: ModbusTcpClient, spans: Sequence[tuple[int, int]]) -> None:
    for first, count in spans:
        if client.read_holding_registers(first, count=count, device_id=UNIT).isError():
            raise BenchError(f"the bare client was refused registers {first}+{count}")


def _alternated(one: Callable[[], object], other: Callable[[], object]) -> tuple[list[float], list[float]]:
    times_s: tuple[list[float], list[float]] = ([], [])
    for _ in range(EXCHANGES):
        for work, taken_s in zip((one, other), times_s, strict=True):
            started_s = time.perf_counter()
            work()
            taken_s.append(time.perf_counter() - started_s)
    return times_s


def run_figure(name: str, bench: Path, tags: str | None = None) -> Figure:
    """Measure what `bench run` takes for the scenarios with these tags, for all without; run directory and report, s.

    There is no bare engine that does the same. Raises BenchError when it does not end in PASS: the time of another run
    is no figure.
    """
    with TemporaryDirectory() as folder:
        request = RunRequest((), bench, Path(folder) / "run", tags=tags)
        started_s = time.perf_counter()
        code = run(request, Console(file=StringIO()))
        elapsed_s = time.perf_counter() - started_s
    if code != 0:
        raise BenchError(f"the run for {name} ended with exit code {code}, not with PASS: its time says nothing")
    return Figure(name, elapsed_s, "s")
