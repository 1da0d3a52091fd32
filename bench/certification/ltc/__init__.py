"""The type tests of a tap-changer control."""
