"""What the world does to the feeder: given by the test, and not by any row."""

from pytest_bdd import given, when

from bench.story import Story


@given("a clear early afternoon on the feeder")
def clear_afternoon(story: Story) -> None:
    """Let the bench come to rest under a clear sky."""
    story.calm()


@when("a cloud front passes over the feeder")
def cloud_front(story: Story) -> None:
    """Let the bench file's cloud front begin now."""
    story.release_cloud()


@when("the load of the next day turns out above its forecast")
def load_above_forecast(story: Story) -> None:
    """Let the bench file's load rise begin at its time."""
    story.raise_load()


@when("a transmission line is taken out of service")
def line_out(story: Story) -> None:
    """Take the bench file's line out."""
    story.take_line_out()


@when("a customer tries to override at the display and at the energy management system")
def override_attempt(story: Story) -> None:
    """Let somebody try it, with the right code."""
    story.try_override()


@given("an evening on which the grid is whole and every control is at rest")
@given("the evening before a working day")
def evening(story: Story) -> None:
    """Let the bench come to rest."""
    story.rest()


@when("the heat of the afternoon raises the load under the cloud")
def heat(story: Story) -> None:
    """Let the bench file's load rise begin now."""
    story.release_heat()
