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


@when("the heat of the afternoon raises the load under the cloud")
def heat(story: Story) -> None:
    """Let the bench file's load rise begin now."""
    story.release_heat()
