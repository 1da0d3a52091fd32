@scenario-1
Feature: A cloud pulls the feeder's voltage out of Range A
  On a 12.47 kV feeder full of photovoltaics a cloud front takes most of their output away within a minute. Service
  voltages at the feeder's end fall below ANSI C84.1 Range A and stay there, although every inverter does what volt-var
  can do. A meter raises the alert, and the utility manages its own equipment until the voltage is back. Then the load
  rises as well: batteries at their rating, banks closed and taps at the limit that the services near the substation set
  are not enough any more, and customers are called to shed load. Some of them would rather keep it.

  Background:
    Given a clear early afternoon on the feeder

  Scenario: The utility brings the voltage back, first by itself, then with demand response
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
    And the event is closed, as every meter has been back in Range A for long enough
    And every tap and bank is where it was put, and every meter has been in Range A since
    When the heat of the afternoon raises the load under the cloud
    Then row 1.14: the AMI Net/Billing Meter sends the Voltage Out of Range Event to the AMI Network Management System
    And row 1.14.1: the AMI Network Management System sends the Voltage Out of Range Event to the Meter Data Management System
    And row 1.14.2: the AMI Network Management System sends the Voltage Out of Range Event to the Distributed Energy Resource Automation Application
    And row 1.14.3: the AMI Network Management System sends the Voltage Out of Range Event to the Distribution Management System
    When row 1.14.4: Distribution Operations acknowledges the Voltage Out of Range Event
    Then row 1.15: the Distribution Management System sends the Affected Equipment and Affected Area to the Distributed Energy Resource Automation Application
    And row 1.15.1: the Distribution Management System sends the System Condition Data to Distribution Operations
    When row 1.16: Distribution Operations reviews the System Condition Data
    And row 1.17: Distribution Operations sends the Demand Response Event Notification to the Distributed Resource Availability and Control System
    Then row 1.18: the Distributed Resource Availability and Control System computes the Demand Response Selected Customers Listing
    And row 1.19: the Distributed Resource Availability and Control System sends the Demand Response Event Notification with the Selected Customers to the AMI Network Management System
    And row 1.19.1: the Distributed Resource Availability and Control System sends the Demand Response Event Notification with the Selected Customers to the Customer Information System
    And row 1.19.2: the Distributed Resource Availability and Control System sends the Demand Response Event Notification with the Selected Customers to the Meter Data Management System
    And row 1.19.3: the AMI Network Management System sends the Demand Response Event Notification with the Selected Customers to the AMI Premise Interface
    And row 1.19.4: the AMI Premise Interface sends the Demand Response Event Notification with the Selected Customers to the Customer Energy Management System
    And row 1.19.5: the AMI Premise Interface sends the Demand Response Event Notification with the Selected Customers to the Customer Display Device
    When the power at the feeder's head is noted
    And row 1.19.5.1A.1: the Customer sends the Override to the Customer Display Device
    Then row 1.19.5.1A.2: the Customer Display Device sends the Override to the Customer Energy Management System
    And row 1.19.5.1A.3: the Customer Energy Management System responds to the Override
    And row 1.19.5.1B.1: the Customer Energy Management System responds to the Demand Response Event Notification with the Selected Customers
    And row 1.20: the Customer Energy Management System sends the Customer Status Information to the AMI Premise Interface
    And row 1.20.1: the AMI Premise Interface sends the Customer Status Information to the AMI Network Management System
    And row 1.20.2: the AMI Network Management System sends the Customer Status Information to the Distributed Resource Availability and Control System
    And row 1.20.3: the AMI Network Management System sends the Customer Status Information to the Meter Data Management System
    And row 1.21: the Distributed Resource Availability and Control System sends the AMI Net/Billing Meter Read Request and an AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 1.21.1A.1: the AMI Network Management System sends the AMI Net/Billing Meter Read Request to the AMI Net/Billing Meter
    And row 1.21.1B.1: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 1.21.1A.2: the AMI Net/Billing Meter sends the AMI Net/Billing Meter Data to the AMI Network Management System
    And row 1.21.1B.2: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 1.21.2: the AMI Network Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Distributed Resource Availability and Control System
    And row 1.21.3: the AMI Network Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 1.21.4: the AMI Network Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 1.22: the Distribution Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Distributed Energy Resource Automation Application
    And row 1.23: the Meter Data Management System computes the Total Load Affected Calculation
    And row 1.23.1: the Meter Data Management System sends the Total Load Affected to Distribution Operations
    And the feeder's head takes at least 250 kW less than was noted
    And row 1.24: the Distribution Management System sends the Voltage Out of Range Event Alert History Data to the Distributed Energy Resource Automation Application
    And row 1.24.1: the Distributed Energy Resource Automation Application sends the Relevant Voltage Out of Range Event Alert History Data to the Distribution Management System
    And row 1.24.2: the Distribution Management System sends the Relevant Voltage Out of Range Event Alert History Data to the Meter Data Management System
    And every tap and bank stays where it was put
    And every meter is back in Range A and stays there
    And every resource has held its power to its command while that was in force
    And every battery has given and stored the energy that flowed at its terminal
    And the total load affected is what the called customers' loads lack
