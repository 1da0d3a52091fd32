@ltc
Feature: Voltage reduction comes at once
  Each stage moves the band down by its step.

  @clause-REDUCTION
  Scenario Outline: Voltage reduction by stage <stage>
    When SCADA reduces the voltage by stage <stage>
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | stage |
      | 1     |
      | 2     |
      | 3     |
