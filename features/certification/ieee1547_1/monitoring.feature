@ieee1547.1
Feature: Equipment says the truth about its terminals
  IEEE 1547.1-2020 clause 6.7, against the minimum measurement accuracy of IEEE 1547-2018 Table 3.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-6.7
  Scenario: Readings agree with the analyzer
    Given every function is off
    When its readings are compared in each state of the suite
    Then everything that was measured is inside its limits

  @clause-6.7
  Scenario: Its states agree with what it does
    Given every function is off
    When its state is compared out of service and in it
    Then everything that was measured is inside its limits
