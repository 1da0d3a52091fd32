"""What must hold physically, whatever the messages say."""

from pytest_bdd import then

from bench.story import Story


@then("every meter is back in Range A and stays there")
def range_a_holds(story: Story) -> None:
    """Judge all service voltages from here to the end of the scenario."""
    story.prove_range_a()
