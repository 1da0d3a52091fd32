"""A serial line without a cable: a pseudo-terminal, whose far end a client opens like any port."""

import asyncio
import os
import termios
import tty
from pathlib import Path
from typing import Any

from instruments.errors import ConfigError

CHUNK = 4096
RATES = {value: int(name[1:]) for name, value in vars(termios).items() if name[0] == "B" and name[1:].isdigit()}


class PseudoTerminal(asyncio.Transport):
    """The near end, for a protocol in a running loop; `path` is what the client opens.

    With a `link` that is a symbolic link of this name to the far end, as long as it is open. Like on a cable, what
    nobody takes is lost.
    """

    def __init__(self, link: str = "") -> None:
        """Open it, without echo or any meaning of characters; raises ConfigError for a link that cannot be made."""
        super().__init__()
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self._link = Path(link) if link else None
        self.path = link or os.ttyname(self._far)
        self._loop: asyncio.AbstractEventLoop | None = None
        try:
            self._make_link()
        except OSError as error:
            self._close_ends()
            raise ConfigError(f"cannot serve a serial line at {link}: {error.strerror}") from error

    @property
    def baud(self) -> int:
        """The rate that the client has set, baud; 0 for one that has no name."""
        return RATES.get(termios.tcgetattr(self._far)[5], 0)

    def attach(self, loop: asyncio.AbstractEventLoop, protocol: asyncio.Protocol) -> None:
        """Have a protocol told of what comes, in the loop's thread."""
        self._loop, self._protocol = loop, protocol
        protocol.connection_made(self)
        loop.add_reader(self._near, self._read)

    def write(self, data: Any) -> None:
        """Put bytes on the line."""
        try:
            os.write(self._near, data)
        except OSError:  # nobody takes them: they are lost
            return

    def close(self) -> None:
        """Take the line away; a client that has it open finds it gone."""
        if self._loop is None:
            return
        self._loop.remove_reader(self._near)
        self._loop = None
        self._close_ends()

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self._loop is None

    def _read(self) -> None:
        try:
            data = os.read(self._near, CHUNK)
        except OSError:
            return
        self._protocol.data_received(data)

    def _make_link(self) -> None:
        """Put the link in place of one that an emulator left behind; a file that is none stays as it is."""
        if self._link is None:
            return
        if self._link.is_symlink() and str(self._link.readlink()).startswith("/dev/pts/"):
            self._link.unlink()
        self._link.symlink_to(os.ttyname(self._far))

    def _close_ends(self) -> None:
        if self._link is not None and self._link.is_symlink() and str(self._link.readlink()) == os.ttyname(self._far):
            self._link.unlink()
        os.close(self._near)
        os.close(self._far)
