@ieee1547.1
Feature: Reactive power follows the voltage of all phases, around a reference that may follow too
  IEEE 1547.1-2020 clauses 5.14.5 and 5.14.6, with the default characteristic of the category.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.14.5
  Scenario Outline: Autonomous reference voltage, time constant <seconds> s
    Given every function is off
    When the voltage steps up and down while its reference follows with <seconds> s
    Then everything that was measured is inside its limits

    Examples:
      | seconds |
      | 300     |
      | 5000    |

  @clause-5.14.6
  Scenario Outline: Unbalanced voltages, <angles>
    Given every function is off but volt-var with characteristic "1"
    And 100 % of rated power is offered
    When the voltages are unbalanced with the angles "<angles>"
    Then each response is inside its band when the response time is over
    And each response is inside its band at rest
    And it has delivered active power all the time

    Examples:
      | angles           |
      | symmetric        |
      | no zero sequence |
