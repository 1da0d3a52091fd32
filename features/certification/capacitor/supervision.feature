@capacitor
Feature: A capacitor control is supervised over its link
  It says who it is, keeps what it is set to, tells what is true, and obeys SCADA where it has to and only there.

  @clause-IDN-1
  Scenario: It says who it is
    When it is asked who it is
    Then what was seen of it is inside its limits

  @clause-SET-1
  Scenario: It keeps its settings, and refuses such as cannot work
    When it is set as the suite wants it, and then as cannot work
    Then what was seen of it is inside its limits

  @clause-SEN-1
  Scenario: It tells what it senses
    When voltage, current and their angle go through the states of the suite
    Then what was seen of it is inside its limits

  @clause-CMD-1
  Scenario: It follows each command of SCADA once
    When SCADA closes and opens the bank in automatic
    Then what was seen of it is inside its limits

  @clause-MAN-1
  Scenario: In manual it does nothing by itself
    When it is left to SCADA, and then to itself again
    Then what was seen of it is inside its limits

  @clause-MAN-1
  Scenario: In local it refuses SCADA
    When SCADA commands and sets it while its panel is on local
    Then what was seen of it is inside its limits

  @clause-BLK-1
  Scenario: A block stops its mode, and not SCADA
    When it is blocked, commanded by SCADA, and freed
    Then what was seen of it is inside its limits

  @clause-CNT-1
  Scenario: It tells where the switch stands and how often it moved
    When the bank is operated by the mode, and by hand
    Then what was seen of it is inside its limits
