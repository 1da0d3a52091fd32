@ieee1547.1
Feature: Equipment trips for undervoltage
  IEEE 1547.1-2020 clause 5.4.3. Just inside the level nothing trips; beyond it the device ceases to energize in its
  clearing time, not before it, and stays out when the grid is back:
  all phases together and each by itself, five times each.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.4.3
  Scenario Outline: Undervoltage trip <stage>, <setting> setting
    Given every function is off
    When the grid goes just inside and beyond <stage> at its <setting> setting
    Then nothing trips just inside the level
    And everything that was measured is inside its limits

    Examples:
      | stage | setting  |
      | UV1   | shortest |
      | UV1   | longest  |
      | UV2   | shortest |
      | UV2   | longest  |
