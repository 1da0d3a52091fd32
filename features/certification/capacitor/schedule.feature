@capacitor
Feature: A capacitor control follows its schedule
  Its clock is set to shortly before each moment of a week, and once left to itself for a whole day.

  @clause-TIM-1
  Scenario: A schedule within the day, on some days of the week
    When the clock comes to each moment of a schedule within the day
    Then what was seen of it is inside its limits

  @clause-TIM-1
  Scenario: A schedule over midnight
    When the clock comes to each moment of a schedule over midnight
    Then what was seen of it is inside its limits

  @clause-CLK-1
  Scenario: A whole day by its own clock
    When a whole day passes by its own clock
    Then what was seen of it is inside its limits
