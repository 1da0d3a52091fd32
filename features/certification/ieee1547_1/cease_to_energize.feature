@ieee1547.1
Feature: Equipment ceases to energize when its permit is withdrawn, and comes back as it enters service
  IEEE 1547-2018 4.5 and 4.6.1; the number of the clause of IEEE 1547.1-2020 that tests it is unconfirmed. The permit is
  withdrawn beside full vars injected and absorbed, and of equipment that can, while it absorbs active power.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.6-cease-to-energize
  Scenario: It ceases to energize when its permit is withdrawn
    Given every function is off
    When its permit is withdrawn while it delivers, and given back
    Then everything that was measured is inside its limits
