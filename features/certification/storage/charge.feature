@storage
Feature: A battery knows its charge and keeps to its limits
  What it tells is held against the energy that the analyzer saw.

  Background:
    Given the battery under test at rest at rated voltage and frequency

  @clause-SOC
  Scenario: The told charge moves as energy does
    When its state of charge is tried
    Then everything that was measured of it is inside its limits

  @clause-FULL
  Scenario: Charging ends at full
    When its limit at full is tried
    Then everything that was measured of it is inside its limits

  @clause-EMPTY
  Scenario: Discharging ends at empty
    When its limit at empty is tried
    Then everything that was measured of it is inside its limits

  @clause-RESERVE
  Scenario: A reserve is kept
    When its reserve is tried
    Then everything that was measured of it is inside its limits
