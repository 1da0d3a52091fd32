@sunspec
Feature: The SunSpec interface is what its clients expect
  By the outline of the SunSpec Modbus conformance procedures for IEEE 1547-2018. The interface is examined frame by
  frame, and read by pysunspec2's own client as well; commands are judged by the analyzer.

  Background:
    Given the device under test with an interface to be examined

  @clause-DEV-1
  Scenario: It is found at one legal base address, and its chain of models ends
    When it is examined for its discovery
    Then nothing is found against it

  @clause-DEV-2
  Scenario: It says who it is
    When it is examined for its common model
    Then nothing is found against it

  @clause-MOD-1
  Scenario: Its models have their published lengths and mandatory points
    When it is examined for its implementation
    Then nothing is found against it

  @clause-MOD-2
  Scenario: Its values are of their types, and its scale factors are factors
    When it is examined for its values
    Then nothing is found against it

  @clause-MOD-3
  Scenario: What may be written is kept, and nothing else is
    When it is examined for its writing
    Then nothing is found against it

  @clause-CRV-1
  Scenario: The curve in force is not written over
    When it is examined for its curve in force
    Then nothing is found against it

  @clause-CRV-2
  Scenario: It adopts a curve
    When it is examined for its curve adoption
    Then nothing is found against it

  @clause-CRV-3
  Scenario: It refuses curves that are none
    When it is examined for its refusal of curves
    Then nothing is found against it

  @clause-REV-1
  Scenario: A command ends when its time is over
    When it is examined for its reversion
    Then nothing is found against it

  @clause-REV-2
  Scenario: A new time takes the place of the old one
    When it is examined for its replaced reversion
    Then nothing is found against it

  @clause-REV-3
  Scenario: A command whose time was taken away stays until it is ended
    When it is examined for its cancelled reversion
    Then nothing is found against it

  @clause-TCP-1
  Scenario: It answers wrong requests with the right exception
    When it is examined for its exceptions
    Then nothing is found against it

  @clause-TCP-2
  Scenario: A request that comes in parts is one request
    When it is examined for its requests in parts
    Then nothing is found against it

  @clause-TCP-3
  Scenario: Requests in one piece are answered each
    When it is examined for its pipelined requests
    Then nothing is found against it

  @clause-TCP-4
  Scenario: Several clients are answered each
    When it is examined for its several clients
    Then nothing is found against it
