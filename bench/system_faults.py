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
_LINK_NAMES = frozenset(kind.name for kind in LINK_KINDS)
PROBABILITIES = frozenset({"loss", "duplication"})
"""Kinds whose value is a probability."""

ACTORS: Mapping[str, Party] = {
    "customer_energy_management": Party.CUSTOMER_ENERGY,
    "der_automation": Party.DER_AUTOMATION,
    "display": Party.CUSTOMER_DISPLAY,
    "dms": Party.DMS,
    "draacs": Party.RESOURCE_CONTROL,
    "mdms": Party.MDMS,
}
"""Actors by the name that a fault gives them."""

ACTOR_KINDS: tuple[FaultKind, ...] = (
    FaultKind(
        "notifies-a-customer-who-was-not-selected",
        frozenset({"draacs"}),
        "calls one enrolled customer more than it has listed",
    ),
    FaultKind("accepts-a-wrong-code", frozenset({"display"}), "passes an override on whatever code was typed"),
    FaultKind(
        "override-honoured",
        frozenset({"display", "customer_energy_management"}),
        "takes an override of a call that nobody may decline: the display passes it on, the home controller obeys",
    ),
    FaultKind("total-off", frozenset({"mdms"}), "computes a total load affected that is off by the value", default=0.1),
    FaultKind("forgets-the-block", frozenset({"dms"}), "leaves the capacitor controls to their own logic in an event"),
    FaultKind(
        "history-incomplete",
        frozenset({"dms", "der_automation"}),
        "leaves the first entry out of an event's history: the first alert, or the first resource",
    ),
    FaultKind(
        "commands-more-than-a-device-can-give",
        frozenset({"der_automation"}),
        "chooses, schedules or offers of each resource the value times what it is rated for",
        default=1.5,
    ),
)

SYSTEM_KINDS = LINK_KINDS + ACTOR_KINDS


def check_value(kind: str, value: float | None) -> None:
    """Raise ConfigError for a value that a fault of a link cannot have."""
    if value is None or kind not in _LINK_NAMES:
        return
    if value < 0.0 or (kind in PROBABILITIES and value > 1.0):
        wanted = "a probability, 0 to 1" if kind in PROBABILITIES else "0 or more"
        raise ConfigError(f"the fault {kind!r} takes {wanted}, not {value:g}")
