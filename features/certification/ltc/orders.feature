@ltc
Feature: A tap-changer control obeys those who may command it
  Block, SCADA-manual, the switch on its panel, and the counter of what it did.

  @clause-BLOCK
  Scenario: Blocked
    When SCADA blocks the control outside of its band
    Then everything that was taken at its contacts is inside its limits

  @clause-MANUAL
  Scenario: Automatic and SCADA-manual
    When SCADA takes the taps over
    Then everything that was taken at its contacts is inside its limits

  @clause-LOCAL
  Scenario: Remote and local
    When its panel is switched to local
    Then everything that was taken at its contacts is inside its limits

  @clause-COUNTER
  Scenario: Operation counter
    When it operates by itself and by SCADA
    Then everything that was taken at its contacts is inside its limits
