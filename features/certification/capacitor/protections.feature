@capacitor
Feature: A capacitor control protects bank and feeder before it follows its mode
  An override of voltage beats the mode; a bank that discharges, whose neutral carries current, or that has been switched
  often enough for a day stays as it is; and a potential that is lost is no low voltage.

  @clause-OVR-1
  Scenario: The override acts at its limits
    When the voltage goes in steps beyond each threshold of the override
    Then what was seen of it is inside its limits

  @clause-PRI-1
  Scenario Outline: The override beats the <mode> mode
    When the voltage asks for one thing and the <mode> mode for the other
    Then what was seen of it is inside its limits

    Examples:
      | mode        |
      | var         |
      | temperature |
      | time        |

  @clause-DIS-1
  Scenario: SCADA cannot close a bank that discharges
    When SCADA tries to close the bank while it discharges
    Then what was seen of it is inside its limits

  @clause-DIS-1
  Scenario: The mode waits until the bank is discharged
    When the mode wants the bank open and at once closed again
    Then what was seen of it is inside its limits

  @clause-LIM-1
  Scenario: The daily limit holds until midnight
    When the mode wants one operation more than the daily limit allows
    Then what was seen of it is inside its limits

  @clause-NEU-1
  Scenario: A neutral current opens the bank and locks it out
    When a current flows in the neutral of the bank, and ends
    Then what was seen of it is inside its limits

  @clause-LOS-1
  Scenario: A lost potential switches nothing
    When the potential is lost and comes back
    Then what was seen of it is inside its limits
