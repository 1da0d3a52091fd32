@ieee1547.1
Feature: Active power falls with high voltage
  IEEE 1547.1-2020 clause 5.14.9. The source steps over both corners and back; what the curve allows is capped by what
  is offered.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.14.9
  Scenario Outline: Volt-watt characteristic <curve> at <level> % of rated power
    Given every function is off but volt-watt with characteristic "<curve>"
    And <level> % of rated power is offered
    When the stimulus steps through the characteristic
    Then each response is inside its band when the response time is over
    And each response is inside its band at rest

    Examples:
      | curve | level |
      | 1     | 100   |
      | 1     | 20    |
      | 1     | 66    |
      | 2     | 100   |
      | 3     | 100   |
