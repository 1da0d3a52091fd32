@ieee1547.1
Feature: Active power is limited on command
  IEEE 1547.1-2020 clause 5.13.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.13
  Scenario: Active power stays below each limit
    Given every function is off
    When active power is limited to each level, again and again
    Then everything that was measured is inside its limits
