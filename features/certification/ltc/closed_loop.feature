@ltc
Feature: The loop of control and tap changer comes to rest
  The voltage behind the taps steps; each operation moves what the control senses.

  @clause-LOOP
  Scenario Outline: Closed loop with <case>
    When the loop is closed upon "<case>"
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | case                 |
      | a voltage that falls |
      | a voltage that rises |
