@scenario-1
Feature: A cloud pulls the feeder's voltage out of Range A
  On a 12.47 kV feeder full of photovoltaics a cloud front takes most of their output away within a minute. Service
  voltages at the feeder's end fall below ANSI C84.1 Range A and stay there, although every inverter does what volt-var
  can do. A meter raises the alert, and the utility manages its own equipment until the voltage is back.

  Background:
    Given a clear early afternoon on the feeder

  Scenario: The utility brings the voltage back with battery, capacitors and tap changer
    When a cloud front passes over the feeder
    Then row 1.1: the AMI Net/Billing Meter sends the Voltage Out of Range Event to the AMI Network Management System
    And row 1.1.1: the AMI Network Management System sends the Voltage Out of Range Event to the Meter Data Management System
    And row 1.1.2: the AMI Network Management System sends the Voltage Out of Range Event to the Distributed Energy Resource Automation Application
    And row 1.1.3: the AMI Network Management System sends the Voltage Out of Range Event to the Distribution Management System
    When row 1.1.4: Distribution Operations acknowledges the Voltage Out of Range Event
    And row 1.2: Distribution Operations sends the Begin Distributed Energy Resource Automation Application to the Distributed Energy Resource Automation Application
    Then row 1.2.1: the Distribution Management System sends the Affected Equipment and Affected Area to the Distributed Energy Resource Automation Application
    And row 1.2.2: the Distributed Energy Resource Automation Application computes the Selected Equipment Assets
    And row 1.2.3: the Distributed Energy Resource Automation Application sends the Selected Equipment Assets to the Distribution Management System
    And row 1.3: the Distribution Management System sends the Operational Command to the AMI Network Management System
    And row 1.3.1: the AMI Network Management System sends the Operational Command to the AMI Premise Interface
    And row 1.3.2: the AMI Premise Interface sends the Operational Command to the Utility Inverter
    And row 1.3.3: the Utility Inverter sends the Operational Command to the Utility Storage Battery and Charging System
    And row 1.3.4: the Utility Storage Battery and Charging System responds to the Operational Command
    And row 1.3.5: the Utility Storage Battery and Charging System sends the Equipment Status to the Utility Inverter
    And row 1.4: the Utility Inverter sends the Equipment Status to the AMI Premise Interface
    And row 1.4.1: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 1.4.2: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 1.4.3: the Distribution Management System computes the Equipment Status
    And row 1.4.4: the Distribution Management System sends the System Equipment Status to the Distributed Energy Resource Automation Application
    And row 1.5: the Distribution Management System sends the Block VAR Based Capacitor Switching to the Capacitor Bank Controls
    And row 1.6: the Distributed Energy Resource Automation Application sends the Capacitor Bank Controls Operational Command to the Distribution Management System
    And row 1.6.1: the Distribution Management System sends the Capacitor Bank Controls Operational Command to the Capacitor Bank Controls
    And row 1.6.2: the Capacitor Bank Controls responds to the Capacitor Bank Controls Operational Command
    And row 1.7: the Capacitor Bank Controls sends the Equipment Status to the Distribution Management System
    And row 1.8: the Distribution Management System computes the System Equipment Status
    And row 1.9: the Distribution Management System sends the System Equipment Status to the Distributed Energy Resource Automation Application
    And row 1.10: the Distributed Energy Resource Automation Application sends the Load Tap Changer Controls Operational Command to the Distribution Management System
    And row 1.10.1: the Distribution Management System sends the Load Tap Changer Controls Operational Command to the Load Tap Changer Controls
    And row 1.10.2: the Load Tap Changer Controls responds to the Load Tap Changer Controls Operational Command
    And row 1.11: the Load Tap Changer Controls sends the Equipment Status to the Distribution Management System
    And row 1.12: the Distribution Management System computes the System Equipment Status
    And row 1.13: the Distribution Management System sends the System Equipment Status to the Distributed Energy Resource Automation Application
    And every tap and bank stays where it was put
    And every meter is back in Range A and stays there
