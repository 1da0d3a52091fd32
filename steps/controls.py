"""What an operator at the SCADA console tries on the controls, and what their apparatus has to do."""

from pytest_bdd import given, then, when

from bench.story import Story


@given("a feeder at rest under a clear sky")
def feeder_at_rest(story: Story) -> None:
    """Let the bench run for a moment, with nothing happening."""
    story.rest()


@when("SCADA closes every bank")
def close_banks(story: Story) -> None:
    """Order every capacitor control; what it says against it is kept."""
    story.controls.order_banks(close=True)


@when("SCADA opens every bank")
def open_banks(story: Story) -> None:
    """Order every capacitor control; what it says against it is kept."""
    story.controls.order_banks(close=False)


@when("SCADA blocks the VAR logic of every bank")
def block_banks(story: Story) -> None:
    """Write the block, and read it back."""
    story.controls.block_banks(blocked=True)


@when("SCADA frees the VAR logic of every bank")
def free_banks(story: Story) -> None:
    """Take the block back."""
    story.controls.block_banks(blocked=False)


@when("SCADA moves the thresholds of every bank so that its VAR logic would open it")
def tempt_banks(story: Story) -> None:
    """Give the VAR logic a reason to act."""
    story.controls.tempt_banks()


@when("SCADA blocks every tap changer")
def block_tap_changers(story: Story) -> None:
    """Write the block, and read it back."""
    story.controls.block_tap_changers(blocked=True)


@when("SCADA frees every tap changer")
def free_tap_changers(story: Story) -> None:
    """Take the block back."""
    story.controls.block_tap_changers(blocked=False)


@when("SCADA moves the band of every tap changer so that it would lower")
def tempt_tap_changers(story: Story) -> None:
    """Give the control a reason to act."""
    story.controls.tempt_tap_changers()


@then("every bank has closed")
def banks_closed(story: Story) -> None:
    """Judge the plant's switches."""
    story.require(story.controls.banks_follow(closed=True), "not every bank has closed")


@then("every bank has opened")
def banks_opened(story: Story) -> None:
    """Judge the plant's switches."""
    story.require(story.controls.banks_follow(closed=False), "not every bank has opened")


@then("no bank moves")
def banks_stay(story: Story) -> None:
    """Judge the plant's switches for twice the delay that their controls have."""
    story.require(story.controls.banks_stay_blocked(), "a blocked bank moves")


@then("every bank opens when its delay is over")
def banks_open(story: Story) -> None:
    """Judge when the plant's switches opened: it shows that the block, and nothing else, held them."""
    story.require(story.controls.banks_open_after_delay(), "not every freed bank opens in its time")


@then("every bank stays open until it is discharged, and its control says that it is busy")
def banks_discharge(story: Story) -> None:
    """Judge the plant's switches over the discharge time, and what the controls answered to the close."""
    story.require(story.controls.banks_discharge(), "a bank that discharges has to stay open")


@then("no tap changer moves")
def tap_changers_stay(story: Story) -> None:
    """Judge the plant's taps for twice the delay that their controls have."""
    story.require(story.controls.tap_changers_stay_blocked(), "a blocked tap changer moves")


@then("every tap changer lowers when its delay is over")
def tap_changers_lower(story: Story) -> None:
    """Judge when the plant's taps moved: it shows that the block, and nothing else, held them."""
    story.require(story.controls.tap_changers_lower_after_delay(), "not every freed tap changer lowers in its time")
