"""What utility and customer do about an emergency isolation, and what the feeder and the credit meters show of it."""

from pytest_bdd import given, then, when

from bench.story import Story


@given("customers' inverters that deliver")
def inverters_deliver(story: Story) -> None:
    """Let the bench run for a moment, and measure that there is power to be lost."""
    story.rest()
    story.require(story.isolation.delivers(), "not every customer's inverter delivers")


@when("the utility isolates them from the grid")
def isolate(story: Story) -> None:
    """Withdraw the permission to be in service over the utility's own interface."""
    story.isolation.isolate()


@when("the customer's own system tries to reconnect them")
def try_to_reconnect(story: Story) -> None:
    """Permit service over the customer's interface; whether that was refused is kept."""
    story.isolation.customer_tries_to_reconnect()


@when("the utility releases them")
def release(story: Story) -> None:
    """Permit service over the utility's own interface."""
    story.isolation.release()


@then("they deliver nothing")
def deliver_nothing(story: Story) -> None:
    """Judge power at the feeder and energy in the credit meters, longer than a return to service takes to show."""
    story.require(story.isolation.delivers_nothing(), "an isolated inverter has to deliver nothing")


@then("they return to service")
def return_to_service(story: Story) -> None:
    """Judge power at the feeder when the enter-service delay and its ramp are over."""
    story.require(story.isolation.returns_to_service(), "not every inverter has returned to service")
