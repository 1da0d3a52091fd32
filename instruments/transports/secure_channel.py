"""The client's side of TLS on a connection that is already there."""

import socket
import ssl

from instruments.errors import TransportError
from instruments.tls import TlsClient, client_context

_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING", "HTTP_REQUEST")


class SecureChannel:
    """Makes connections to one address secure, or refuses them."""

    def __init__(self, name: str, settings: TlsClient, host: str) -> None:
        """Raises ConfigError for certificates that cannot be used."""
        self._name = name
        self._server_name = settings.server_name or host
        self._context = client_context(settings)
        self.hint = "" if settings.own else "; does it want a certificate of the client (`tls.certificate`)?"

    def secured(self, connection: socket.socket) -> ssl.SSLSocket:
        """Return the connection inside TLS; closes it and raises TransportError, saying why, when that fails."""
        try:
            return self._context.wrap_socket(connection, server_hostname=self._server_name)
        except (OSError, ValueError) as error:
            connection.close()
            raise TransportError(f"cannot trust {self._name} over TLS: {self._reason(error)}") from error

    def _reason(self, error: Exception) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is refused: {error.verify_message}"
        if isinstance(error, TimeoutError):
            return "it does not answer the handshake; is that a port without TLS?"
        if isinstance(error, ConnectionError) or getattr(error, "reason", None) in _NOT_TLS:
            return f"it breaks the handshake off; is that a port without TLS?{self.hint}"
        return f"the handshake fails: {getattr(error, 'reason', None) or error}"
