@ltc
Feature: What a tap-changer control says is so
  Readings beside the source, positions beside the mechanism, settings when others were written after them.

  @clause-READINGS
  Scenario: Readings
    When its readings are compared with the source
    Then everything that was taken at its contacts is inside its limits

  @clause-SETTINGS
  Scenario: Settings
    When each of its settings is written twice
    Then everything that was taken at its contacts is inside its limits
