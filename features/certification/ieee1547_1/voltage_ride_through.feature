@ieee1547.1
Feature: Equipment rides through low and high voltages
  IEEE 1547.1-2020 clauses 5.4.4 and 5.4.7. The source plays the sequences of the device's abnormal operating category;
  the analyzer's current is held against what each stage asks for. Volt-var is on as delivered, volt-watt is off. All
  phases are disturbed together: none of the sources asks for each by itself, as they do of trips.

  Background:
    Given the device under test in service at rated voltage and frequency
    And every function is off but volt-var with characteristic "1"
    And its trips are as wide as they go

  @clause-5.4.4
  Scenario Outline: Low-voltage ride-through at <level> % of rated power
    When voltage sags as its category has to ride through, at <level> % of rated power
    Then everything that was measured is inside its limits

    Examples:
      | level |
      | 100   |
      | 40    |

  @clause-5.4.7
  Scenario Outline: High-voltage ride-through at <level> % of rated power
    When voltage swells as its category has to ride through, at <level> % of rated power
    Then everything that was measured is inside its limits

    Examples:
      | level |
      | 100   |
      | 40    |
