"""The MQTT link against a real broker: both ways, what is retained, what is on record, and a broker that goes."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from instruments.errors import TransportError
from instruments.transports.mqtt import Credentials, Heard, MqttLink
from instruments.wire import WireExchange
from tests.mosquitto import PATIENCE_S, free_port, mosquitto

Served = tuple[int, subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with mosquitto(tmp_path_factory.mktemp("broker")) as served:
        yield served


def awaited(link: MqttLink, count: int = 1) -> list[Heard]:
    """Return what is heard, when it is so much."""
    found: list[Heard] = []
    until_s = time.monotonic() + PATIENCE_S
    while len(found) < count and time.monotonic() < until_s:
        found += link.heard()
        time.sleep(0.005)
    return found


def test_what_one_end_publishes_the_other_hears_in_order_and_both_have_it_on_record(broker: Served) -> None:
    seen: list[WireExchange] = []
    hearing = MqttLink("127.0.0.1", broker[0], seen.append)
    speaking = MqttLink("127.0.0.1", broker[0], seen.append)
    hearing.subscribe("a/said")
    texts = [f"word {number}" for number in range(20)]
    for text in texts:
        speaking.publish("a/said", text)
    speaking.publish("a/other", "not for it")
    assert awaited(hearing, 20) == [Heard("a/said", text) for text in texts]
    assert [e.values[0] for e in seen if e.operation == "receive"] == texts
    assert [e.values[0] for e in seen if e.operation == "publish"] == [*texts, "not for it"]
    hearing.close()
    speaking.close()


def test_what_is_retained_is_heard_later_and_withdrawn_when_its_link_breaks(broker: Served) -> None:
    leaving = MqttLink("127.0.0.1", broker[0], last_will="b/hello")
    leaving.publish("b/hello", "it is me", retain=True)
    later = MqttLink("127.0.0.1", broker[0])
    later.subscribe("b/hello")
    assert awaited(later) == [Heard("b/hello", "it is me")]
    leaving._client.socket().close()  # as a process that is killed would
    assert awaited(later) == [Heard("b/hello", "")]
    later.close()


def test_without_a_broker_there_is_no_link() -> None:
    port = free_port()
    with pytest.raises(TransportError, match=rf"no broker answers at mqtt://127\.0\.0\.1:{port}"):
        MqttLink("127.0.0.1", port)


def test_a_broker_that_goes_is_told_by_the_next_word(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as (port, process):
        link = MqttLink("127.0.0.1", port)
        process.kill()
        process.wait()
        words: tuple[Callable[[], object], ...] = (lambda: link.publish("a", "b"), link.heard)
        for say in words:
            with pytest.raises(TransportError, match=r"the connection to the broker at .* was lost"):
                until_lost(say)
        link.close()


def until_lost(say: Callable[[], object]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        say()
        time.sleep(0.01)


def test_a_broker_that_asks_who_one_is_takes_nobody_else(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "bench", "right"], check=True, capture_output=True)
    with mosquitto(tmp_path, "allow_anonymous false", f"password_file {passwords}", "user root") as (port, _):
        for wrong in (None, Credentials("bench", "wrong")):
            with pytest.raises(TransportError, match="takes no connection: Not authorized"):
                MqttLink("127.0.0.1", port, credentials=wrong)
        MqttLink("127.0.0.1", port, credentials=Credentials("bench", "right")).close()
