"""Which link a message takes: by the parties at its ends, with the faults of that link alone."""

import pytest
from playing import EMULATED

from bench.assembly.cast import WITHIN, make_route
from bench.assembly.defects import Defects
from bench.clock import Clock, Process
from bench.config import load_bench
from bench.faults import parse_fault
from bench.links import Link, Passage
from bench.messages.names import Party
from bench.system_faults import LINKS

WAYS = [
    (Party.NET_METER, Party.AMI_NETWORK, "ami"),
    (Party.AMI_NETWORK, Party.PREMISE_INTERFACE, "ami"),
    (Party.UTILITY_INVERTER, Party.PREMISE_INTERFACE, "premise_network"),
    (Party.CUSTOMER_DISPLAY, Party.CUSTOMER_ENERGY, "premise_network"),
    (Party.CAPACITOR_CONTROLS, Party.DMS, "scada"),
    (Party.DMS, Party.DER_AUTOMATION, "enterprise_bus"),
]


def way(producer: Party, receiver: Party, *faults: str) -> Link:
    defects = Defects([parse_fault(text) for text in faults], 1)
    return make_route(load_bench(EMULATED), Clock(), defects)(producer, receiver)


def arrives(producer: Party, receiver: Party, *faults: str) -> bool:
    """Whether a message arrives within a minute."""
    clock, arrived = Clock(), list[bool]()
    link = make_route(load_bench(EMULATED), clock, Defects([parse_fault(text) for text in faults], 1))

    def carry() -> Process:
        arrived.append((yield from link(producer, receiver).carry(100, 1, Passage())))

    clock.start(carry())
    clock.run_until(60.0)
    return arrived == [True]


@pytest.mark.parametrize(("producer", "receiver", "target"), WAYS)
def test_a_message_takes_the_link_between_its_parties(producer: Party, receiver: Party, target: str) -> None:
    assert way(producer, receiver).name == LINKS[target]


@pytest.mark.parametrize(("producer", "receiver", "target"), WAYS)
def test_only_the_partition_of_its_own_link_keeps_a_message_from_arriving(
    producer: Party, receiver: Party, target: str
) -> None:
    others = [f"{name}:partition" for name in LINKS if name != target]
    assert arrives(producer, receiver, *others)
    assert not arrives(producer, receiver, f"{target}:partition")


def test_what_a_system_tells_itself_is_never_lost() -> None:
    assert way(Party.DMS, Party.DMS).name == WITHIN
    assert arrives(Party.DMS, Party.DMS, *(f"{name}:partition" for name in LINKS))


def test_an_order_that_was_written_over_scada_is_not_lost_again_but_may_be_late() -> None:
    """It is the exchange before it that a parted link refuses: then there is no message."""
    ends = (Party.DMS, Party.CAPACITOR_CONTROLS)
    assert way(*ends).name == LINKS["scada"]
    assert arrives(*ends, "scada:partition", "scada:loss=1")
    assert not arrives(*ends, "scada:delay=90")
