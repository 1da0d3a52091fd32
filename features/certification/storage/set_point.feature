@storage
Feature: A battery follows its set-point
  In time, without going beyond it, in both directions and between them.

  Background:
    Given the battery under test at rest at rated voltage and frequency

  @clause-RATINGS
  Scenario: Ratings and charge are stated
    When its statement of itself is tried
    Then everything that was measured of it is inside its limits

  @clause-STEP
  Scenario Outline: Set-point steps <case>
    When its set-point steps <case>
    Then everything that was measured of it is inside its limits

    Examples:
      | case                         |
      | from rest to discharging     |
      | from rest to charging        |
      | from charging to discharging |
      | from discharging to charging |
      | from discharging to rest     |
      | from charging to rest        |

  @clause-TRACKING
  Scenario: A signal is tracked level by level
    When its tracking of a signal is tried
    Then everything that was measured of it is inside its limits

  @clause-RAMP
  Scenario: Generated power rises as fast as it was set
    When its ramp rate is tried
    Then everything that was measured of it is inside its limits

  @clause-SYMMETRY
  Scenario: Charging and discharging are alike
    When its symmetry is tried
    Then everything that was measured of it is inside its limits

  @clause-QUADRANTS
  Scenario: Active power and vars of all signs
    When its four quadrants is tried
    Then everything that was measured of it is inside its limits
