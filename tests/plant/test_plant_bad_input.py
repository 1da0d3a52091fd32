"""Benches that cannot be put together: each says what is wrong and where, and leaves nothing on."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from plant_bench import BENCH_PATH, TITLE, variant

from bench.config import BenchFile
from bench.session import Played, RunSession
from instruments.errors import BenchError, ConfigError, IdentityMismatch, TransportError

Opening = Callable[[BenchFile], Played]


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    """Put a bench together in a run directory; what opens against expectation is closed again."""
    sessions: list[RunSession] = []
    played: list[Played] = []

    def opening(bench: BenchFile) -> Played:
        sessions.append(RunSession(tmp_path / "run", bench, BENCH_PATH, 1, ()))
        played.append(sessions[-1].play(TITLE, []))
        return played[-1]

    yield opening
    for open_still in played:
        open_still.assembly.close()
    for session in sessions:
        session.writer.close()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else gets."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("device", "identity", "told"),
    [
        ("utility_inverter", {"manufacturer": "Acme"}, "manufacturer is 'derbench', not 'Acme'"),
        ("grid_simulator", {"serial": "4711"}, "serial is 'grid_simulator', not '4711'"),
    ],
)
def test_another_device_than_configured_is_named_with_what_was_found(
    opening: Opening, device: str, identity: dict[str, str], told: str
) -> None:
    with pytest.raises(IdentityMismatch) as refused:
        opening(variant({f"devices.{device}.identity": identity}))
    assert str(refused.value).startswith(f"{device} at ")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("device", "resource"),
    [
        ("utility_inverter", "modbus+tcp://127.0.0.1:{port}/1"),
        ("grid_simulator", "TCPIP0::127.0.0.1::{port}::SOCKET"),
    ],
)
def test_a_device_that_does_not_answer_at_its_resource_is_named(
    opening: Opening, silent_port: int, device: str, resource: str
) -> None:
    """Its emulator listens elsewhere, as behind a gateway: the bench has to go the way that the resource says."""
    address = resource.format(port=silent_port)
    bench = variant({f"devices.{device}.resource": address, f"devices.{device}.emulate.listen": "127.0.0.1:0"})
    with pytest.raises(TransportError) as refused:
        opening(bench)
    assert str(silent_port) in str(refused.value)
    assert device in str(refused.value)


@pytest.mark.parametrize(
    ("device", "resource"),
    [
        ("utility_battery", "modbus+tcp://127.0.0.1:{port}/1"),
        ("power_analyzer", "TCPIP0::127.0.0.1::{port}::SOCKET"),
    ],
)
def test_a_port_in_use_is_named(opening: Opening, busy_port: int, device: str, resource: str) -> None:
    with pytest.raises(ConfigError, match=f"127.0.0.1:{busy_port}.*in use"):
        opening(variant({f"devices.{device}.resource": resource.format(port=busy_port)}))


@pytest.mark.parametrize("device", ["utility_inverter", "grid_simulator", "ltc"])
@pytest.mark.parametrize(("mode", "told"), [("virtual", "lives in wall time"), ("wall", "under a lease only")])
def test_real_equipment_without_lease_or_in_virtual_time_is_refused_and_nothing_is_opened(
    opening: Opening, monkeypatch: pytest.MonkeyPatch, device: str, mode: str, told: str
) -> None:
    def must_not_connect(*_: object, **__: object) -> None:
        raise AssertionError("the bench reached for equipment that it has to refuse")

    monkeypatch.setattr(socket.socket, "connect", must_not_connect)
    with pytest.raises(ConfigError, match=f"real equipment .*{told}.*: {device}"):
        opening(variant({f"devices.{device}.emulate": None, "clock.mode": mode}))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"terminals.storage_site.site": "utility_batery"}, "nearest: utility_battery"),
        ({"terminals.bank_1.capacitor": "capacitor_9"}, "capacitor"),
        ({"terminals.substation.transformer": "tlc"}, "ltc"),
        ({"devices.utility_pv.driver": "sunspek"}, "no driver 'sunspek'.*sunspec"),
        ({"devices.utility_pv.resource": "tcp://127.0.0.1"}, "modbus"),
        ({"devices.utility_pv.emulate.rating_kva": None}, "devices.utility_pv.emulate: rating_kva is missing"),
        ({"devices.grid_simulator.limits": None}, "limits"),
    ],
)
def test_what_does_not_fit_is_a_configuration_error_that_names_it(
    opening: Opening, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(BenchError, match=told) as refused:
        opening(variant(changes))
    assert isinstance(refused.value, ConfigError)
