@controls
Feature: Tap-changer and capacitor controls keep their blocks and their lockout
  The story of a cloud gives a good control no reason to act against a block, nor to close a bank that discharges.
  Here an operator at the SCADA console gives each of them that reason, and the plant's taps and switches show what
  the control does.

  Background:
    Given a feeder at rest under a clear sky

  @controls-1
  Scenario: A blocked capacitor control leaves its bank alone, but obeys SCADA
    When SCADA blocks the VAR logic of every bank
    And SCADA closes every bank
    Then every bank has closed
    When SCADA moves the thresholds of every bank so that its VAR logic would open it
    Then no bank moves
    When SCADA frees the VAR logic of every bank
    Then every bank opens when its delay is over

  @controls-2
  Scenario: A discharging bank refuses to close
    When SCADA closes every bank
    Then every bank has closed
    When SCADA opens every bank
    Then every bank has opened
    When SCADA closes every bank
    Then every bank stays open until it is discharged, and its control says that it is busy
    When SCADA closes every bank
    Then every bank has closed

  @controls-3
  Scenario: A blocked tap changer stays
    When SCADA blocks every tap changer
    And SCADA moves the band of every tap changer so that it would lower
    Then no tap changer moves
    When SCADA frees every tap changer
    Then every tap changer lowers when its delay is over
