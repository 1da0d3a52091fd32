@ltc
Feature: A tap-changer control takes its time
  The delay begins when voltage leaves the band, and anew after a return; operations follow at the inter-tap delay.

  @clause-DELAY
  Scenario Outline: Definite delay <case>
    When the voltage leaves the band under the definite delay "<case>"
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | case    |
      | of 30 s |
      | of 60 s |
      | of 10 s |

  @clause-INVERSE
  Scenario Outline: Inverse delay <case>
    When the voltage leaves the band under the inverse delay "<case>"
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | case              |
      | 2 half bands away |
      | 4 half bands away |

  @clause-INTER-TAP
  Scenario Outline: Inter-tap delay <case>
    When the voltage stays outside of the band under the inter-tap delay "<case>"
    Then everything that was taken at its contacts is inside its limits

    Examples:
      | case    |
      | of 5 s  |
      | of 15 s |
