@ieee1547.1
Feature: Where functions meet, the right one comes first
  IEEE 1547.1-2020 clause 5.16. The lower of volt-watt and frequency-droop holds; a limit of active power sets where a
  droop begins and does not hold back the rise that low frequency asks for. Vars follow their own mode meanwhile.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.16
  Scenario Outline: Prioritization with <mode>
    Given every function is off
    When voltage and frequency change while volt-watt, frequency-droop, a limit and <mode> are in force
    Then everything that was measured is inside its limits

    Examples:
      | mode                    |
      | volt-var                |
      | watt-var                |
      | constant reactive power |
      | constant power factor   |
