"""The frames, segments and fragments of one connection to an outstation, on dnp3py."""

from collections import deque
from collections.abc import Callable

from dnp3.core.enums import LinkFunctionCode
from dnp3.datalink.builder import build_ack, build_link_status, build_unconfirmed_user_data
from dnp3.datalink.frame import DataLinkFrame
from dnp3.datalink.parser import FrameParser
from dnp3.outstation.peer import PeerId
from dnp3.transport.reassembler import Reassembler, ReassemblyError
from dnp3.transport.segment import TransportSegment
from dnp3.transport.segmenter import Segmenter

from instruments.transports.dnp3_outstation import FRAGMENT, HEADER, SEQUENCE, Dnp3Outstation

CONFIRM = 0x00
TO_BE_CONFIRMED = 0x20
"""Bit of the application control octet: a confirmation is asked for."""
_USER_DATA: frozenset[int] = frozenset(
    {LinkFunctionCode.PRI_CONFIRMED_USER_DATA, LinkFunctionCode.PRI_UNCONFIRMED_USER_DATA}
)
_LINK_REPLIES: dict[int, Callable[[int, int, bool], DataLinkFrame]] = {
    LinkFunctionCode.PRI_REQUEST_LINK_STATUS: build_link_status,
    LinkFunctionCode.PRI_RESET_LINK_STATE: build_ack,
    LinkFunctionCode.PRI_TEST_LINK_STATE: build_ack,
    LinkFunctionCode.PRI_CONFIRMED_USER_DATA: build_ack,
}
"""What a frame is answered with on the link layer; unconfirmed data with nothing."""


class Dnp3Conversation:
    """What one connection to an outstation needs: frames, segments, fragments that wait to be confirmed."""

    def __init__(self, outstation: Dnp3Outstation) -> None:
        self._outstation = outstation
        self._frames, self._segmenter = FrameParser(), Segmenter()
        self._reassembler = Reassembler(FRAGMENT)
        self._connection = outstation.new_peer()
        self._waiting: deque[bytes] = deque()
        self._last = 0

    def receive(self, data: bytes) -> bytes:
        """Take what came and return what to send back."""
        return b"".join(self._answer(frame) for frame in self._frames.feed(data))

    def end(self) -> None:
        """Take that the connection is gone."""
        self._outstation.forget(self._connection)

    def _answer(self, frame: DataLinkFrame) -> bytes:
        head, master = frame.header, frame.header.source
        if head.destination != self._outstation.address or self._outstation.master not in {None, master}:
            return b""
        if not head.control.prm:
            return b""
        function = head.control.function_code
        reply = _LINK_REPLIES.get(function)
        answer = reply(master, self._outstation.address, False).to_bytes() if reply else b""
        return answer + self._answer_segment(frame.user_data, master) if function in _USER_DATA else answer

    def _answer_segment(self, data: bytes, master: int) -> bytes:
        try:
            whole = self._reassembler.add(TransportSegment.from_bytes(data)) if data else None
        except (ReassemblyError, ValueError):
            return b""
        if whole is None or len(whole.data) < HEADER:
            return b""
        if whole.data[1] == CONFIRM:
            is_next = self._waiting and whole.data[0] & SEQUENCE == self._last
            return self._send_next(master) if is_next else b""
        peer = PeerId(master, self._connection)
        self._waiting = deque(self._outstation.answer(whole.data, peer))
        return self._send_next(master) if self._waiting else b""

    def _send_next(self, master: int) -> bytes:
        fragment = bytearray(self._waiting.popleft())
        self._last = fragment[0] & SEQUENCE
        if self._waiting:
            fragment[0] |= TO_BE_CONFIRMED
        conduct = self._outstation.conduct
        frames = [
            build_unconfirmed_user_data(master, conduct.source(self._outstation.address), False, segment.to_bytes())
            for segment in self._segmenter.segment(bytes(fragment))
        ]
        return conduct.octets(b"".join(frame.to_bytes() for frame in frames))
