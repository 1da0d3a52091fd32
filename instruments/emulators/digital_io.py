"""Emulated digital input and output: contacts of a control under test are read, contacts of the apparatus are set.

Channels count from 1. An input also counts its closures, so that a pulse shorter than the time between two readings is
seen. Channel lists are those of SCPI: `(@1,3:5)`.
"""

import re
from collections.abc import Callable

from instruments.emulators.scpi_emulator import ScpiEmulator
from instruments.emulators.scpi_instrument import Call, Handler
from instruments.emulators.scpi_status import ScpiError

_RANGE = re.compile(r"(\d{1,3})(?::(\d{1,3}))?")

OutputObserver = Callable[[int, bool], None]


class DigitalIOEmulator(ScpiEmulator):
    """Contacts on a bench. Emulated equipment is wired to it with `set_input`, `output` and `on_output`."""

    role = "digital_io"
    model = "emulated digital input and output"

    def __init__(self, name: str, inputs: int = 16, outputs: int = 16) -> None:
        self._inputs = [False] * inputs
        self._closures = [0] * inputs
        self._outputs = [False] * outputs
        self._observers: list[OutputObserver] = []
        super().__init__(name)

    def set_input(self, channel: int, closed: bool) -> None:
        """Close or open the contact at an input, as equipment does; a closure is counted."""
        if closed and not self._inputs[channel - 1]:
            self._closures[channel - 1] += 1
        self._inputs[channel - 1] = closed

    def output(self, channel: int) -> bool:
        """Whether an output contact is closed, as equipment sees it."""
        return self._outputs[channel - 1]

    def on_output(self, observer: OutputObserver) -> None:
        """Call `observer(channel, closed)` whenever an output contact changes."""
        self._observers.append(observer)

    def _reset(self) -> None:
        self._switch(range(1, len(self._outputs) + 1), False)
        self._closures = [0] * len(self._inputs)

    def _table(self) -> dict[str, Handler]:
        return {
            "ROUTe:CLOSe": lambda call: self._switch(self._listed(call, self._outputs), True),
            "ROUTe:CLOSe?": lambda call: self._answer(call, self._outputs),
            "ROUTe:OPEN": lambda call: self._switch(self._listed(call, self._outputs), False),
            "ROUTe:OPEN:ALL": lambda _: self._switch(range(1, len(self._outputs) + 1), False),
            "[SENSe:]DIGital:DATA?": lambda call: self._answer(call, self._inputs),
            "[SENSe:]TOTalize:DATA?": lambda call: self._answer(call, self._closures),
        }

    def _switch(self, channels: range | list[int], closed: bool) -> None:
        if not closed and self._has("does-not-switch-off"):
            return
        for channel in channels:
            if self._outputs[channel - 1] != closed:
                self._outputs[channel - 1] = closed
                for observer in self._observers:
                    observer(channel, closed)

    def _answer(self, call: Call, states: list[bool] | list[int]) -> str:
        channels = self._listed(call, states) if call.parameters else range(1, len(states) + 1)
        return ",".join(str(int(states[channel - 1])) for channel in channels)

    def _listed(self, call: Call, states: list[bool] | list[int]) -> list[int]:
        """Expand a channel list; raises ScpiError -104 when it is none, -222 for a channel that is not there."""
        text = call.text().replace(" ", "")
        if not (text.startswith("(@") and text.endswith(")")):
            raise ScpiError(-104, text)
        return [channel for part in text[2:-1].split(",") for channel in _expand(part, len(states))]


def _expand(part: str, last: int) -> range:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise ScpiError(-104, part)
    first, final = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= final <= last:
        raise ScpiError(-222, part)
    return range(first, final + 1)
