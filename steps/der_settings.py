"""What an operator at the SCADA console has inverters adopt, and what instruments show of it."""

from pytest_bdd import given, then, when

from bench.story import Story


@given("inverters at rest whose voltage and vars are measured")
def inverters_measured(story: Story) -> None:
    """Let the bench run for a moment, and measure the voltage at each inverter."""
    story.rest()
    story.require(story.volt_var.is_measured(), "not every inverter has a voltage in which it operates")


@when("SCADA has each of them in turn adopt a curve on whose slope it is, and takes it back")
def try_slope(story: Story) -> None:
    """Lay a slope around the present voltage of each, and let its vars settle."""
    story.volt_var.try_slope()


@when("SCADA has each of them in turn absorb by its curve, then inject, and takes it back")
def try_levels(story: Story) -> None:
    """Send each from one level of vars to another."""
    story.volt_var.try_levels()


@then("each has adopted what it was given")
def adopted(story: Story) -> None:
    """Judge that the handshake of each came to its end, with the curve in force that was written."""
    story.require(story.volt_var.adopts(), "not every inverter has adopted its curve")


@then("its vars were what its curves give at the voltage that was measured")
def followed(story: Story) -> None:
    """Judge vars against the curve, both as analyzer or feeder measure them."""
    story.require(story.volt_var.follows(), "an inverter does not follow its curve")


@then("it went nine tenths of the way in the response time of its curve")
def responded(story: Story) -> None:
    """Judge the time of the way from absorbing to injecting."""
    story.require(story.volt_var.responds(), "an inverter is slower or faster than its curve says")
