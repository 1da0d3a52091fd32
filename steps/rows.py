"""The rows of the use case: people's rows are performed, all others are observed."""

from pytest_bdd import parsers, then, when

from bench.story import Story

ROW = parsers.re(r"row (?P<number>[^\s:]+): (?P<sentence>.+)")


@when(ROW)
def person_acts(story: Story, number: str, sentence: str) -> None:
    """Let a person do what the row says, and see it arrive."""
    story.require_wording(number, sentence)
    story.perform(number)


@then(ROW)
def row_is_observed(story: Story, number: str, sentence: str) -> None:
    """Wait for what the row says; nothing here makes it happen."""
    story.require_wording(number, sentence)
    story.observe(number)
