@ltc
Feature: Reverse power is dealt with as its mode says
  Power flows towards the source.

  @clause-REVERSE
  Scenario Outline: Reverse power in the mode <mode>
    When power is reversed in the mode "<mode>"
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | mode          |
      | cogeneration  |
      | idle          |
      | neutral       |
      | bidirectional |
