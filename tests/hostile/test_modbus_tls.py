"""Modbus/TLS: the right certificate works through a driver; each wrong one is refused, with a word that says why."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.config import load_bench
from instruments.drivers.sunspec_battery import SunSpecBattery
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.host import EmulatorHost
from instruments.emulators.modbus_server import ModbusServer
from instruments.errors import ConfigError, TransportError
from instruments.tls import OwnCertificate, TlsClient, TlsServer, client_context, server_context
from instruments.transports.modbus import ModbusConnections
from tests.cli.bench_files import small_bench, written
from tests.hostile.certificates import NOW, PASSWORD, Authority, Party

TIMEOUT_S = 1.0
DEVICE = "127.0.0.1"


@pytest.fixture
def laboratory(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


class Served:
    """A battery behind a port, with TLS or without."""

    def __init__(self, host: EmulatorHost, tls: ssl.SSLContext | None) -> None:
        battery = BatteryEmulator("battery", 25.0, 50.0, 0.6, efficiency=0.9, unit=1)
        self.server = ModbusServer(host, {1: battery.registers})
        self.address = self.server.listen(tls=tls)

    def driver(self, connections: ModbusConnections, tls: TlsClient | None) -> SunSpecBattery:
        return SunSpecBattery(connections.link(*self.address, 1, timeout_s=TIMEOUT_S, tls=tls))


@contextmanager
def served(party: Party | None, client_ca: Path | None = None) -> Iterator[Served]:
    context = server_context(TlsServer(party.own, client_ca)) if party else None
    with EmulatorHost() as host:
        yield Served(host, context)


def refused(serving: Served, tls: TlsClient | None) -> str:
    """Return what the driver says; nothing of the device was reached, and the port still serves."""
    with ModbusConnections() as connections:
        with pytest.raises(TransportError) as caught:
            serving.driver(connections, tls).identify()
        assert not serving.server.log, "a request reached the registers of a device that is not trusted"
    assert f"{serving.address[0]}:{serving.address[1]}" in str(caught.value)
    return str(caught.value)


def test_with_the_right_certificates_a_driver_commands_and_reads_back(laboratory: Authority) -> None:
    device, bench = laboratory.issue("device", DEVICE), laboratory.issue("bench")
    trusted = TlsClient(laboratory.ca, bench.own)
    with served(device, laboratory.ca) as serving, ModbusConnections() as connections:
        driver = serving.driver(connections, trusted)
        assert driver.identify().serial == "battery"
        assert driver.set_power_w(5000.0, 60.0).power_w == 5000.0
        with ModbusConnections() as others:
            again = serving.driver(others, trusted)
            assert again.read_command().enabled, "a second connection, with a handshake of its own"


def test_a_name_that_the_certificate_has_may_stand_for_the_host(laboratory: Authority) -> None:
    with served(laboratory.issue("device", "battery.plant")) as serving, ModbusConnections() as connections:
        named = TlsClient(laboratory.ca, server_name="battery.plant")
        assert serving.driver(connections, named).identify().serial == "battery"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("another authority", "unable to get local issuer certificate"),
        ("another host", "certificate is not valid for '127.0.0.1'"),
        ("expired", "certificate has expired"),
        ("self-signed", "self-signed certificate"),
    ],
)
def test_a_wrong_certificate_of_the_device_is_refused(
    laboratory: Authority, tmp_path: Path, kind: str, told: str
) -> None:
    (tmp_path / "other").mkdir()
    party = {
        "another authority": lambda: Authority(tmp_path / "other", "stranger").issue("device", DEVICE),
        "another host": lambda: laboratory.issue("device", "192.0.2.1", "elsewhere.plant"),
        "expired": lambda: laboratory.issue("device", DEVICE, until=NOW - timedelta(days=1)),
        "self-signed": lambda: laboratory.issue("device", DEVICE, self_signed=True),
    }[kind]()
    with served(party) as serving:
        message = refused(serving, TlsClient(laboratory.ca))
    assert "its certificate is refused" in message
    assert told in message


def test_a_client_without_a_certificate_or_with_a_strangers_is_turned_away(
    laboratory: Authority, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "stranger").issue("bench")
    with served(laboratory.issue("device", DEVICE), laboratory.ca) as serving:
        assert "does it want a certificate of the client" in refused(serving, TlsClient(laboratory.ca))
        refused(serving, TlsClient(laboratory.ca, stranger.own))


def test_plain_and_secure_do_not_meet(laboratory: Authority) -> None:
    with served(laboratory.issue("device", DEVICE)) as serving:
        assert "closed the connection" in (told := refused(serving, None)) or "it speaks TLS" in told
    with served(None) as serving:
        assert "is that a port without TLS?" in refused(serving, TlsClient(laboratory.ca))


def test_a_port_that_is_silent_costs_no_more_than_the_time_out(laboratory: Authority) -> None:
    with socket.create_server((DEVICE, 0)) as silent, ModbusConnections() as connections:
        link = connections.link(*silent.getsockname(), 1, timeout_s=0.1, tls=TlsClient(laboratory.ca))
        with pytest.raises(TransportError, match="does not answer the handshake"):
            link.read(40000, 2)


def test_a_client_that_stalls_in_its_handshake_keeps_nobody_out_and_nothing_open(laboratory: Authority) -> None:
    with served(laboratory.issue("device", DEVICE)) as serving, ModbusConnections() as connections:
        stalled = [socket.create_connection(serving.address, timeout=5.0) for _ in range(20)]
        for client in stalled:
            client.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert serving.driver(connections, TlsClient(laboratory.ca)).identify().serial == "battery"
    for client in stalled:
        with client:
            assert client.recv(1) == b"", "closing the host ends handshakes that are under way"


def test_only_tls_1_2_and_later_is_spoken(laboratory: Authority) -> None:
    party = laboratory.issue("device", DEVICE)
    for context in (server_context(TlsServer(party.own)), client_context(TlsClient(laboratory.ca))):
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    context = client_context(TlsClient(laboratory.ca))
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize("wrong", ["no such file", "no PEM", "wrong password", "no password", "key of another"])
def test_a_certificate_that_cannot_be_used_is_told_with_its_file(
    laboratory: Authority, tmp_path: Path, wrong: str
) -> None:
    party, other = laboratory.issue("device", DEVICE), laboratory.issue("other", DEVICE)
    scrap = tmp_path / "scrap.pem"
    scrap.write_bytes(b"\x00\xff no certificate")
    own = {
        "no such file": OwnCertificate(tmp_path / "scrap.crt", party.key, PASSWORD),
        "no PEM": OwnCertificate(scrap, scrap),
        "wrong password": OwnCertificate(party.certificate, party.key, "guess"),
        "no password": OwnCertificate(party.certificate, party.key),
        "key of another": OwnCertificate(party.certificate, other.key, PASSWORD),
    }[wrong]
    for make in (lambda: server_context(TlsServer(own)), lambda: client_context(TlsClient(laboratory.ca, own))):
        with pytest.raises(ConfigError, match=f"cannot use certificate and key of .*{own.certificate.name}") as caught:
            make()
        assert PASSWORD not in str(caught.value)
    with pytest.raises(ConfigError, match=r"cannot read certificates from .*scrap"):
        client_context(TlsClient(scrap))


def secure_bench(laboratory: Authority, monkeypatch: pytest.MonkeyPatch) -> dict:
    device = laboratory.issue("device", DEVICE)
    laboratory.issue("bench")
    monkeypatch.setenv("KEY_PASSWORD", PASSWORD)
    secret = "${KEY_PASSWORD}"  # noqa: S105  the name of a variable
    document = small_bench()
    document["devices"]["utility_pv"] |= {
        "resource": f"modbus+tls://{DEVICE}:0/1",
        "tls": {"ca": laboratory.ca.name, "certificate": "bench.crt", "key": "bench.key", "key_password": secret},
    }
    shown = {"certificate": device.certificate.name, "key": device.key.name, "key_password": secret}
    document["devices"]["utility_pv"]["emulate"]["tls"] = shown | {"client_ca": laboratory.ca.name}
    return document


def test_a_bench_file_binds_a_device_over_tls(laboratory: Authority, tmp_path: Path, monkeypatch) -> None:
    document = secure_bench(laboratory, monkeypatch)
    result = CliRunner().invoke(main, ["doctor", "--bench", written(document, tmp_path)])
    assert result.exit_code == 0, result.output
    assert f"utility_pv: modbus+tls://{DEVICE}:" in result.output
    assert PASSWORD not in result.output


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.pop("tls"), "devices.utility_pv.tls: a resource at modbus+tls:// needs it"),
        (lambda d: d["emulate"].pop("tls"), "devices.utility_pv.emulate.tls: it belongs to a resource"),
        (lambda d: d.update(resource="modbus+tcp://127.0.0.1:0/1"), "devices.utility_pv.tls: it protects nothing"),
        (lambda d: d["tls"].pop("certificate"), "a key without its `certificate`"),
        (lambda d: d["tls"].update(ca="gone.pem"), "devices.utility_pv.tls.ca: there is no file"),
        (lambda d: d["tls"].update(verify=False), "devices.utility_pv.tls.verify: unknown key"),
    ],
)
def test_half_of_it_is_refused_with_its_place(laboratory: Authority, tmp_path: Path, monkeypatch, change, told) -> None:
    document = secure_bench(laboratory, monkeypatch)
    change(document["devices"]["utility_pv"])
    with pytest.raises(ConfigError) as caught:
        load_bench(Path(written(document, tmp_path)))
    assert told in str(caught.value)
