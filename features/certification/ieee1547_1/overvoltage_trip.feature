@ieee1547.1
Feature: Equipment trips for overvoltage
  IEEE 1547.1-2020 clause 5.4.2. Just inside the level nothing trips; beyond it the device ceases to energize in its
  clearing time, not before it, and stays out when the grid is back:
  all phases together and each by itself, five times each.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.4.2
  Scenario Outline: Overvoltage trip <stage>, <setting> setting
    Given every function is off
    When the grid goes just inside and beyond <stage> at its <setting> setting
    Then nothing trips just inside the level
    And everything that was measured is inside its limits

    Examples:
      | stage | setting  |
      | OV1   | shortest |
      | OV1   | longest  |
      | OV2   | fixed    |
