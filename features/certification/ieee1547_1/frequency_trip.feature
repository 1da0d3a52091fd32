@ieee1547.1
Feature: Equipment trips for frequency
  IEEE 1547.1-2020 clause 5.5.1. Just inside the level nothing trips; beyond it the device ceases to energize in its
  clearing time, not before it, and stays out when the grid is back:
  at both ends of the range of adjustment, five times each.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.5.1
  Scenario Outline: Frequency trip <stage>, <setting> setting
    Given every function is off
    When the grid goes just inside and beyond <stage> at its <setting> setting
    Then nothing trips just inside the level
    And everything that was measured is inside its limits

    Examples:
      | stage | setting  |
      | OF1   | shortest |
      | OF1   | longest  |
      | OF2   | shortest |
      | OF2   | longest  |
      | UF1   | shortest |
      | UF1   | longest  |
      | UF2   | shortest |
      | UF2   | longest  |
