"""Kinds of fault that links and actors can have, and the names by which the command line calls them.

They stand beside the kinds of equipment (`instruments.emulators.faults`) and have the same form; the role of each is
the link's or the actor's own name.
"""

from collections.abc import Mapping

from bench.messages.names import Party
from instruments.emulators.faults import FaultKind
from instruments.errors import ConfigError

LINKS: Mapping[str, str] = {
    "ami": "AMI link",
    "scada": "SCADA link",
    "premise_network": "premise network",
    "enterprise_bus": "enterprise bus",
}
"""Links by the name that a fault gives them, with what reports call them."""

_ALL = frozenset(LINKS)

LINK_KINDS: tuple[FaultKind, ...] = (
    FaultKind("loss", _ALL, "loses a frame with the value's probability; one that is missed is sent again", 0.3),
    FaultKind("duplication", _ALL, "delivers a message twice, with the value's probability", default=1.0),
    FaultKind("reordering", _ALL, "sends half of the messages by a way that takes the value longer, s", default=5.0),
    FaultKind("delay", _ALL, "holds every message back for the value, s", default=60.0),
    FaultKind("partition", _ALL, "lets nothing through"),
)
PROBABILITIES = frozenset({"loss", "duplication"})
"""Kinds whose value is a probability."""

ACTORS: Mapping[str, Party] = {}
"""Actors by the name that a fault gives them."""

ACTOR_KINDS: tuple[FaultKind, ...] = ()

SYSTEM_KINDS = LINK_KINDS + ACTOR_KINDS


def check_value(kind: str, value: float | None) -> None:
    """Raise ConfigError for a value that a kind of system fault cannot have."""
    if value is None:
        return
    if value < 0.0 or (kind in PROBABILITIES and value > 1.0):
        wanted = "a probability, 0 to 1" if kind in PROBABILITIES else "0 or more"
        raise ConfigError(f"the fault {kind!r} takes {wanted}, not {value:g}")
