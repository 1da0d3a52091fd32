@ltc
Feature: A tap-changer control stays within its limits
  Of the tap position, of the first customer's voltage, and without a voltage that it could go by.

  @clause-TAP-LIMITS
  Scenario Outline: Tap limits <case>
    When the taps come to the limits "<case>"
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | case                           |
      | of the whole travel, -16 to 16 |
      | of -8 to 8                     |

  @clause-VOLTAGE-LIMITS
  Scenario Outline: Voltage limit, <case>
    When the voltage passes the "<case>"
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | case                                  |
      | level from which on it does not raise |
      | level below which it does not lower   |

  @clause-RUN-BACK
  Scenario: Run-back
    When the voltage goes beyond the level of run-back
    Then everything that was taken at its contacts is inside its limits

  @clause-LOST-POTENTIAL
  Scenario Outline: Lost potential, <case>
    When the sensed voltage is lost below the "<case>"
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | case                                    |
      | level below which its potential is lost |
