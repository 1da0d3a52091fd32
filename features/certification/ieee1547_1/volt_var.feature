@ieee1547.1
Feature: Reactive power follows voltage
  IEEE 1547.1-2020 clause 5.14.4. The source steps through all corners of a characteristic, up, back, down and back.
  After each step the analyzer's reactive power is held against the curve over the analyzer's voltage: when the
  open-loop response time is over, and at rest.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.14.4
  Scenario Outline: Volt-var characteristic <curve> at <level> % of rated power
    Given every function is off but volt-var with characteristic "<curve>"
    And <level> % of rated power is offered
    When the stimulus steps through the characteristic
    Then each response is inside its band when the response time is over
    And each response is inside its band at rest
    And it has delivered active power all the time

    Examples:
      | curve | level |
      | 1     | 100   |
      | 1     | 20    |
      | 1     | 66    |
      | 2     | 100   |
      | 3     | 100   |
