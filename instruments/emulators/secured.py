"""The server's side of TLS before a protocol that knows nothing of it."""

import asyncio
import ssl

HANDSHAKE_S = 5.0
"""A client that has not finished its handshake by then is dropped."""


class SecuredProtocol(asyncio.Protocol):
    """Takes a new connection through the handshake, and only then shows it to the protocol inside.

    A client that fails the handshake, or never begins it, reaches nothing: the connection is closed. `shaking` holds
    the connections that are in their handshake, for whoever closes the server.
    """

    def __init__(self, inner: asyncio.Protocol, context: ssl.SSLContext, shaking: set[asyncio.Transport]) -> None:
        self._inner = inner
        self._context = context
        self._shaking = shaking
        self._early = bytearray()
        self._open = False
        self._handshake: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  create_server makes no other kind
        transport.pause_reading()  # what comes is for TLS, which is not there yet
        self._handshake = asyncio.get_running_loop().create_task(self._secure(transport))

    def data_received(self, data: bytes) -> None:
        """Pass on what came out of TLS; what came before the protocol inside is ready waits for it."""
        if self._open:
            self._inner.data_received(data)
        else:
            self._early += data

    def pause_writing(self) -> None:
        """Tell the protocol inside that its client does not take what it sends."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Tell the protocol inside that its client takes it again."""
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the protocol inside, if it ever learned of the connection."""
        if self._handshake is not None:
            self._handshake.cancel()
        if self._open:
            self._inner.connection_lost(exc)

    async def _secure(self, transport: asyncio.Transport) -> None:
        self._shaking.add(transport)
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport, self, self._context, server_side=True, ssl_handshake_timeout=HANDSHAKE_S
            )
        except OSError:  # which errors of TLS and a handshake that takes too long are, too
            transport.abort()
            return
        finally:
            self._shaking.discard(transport)
        if secured is not None and not secured.is_closing():
            self._open = True
            self._inner.connection_made(secured)
            self._inner.data_received(bytes(self._early))
            self._early.clear()
