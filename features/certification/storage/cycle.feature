@storage
Feature: A battery gives back what it took
  Over a full cycle, and after a long rest.

  Background:
    Given the battery under test at rest at rated voltage and frequency

  @clause-CYCLE
  Scenario: Full cycle
    When its full cycle is tried
    Then everything that was measured of it is inside its limits

  @clause-STANDBY
  Scenario: Self-discharge at rest
    When its self-discharge is tried
    Then everything that was measured of it is inside its limits
