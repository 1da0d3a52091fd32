@isolation
Feature: The utility isolates a customer's inverter, and the customer cannot undo it
  In an emergency the utility takes a customer's inverter off the grid over its own interface. The customer's energy
  management system has another one, with all of the inverter's functions, and tries to bring it back.

  @isolation-1
  Scenario: An isolated inverter stays off until the utility itself releases it
    Given customers' inverters that deliver
    When the utility isolates them from the grid
    And the customer's own system tries to reconnect them
    Then they deliver nothing
    When the utility releases them
    Then they return to service
