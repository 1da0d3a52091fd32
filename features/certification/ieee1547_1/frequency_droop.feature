@ieee1547.1
Feature: Active power follows frequency
  IEEE 1547.1-2020 clauses 5.15.2 and 5.15.3. Frequency is ramped to both sides of the deadband's edge, on to the end of
  continuous operation, and back. What is owed begins at the power of before; equipment that can absorb goes on to do so.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.15.2
  Scenario Outline: Frequency-droop <curve> above nominal from <level> % of rated power
    Given every function is off
    When frequency rises from <level> % of rated power with droop "<curve>"
    Then everything that was measured is inside its limits

    Examples:
      | curve | level |
      | 1     | 100   |
      | 1     | 20    |
      | 1     | 66    |
      | 2     | 100   |
      | 2     | 20    |
      | 2     | 66    |
      | least | 100   |

  @clause-5.15.3
  Scenario Outline: Frequency-droop <curve> below nominal
    Given every function is off
    When frequency falls with droop "<curve>"
    Then everything that was measured is inside its limits

    Examples:
      | curve |
      | 1     |
      | 2     |
      | least |
