@ieee1547.1
Feature: Equipment states what it is, and holds what it is told
  IEEE 1547.1-2020 clauses 6.4 to 6.6: nameplate, configuration and settings over the local interface. What is stated
  and held is read back, and active power is measured beside it.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-6.4
  Scenario: Its nameplate is whole, fits together, and is true
    Given every function is off
    When its nameplate is read
    Then everything that was measured is inside its limits

  @clause-6.5
  Scenario: Its ratings can be configured to less, and it obeys
    Given every function is off
    When each of its ratings is configured to less and back
    Then everything that was measured is inside its limits

  @clause-6.6
  Scenario: Its functions keep what they are set to
    Given every function is off
    When each of its functions is set at each point of the suite
    Then everything that was measured is inside its limits
