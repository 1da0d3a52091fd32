"""What must hold physically, whatever the messages say."""

from pytest_bdd import then

from bench.story import Story


@then("every meter is back in Range A and stays there")
def range_a_holds(story: Story) -> None:
    """Judge all service voltages from here to the end of the scenario."""
    story.prove_range_a()


@then("the event is closed, as every meter has been back in Range A for long enough")
def event_closed(story: Story) -> None:
    """Wait for what the meters themselves find."""
    story.await_closing()


@then("every tap and bank is where it was put, and every meter has been in Range A since")
def recovered(story: Story) -> None:
    """Judge taps, banks and service voltages up to now."""
    story.prove_recovery()


@then("every tap and bank stays where it was put")
def positions_hold(story: Story) -> None:
    """Judge all tap changers and banks, and what their controls report, at the end of the scenario."""
    story.prove_positions()
