@der_settings
Feature: Inverters adopt the volt-var curves that they are given, and follow them
  The story of a cloud gives nobody a reason to change a curve, and shows little of one: a wrong slope or a slow
  response would go unnoticed. Here an operator at the SCADA console has every inverter adopt curves around the voltage
  that it sees, and the instruments show what it makes of them.

  @der_settings-1
  Scenario: A curve that the utility has inverters adopt shows in their vars, as steep and as fast as it says
    Given inverters at rest whose voltage and vars are measured
    When SCADA has each of them in turn adopt a curve on whose slope it is, and takes it back
    Then each has adopted what it was given
    And its vars were what its curves give at the voltage that was measured
    When SCADA has each of them in turn absorb by its curve, then inject, and takes it back
    Then each has adopted what it was given
    And it went nine tenths of the way in the response time of its curve
    And its vars were what its curves give at the voltage that was measured
