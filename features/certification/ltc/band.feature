@ltc
Feature: A tap-changer control keeps voltage in its band
  It raises below its band, lowers above it, and does nothing inside. All of that is taken at its contacts.

  @clause-BAND
  Scenario Outline: Band <case>
    When the voltage goes to both edges of the band "<case>"
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | case                  |
      | of 2 V around 120 V   |
      | of 3 V around 123.5 V |
      | of 1.5 V around 117 V |
