@ieee1547.1
Feature: Reactive power is what was commanded
  IEEE 1547.1-2020 clauses 5.14.3 and 5.14.7. Active power, voltage and the balance of the phases are disturbed; the
  analyzer's reactive power is held against the command after 10 s, the longest response time, and at rest. Switched
  off, the device gives none. Equipment with storage goes through it once more while it absorbs active power; to other
  equipment that does not apply. Its DC voltage is not varied: the rig offers power there, and no voltage.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.14.3
  Scenario Outline: Constant power factor, <setting>
    Given every function is off
    When power and voltage are disturbed at the power factor "<setting>"
    Then each response is inside its band when the response time is over
    And each response is inside its band at rest

    Examples:
      | setting          |
      | least injecting  |
      | least absorbing  |
      | middle injecting |
      | middle absorbing |

  @clause-5.14.7
  Scenario Outline: Constant reactive power, <setting>
    Given every function is off
    When power and voltage are disturbed at the reactive power "<setting>"
    Then each response is inside its band when the response time is over
    And each response is inside its band at rest

    Examples:
      | setting        |
      | all injecting  |
      | all absorbing  |
      | half injecting |
      | half absorbing |
