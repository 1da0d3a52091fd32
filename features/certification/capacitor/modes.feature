@capacitor
Feature: A capacitor control switches its bank by its mode
  Below and above its thresholds it closes and opens, between them it does nothing. What counts is what its contacts do.

  @clause-VLT-1
  Scenario: By voltage
    When the voltage goes in steps beyond each threshold of the voltage mode
    Then what was seen of it is inside its limits

  @clause-VAR-1
  Scenario Outline: By vars at <angle> degrees
    When vars at <angle> degrees go in steps beyond each threshold of the VAR mode
    Then what was seen of it is inside its limits

    Examples:
      | angle |
      | 90    |
      | 45    |

  @clause-TMP-1
  Scenario: By temperature
    When the temperature goes in steps beyond each threshold of the temperature mode
    Then what was seen of it is inside its limits

  @clause-DLY-1
  Scenario: After its delays, which begin anew
    When the voltage leaves the band, returns, and leaves it again
    Then what was seen of it is inside its limits
