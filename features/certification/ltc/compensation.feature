@ltc
Feature: Line-drop compensation moves the band by what the line takes
  R and X, with currents at several angles.

  @clause-LDC
  Scenario Outline: Line-drop compensation by <case>
    When the current turns under the compensation "<case>"
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | case                  |
      | R of 6 V              |
      | X of 5 V              |
      | R of 4 V and X of 3 V |
