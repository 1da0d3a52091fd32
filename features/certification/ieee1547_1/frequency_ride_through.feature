@ieee1547.1
Feature: Equipment rides through low and high frequencies, fast changes, and changes of angle
  IEEE 1547.1-2020 clause 5.5. Frequency moves at the rate of the device's abnormal operating category. The clauses of
  fast changes and of changes of angle are known by their subject only: their numbers are unconfirmed.

  Background:
    Given the device under test in service at rated voltage and frequency
    And every function is off
    And its trips are as wide as they go

  @clause-5.5.3
  Scenario: Low-frequency ride-through
    When frequency is low for as long as it has to ride through, again and again
    Then everything that was measured is inside its limits

  @clause-5.5.4
  Scenario: High-frequency ride-through
    When frequency is high for as long as it has to ride through, again and again
    Then everything that was measured is inside its limits

  @clause-5.5-ROCOF
  Scenario: Rate of change of frequency
    When frequency changes as fast as its category has to stand, again and again
    Then everything that was measured is inside its limits
    And the device under test is one that could have failed at a rate of change of frequency

  @clause-5.5-phase-angle
  Scenario: Changes of the voltages' phase angle
    When the voltages' angles change by steps, again and again
    Then everything that was measured is inside its limits
    And the device under test is one that could have failed at a change of phase angle
    And the analyzer has seen all angles change
