@scenario-3
Feature: Distributed resources relieve the transmission grid
  A transmission line is out of service, and the control centre's security analysis finds that the loss of another one
  would overload a third. What hangs behind it has to take less. Storage and generation on the feeder are dispatched at
  once, in four sequences side by side; then capacitor banks and taps are put where the feeder draws least; and where
  that is not enough, customers shed load. This time they have no choice: whoever tries to override is refused.

  Background:
    Given an evening on which the grid is whole and every control is at rest

  Scenario: A line is out, and all that the feeder has is used to relieve the grid
    When a transmission line is taken out of service
    Then row 3.1: the Energy Management System computes the Transmission Constraint Scenario
    And row 3.1.1: the Energy Management System sends the Distributed Energy Resource Transmission Report to the Distribution Management System
    And row 3.2: the Distribution Management System computes the Available Distributed Energy Resource Strategy
    And row 3.2.1: the Distributed Energy Resource Automation Application sends the Available Distributed Energy Resources to the Distribution Management System
    And row 3.2.2: the Distribution Management System computes the Available Distributed Energy Resources
    When row 3.2.3: Distribution Operations sends the Confirmed Distributed Energy Resources to the Energy Management System
    Then row 3.3.1A.1: the Distribution Management System sends the Request for Scheduled Utility Storage Battery and Charging Systems to the AMI Network Management System
    And row 3.3.1B.1: the Distribution Management System sends the Request for Scheduled Customer Storage Battery and Charging Systems to the AMI Network Management System
    And row 3.3.1C.1: the Distribution Management System sends the Request for Scheduled Utility Owned Distributed Generation to the AMI Network Management System
    And row 3.3.1D.1: the Distribution Management System sends the Request for Scheduled Customer Owned Distributed Generation to the AMI Network Management System
    And row 3.3.1A.2: the AMI Network Management System sends the Request for Scheduled Utility Storage Battery and Charging Systems to the AMI Premise Interface
    And row 3.3.1B.2: the AMI Network Management System sends the Request for Scheduled Customer Storage Battery and Charging Systems to the AMI Premise Interface
    And row 3.3.1C.2: the AMI Network Management System sends the Request for Scheduled Utility Owned Distributed Generation to the AMI Premise Interface
    And row 3.3.1D.2: the AMI Network Management System sends the Request for Scheduled Customer Owned Distributed Generation to the AMI Premise Interface
    And row 3.3.1A.3: the AMI Premise Interface sends the Request for Scheduled Utility Storage Battery and Charging Systems to the Utility Inverter
    And row 3.3.1B.3: the AMI Premise Interface sends the Request for Scheduled Customer Storage Battery and Charging Systems to the Customer Inverter
    And row 3.3.1C.3: the AMI Premise Interface sends the Request for Scheduled Utility Owned Distributed Generation to the Utility Inverter
    And row 3.3.1D.3: the AMI Premise Interface sends the Request for Scheduled Customer Owned Distributed Generation to the Customer Inverter
    And row 3.3.1A.4: the Utility Inverter sends the Request for Scheduled Utility Storage Battery and Charging Systems to the Utility Storage Battery and Charging System
    And row 3.3.1B.4: the Customer Inverter sends the Request for Scheduled Customer Storage Battery and Charging Systems to the Customer Storage Battery and Charging System
    And row 3.3.1C.4: the Utility Inverter responds to the Request for Scheduled Utility Owned Distributed Generation
    And row 3.3.1D.4: the Customer Inverter responds to the Request for Scheduled Customer Owned Distributed Generation
    And row 3.3.1A.5: the Utility Storage Battery and Charging System responds to the Request for Scheduled Utility Storage Battery and Charging Systems
    And row 3.3.1B.5: the Customer Storage Battery and Charging System responds to the Request for Scheduled Customer Storage Battery and Charging Systems
    And row 3.3.1A.6: the Utility Storage Battery and Charging System sends the Equipment Status to the Utility Inverter
    And row 3.3.1B.6: the Customer Storage Battery and Charging System sends the Equipment Status to the Customer Inverter
    And row 3.3.1C.5: the Utility Owned Distributed Generation sends the Equipment Status to the Utility Inverter
    And row 3.3.1D.5: the Customer Owned Distributed Generation System sends the Equipment Status to the Customer Inverter
    And row 3.3.1A.7: the Utility Inverter sends the Equipment Status to the AMI Premise Interface
    And row 3.3.1B.7: the Customer Inverter sends the Equipment Status to the AMI Premise Interface
    And row 3.3.1C.6: the Utility Inverter sends the Equipment Status to the AMI Premise Interface
    And row 3.3.1D.6: the Customer Inverter sends the Equipment Status to the AMI Premise Interface
    And row 3.3.1A.8: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 3.3.1B.8: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 3.3.1C.7: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 3.3.1D.7: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 3.3.1A.9: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 3.3.1B.9: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 3.3.1C.8: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 3.3.1D.8: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 3.3.1A.10: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And row 3.3.1B.10: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And row 3.3.1C.9: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And row 3.3.1D.9: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And the sequences of branch 3.3 ran at the same time
    And row 3.4.1A.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 3.4.1B.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 3.4.1C.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 3.4.1D.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 3.4.1A.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 3.4.1B.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 3.4.1C.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 3.4.1D.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 3.4.1A.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 3.4.1B.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 3.4.1C.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 3.4.1D.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 3.4.1A.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 3.4.1B.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 3.4.1C.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 3.4.1D.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 3.4.1A.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 3.4.1B.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 3.4.1C.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 3.4.1D.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And the sequences of branch 3.4 ran at the same time
    And row 3.5: the Distribution Management System computes the Insufficient Resources
    And row 3.6: the Distribution Management System sends the Block VAR Based Capacitor Switching to the Capacitor Bank Controls
    And row 3.6.1: the Distributed Energy Resource Automation Application sends the Capacitor Bank Controls Operational Command to the Distribution Management System
    And row 3.6.2: the Distribution Management System sends the Capacitor Bank Controls Operational Command to the Capacitor Bank Controls
    And row 3.6.3: the Capacitor Bank Controls responds to the Capacitor Bank Controls Operational Command
    And row 3.6.4: the Capacitor Bank Controls sends the Equipment Status to the Distribution Management System
    And row 3.6.5: the Distribution Management System computes the System Equipment Status
    And row 3.6.6: the Distribution Management System sends the System Equipment Status to the Distributed Energy Resource Automation Application
    And row 3.7: the Distributed Energy Resource Automation Application sends the Load Tap Changer Controls Operational Command to the Distribution Management System
    And row 3.7.1: the Distribution Management System sends the Load Tap Changer Controls Operational Command to the Load Tap Changer Controls
    And row 3.7.2: the Load Tap Changer Controls responds to the Load Tap Changer Controls Operational Command
    And row 3.7.3: the Load Tap Changer Controls sends the Equipment Status to the Distribution Management System
    And row 3.7.4: the Distribution Management System computes the System Equipment Status
    And row 3.7.5: the Distribution Management System sends the System Equipment Status to the Distributed Energy Resource Automation Application
    When row 3.8: Distribution Operations sends the Request for a Demand Response Load Reduction Event to the Wholesale Power Group
    And row 3.8.1: the Wholesale Power Group sends the Demand Response Load Reduction Event Notification to the Distributed Resource Availability and Control System
    Then row 3.9: the Distributed Resource Availability and Control System computes the Demand Response Selected Customers Listing
    And row 3.9.1: the Distributed Resource Availability and Control System sends the Demand Response Load Reduction Event Notification with the Selected Customers to the AMI Network Management System
    And row 3.9.2: the Distributed Resource Availability and Control System sends the Demand Response Load Reduction Event Notification with the Selected Customers to the Customer Information System
    And row 3.9.3: the Distributed Resource Availability and Control System sends the Demand Response Load Reduction Event Notification with the Selected Customers to the Meter Data Management System
    And row 3.9.1.1: the AMI Network Management System sends the Demand Response Load Reduction Event Notification with the Selected Customers to the AMI Premise Interface
    And row 3.9.1.2: the AMI Premise Interface sends the Demand Response Load Reduction Event Notification with the Selected Customers to the Customer Energy Management System
    And row 3.9.1.3: the AMI Premise Interface sends the Demand Response Load Reduction Event Notification with the Selected Customers to the Customer Display Device
    When a customer tries to override at the display and at the energy management system
    Then row 3.9.1.4: the Customer Energy Management System responds to the Demand Response Load Reduction Event Notification with the Selected Customers
    And row 3.9.1.5: the Customer Energy Management System sends the Customer Status Information to the AMI Premise Interface
    And row 3.9.1.6: the AMI Premise Interface sends the Customer Status Information to the AMI Network Management System
    And row 3.9.1.7: the AMI Network Management System sends the Customer Status Information to the Distributed Resource Availability and Control System
    And row 3.9.1.8: the AMI Network Management System sends the Customer Status Information to the Meter Data Management System
    And row 3.10: the Distributed Resource Availability and Control System sends the AMI Net/Billing Meter Read Request and an AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 3.10.1A.1: the AMI Network Management System sends the AMI Net/Billing Meter Read Request to the AMI Net/Billing Meter
    And row 3.10.1B.1: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 3.10.1A.2: the AMI Net/Billing Meter sends the AMI Net/Billing Meter Data to the AMI Network Management System
    And row 3.10.1B.2: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 3.10.2: the AMI Network Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Distributed Resource Availability and Control System
    And row 3.10.3: the AMI Network Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 3.10.4: the AMI Network Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 3.12: the Distribution Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Distributed Energy Resource Automation Application
    And row 3.13: the Meter Data Management System computes the Total Load Affected Calculation
    And row 3.13.1: the Meter Data Management System sends the Total Load Affected to the Wholesale Power Group
    And row 3.13.2: the Meter Data Management System sends the Total Load Affected to the Distribution Management System
    And row 3.14: the Distribution Management System sends the Energy Resource Dispatch Status to the Energy Management System
    And row 3.15: the Distribution Management System sends the Event History Data to the Distributed Energy Resource Automation Application
    And row 3.15.1: the Distributed Energy Resource Automation Application sends the Relevant Event History Data to the Distribution Management System
    And row 3.15.2: the Distribution Management System sends the Relevant Event History Data to the Meter Data Management System
    And the customers are called until the authorized reduction is reached or nobody is left
    And what resources and customers give is at least what was required
    And every resource has held its power to its command while that was in force
    And every battery has given and stored the energy that flowed at its terminal
    And the total load affected is what the called customers' loads lack
    And every tap and bank stays where it was put
    And every meter is back in Range A and stays there
