@ieee1547.1
Feature: Reactive power follows active power
  IEEE 1547.1-2020 clause 5.14.8. The power that is offered steps through the corners of generation and back.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.14.8
  Scenario Outline: Watt-var characteristic <curve> at <level> % of rated power
    Given every function is off but watt-var with characteristic "<curve>"
    And <level> % of rated power is offered
    When the stimulus steps through the characteristic
    Then each response is inside its band when the response time is over
    And each response is inside its band at rest
    And it has delivered active power all the time

    Examples:
      | curve | level |
      | 1     | 100   |
      | 2     | 100   |
      | 3     | 100   |
