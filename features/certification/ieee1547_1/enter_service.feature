@ieee1547.1
Feature: Equipment enters service when the grid is fit for it, and not before
  IEEE 1547.1-2020 clause 5.6, cases of Table 11; in those that are drawn each entry has a delay of its own.

  Background:
    Given the device under test in service at rated voltage and frequency

  @clause-5.6
  Scenario Outline: Enter service, <case> settings
    Given every function is off
    When the grid comes and goes as in the case "<case>"
    Then everything that was measured is inside its limits

    Examples:
      | case           |
      | default        |
      | longest        |
      | shortest       |
      | drawn          |
      | longest drawn  |
      | shortest drawn |
