"""What must hold physically, whatever the messages say."""

from pytest_bdd import parsers, then, when

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


@then(parsers.parse("the sequences of branch {branch} ran at the same time"))
def concurrent(story: Story, branch: str) -> None:
    """Judge when their rows were met."""
    story.prove_concurrent(branch)


@then("the customers are called until the authorized reduction is reached or nobody is left")
def response_tracked(story: Story) -> None:
    """Wait for the last request, and for everything that it brings about."""
    story.await_response()


@then("nobody asks for a reduction of load, as the resources suffice")
def sufficient(story: Story) -> None:
    """Let the rest of the scenario pass; the rows that stay away are judged at its end."""
    story.prove_sufficient()


@then("every tap and bank stays where it was put")
def positions_hold(story: Story) -> None:
    """Judge all tap changers and banks, and what their controls report, at the end of the scenario."""
    story.prove_positions()


@then("what resources and customers give is at least what was required")
def relieved(story: Story) -> None:
    """Judge power at terminals and loads against the plan, or the constraint."""
    story.prove_relief()


@then("every resource has held its power to its command while that was in force")
def commands_held(story: Story) -> None:
    """Judge each command against what another source than the resource measured."""
    story.prove_commands()


@then("every battery has given and stored the energy that flowed at its terminal")
def energy_balanced(story: Story) -> None:
    """Judge state of charge by its registers against power integrated over time."""
    story.prove_energy()


@then("the total load affected is what the called customers' loads lack")
def load_affected_true(story: Story) -> None:
    """Judge the MDMS's result against the feeder model."""
    story.prove_load_affected()


@when("the power at the feeder's head is noted")
def head_power_noted(story: Story) -> None:
    """Take it for what flows before a reduction."""
    story.note_head_power()


@then(parsers.parse("the feeder's head takes at least {required_kw:g} kW less than was noted"))
def head_power_reduced(story: Story, required_kw: float) -> None:
    """Judge the plant's power at the feeder's head."""
    story.prove_head_reduction(required_kw)
