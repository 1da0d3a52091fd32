"""MQTT: how systems outside of this process are spoken to. The one module that imports paho.

A link is connected when it is made, and once lost it is not made again: what was said meanwhile would be missing.
Quality of service 1 and one connection keep messages in order; the receiver has to expect that one comes twice.
"""

from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from instruments.errors import TransportError
from instruments.tls import TlsClient, client_context
from instruments.wire import WireExchange, WireObserver, unobserved

AT_LEAST_ONCE = 1
KEEP_ALIVE_S = 5
"""How often each end hears of the other, s; a broker that is silent for one and a half of it is lost."""


@dataclass(frozen=True)
class Credentials:
    """What a broker asks of its clients."""

    user: str
    password: str


@dataclass(frozen=True)
class Heard:
    """A message that came: its topic and its text."""

    topic: str
    text: str


class MqttLink:
    """A connection to a broker; every method raises TransportError, naming the broker, once it is lost."""

    def __init__(
        self,
        host: str,
        port: int,
        observer: WireObserver = unobserved,
        timeout_s: float = 5.0,
        credentials: Credentials | None = None,
        tls: TlsClient | None = None,
        last_will: str = "",
    ) -> None:
        """Connect; the broker clears what is retained under the topic `last_will` when this end is gone.

        Raises TransportError when nobody answers or the broker refuses within `timeout_s`, ConfigError for TLS files
        that cannot be used.
        """
        self.broker = f"mqtt{'+tls' if tls else ''}://{host}:{port}"
        self._observer, self._timeout_s = observer, timeout_s
        self._heard: SimpleQueue[Heard] = SimpleQueue()
        self._connected, self._answered, self._subscribed, self._lost = Event(), Event(), Event(), ""
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        if credentials is not None:
            self._client.username_pw_set(credentials.user, credentials.password)
        if tls is not None:
            self._client.tls_set_context(client_context(tls))
        if last_will:
            self._client.will_set(last_will, b"", AT_LEAST_ONCE, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._connect(host, port)

    def subscribe(self, topic: str) -> None:
        """Have messages of a topic kept for `heard`: all that are published once this has returned."""
        self._require()
        self._subscribed.clear()
        self._client.subscribe(topic, AT_LEAST_ONCE)
        if not self._subscribed.wait(self._timeout_s):
            self._require()
            raise TransportError(f"{self.broker} did not take {topic!r} within {self._timeout_s:g} s")

    def publish(self, topic: str, text: str, retain: bool = False) -> None:
        """Send a message and wait until the broker has it."""
        self._require()
        sent = self._client.publish(topic, text.encode(), AT_LEAST_ONCE, retain)
        try:
            sent.wait_for_publish(self._timeout_s)
        except (RuntimeError, ValueError) as error:  # paho's words for a connection that is gone, and a full queue
            raise TransportError(f"the connection to the broker at {self.broker} was lost: {error}") from error
        if not sent.is_published():
            self._require()
            raise TransportError(f"{self.broker} did not acknowledge a message within {self._timeout_s:g} s")
        self._observer(WireExchange("mqtt", "publish", topic, (text,)))

    def heard(self) -> list[Heard]:
        """Return what came since the last call, in order; what came before the link was lost is still told."""
        found: list[Heard] = []
        while True:
            try:
                found.append(self._heard.get_nowait())
            except Empty:
                break
        if not found:
            self._require()
        for each in found:
            self._observer(WireExchange("mqtt", "receive", each.topic, (each.text,)))
        return found

    def close(self) -> None:
        """Say goodbye, which has the broker forget the last will, and end."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connect(self, host: str, port: int) -> None:
        try:
            self._client.connect_timeout = self._timeout_s
            self._client.connect(host, port, KEEP_ALIVE_S)
        except OSError as error:
            raise TransportError(f"no broker answers at {self.broker}: {error.strerror or error}") from error
        self._client.loop_start()
        if not self._answered.wait(self._timeout_s) or not self._connected.is_set():
            why = self._lost or f"no answer within {self._timeout_s:g} s"
            self.close()
            raise TransportError(f"the broker at {self.broker} takes no connection: {why}")

    def _require(self) -> None:
        if self._lost:
            raise TransportError(f"the connection to the broker at {self.broker} was lost: {self._lost}")

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._lost = str(reason)
        else:
            self._connected.set()
        self._answered.set()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._lost = self._lost or str(reason)
        self._answered.set()

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        text = message.payload.decode("utf-8", errors="replace")
        self._heard.put(Heard(message.topic, text))
