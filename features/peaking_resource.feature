@scenario-2
Feature: Distributed resources serve tomorrow's peak
  A day ahead the control centre plans generation for the load that it forecasts. For some hours of the evening its
  generation stack does not suffice, and the price of energy says so. Storage and generation on the feeder are scheduled
  against that price: the batteries charge at night as far as that pays, and deliver with the generators when the peak
  comes. Whether that is enough is measured at the feeder's head. Where it is not, customers are called to shed load,
  round after round, until the authorized reduction is there or nobody is left.

  Background:
    Given the evening before a working day

  Scenario: The load turns out above its forecast, and customers make up for what the resources cannot give
    Then row 2.1: the Energy Management System computes the Peaking Resource Requirements and Distributed Generation Pricing Signal
    And row 2.1.1: the Energy Management System sends the Peaking Resource Requirements and Distributed Generation Pricing Signal to the Distribution Management System
    And row 2.1.2: the Distribution Management System sends the Peaking Resource Requirements and Distributed Generation Pricing Signal to the Distributed Energy Resource Automation Application
    And row 2.2: the Distributed Energy Resource Automation Application computes the Equipment Resources Required for the Next Day
    When row 2.2.1: Distribution Operations confirms the Confirmed Equipment Resources Required for the Next Day
    And row 2.2.2: Distribution Operations sends the Confirmed Equipment Resources Required for the Next Day to the Energy Management System
    And the load of the next day turns out above its forecast
    Then row 2.3.1A.1: the Distribution Management System sends the Request for Scheduled Utility Storage Battery and Charging Systems to the AMI Network Management System
    And row 2.3.1B.1: the Distribution Management System sends the Request for Scheduled Customer Storage Battery and Charging Systems to the AMI Network Management System
    And row 2.3.1C.1: the Distribution Management System sends the Request for Scheduled Utility Owned Distributed Generation to the AMI Network Management System
    And row 2.3.1D.1: the Distribution Management System sends the Request for Scheduled Customer Owned Distributed Generation to the AMI Network Management System
    And row 2.3.1A.2: the AMI Network Management System sends the Request for Scheduled Utility Storage Battery and Charging Systems to the AMI Premise Interface
    And row 2.3.1B.2: the AMI Network Management System sends the Request for Scheduled Customer Storage Battery and Charging Systems to the AMI Premise Interface
    And row 2.3.1C.2: the AMI Network Management System sends the Request for Scheduled Utility Owned Distributed Generation to the AMI Premise Interface
    And row 2.3.1D.2: the AMI Network Management System sends the Request for Scheduled Customer Owned Distributed Generation to the AMI Premise Interface
    And row 2.3.1A.3: the AMI Premise Interface sends the Request for Scheduled Utility Storage Battery and Charging Systems to the Utility Inverter
    And row 2.3.1B.3: the AMI Premise Interface sends the Request for Scheduled Customer Storage Battery and Charging Systems to the Customer Inverter
    And row 2.3.1C.3: the AMI Premise Interface sends the Request for Scheduled Utility Owned Distributed Generation to the Utility Inverter
    And row 2.3.1D.3: the AMI Premise Interface sends the Request for Scheduled Customer Owned Distributed Generation to the Customer Inverter
    And row 2.3.1A.4: the Utility Inverter sends the Request for Scheduled Utility Storage Battery and Charging Systems to the Utility Storage Battery and Charging System
    And row 2.3.1B.4: the Customer Inverter sends the Request for Scheduled Customer Storage Battery and Charging Systems to the Customer Storage Battery and Charging System
    And row 2.3.1C.4: the Utility Inverter responds to the Request for Scheduled Utility Owned Distributed Generation
    And row 2.3.1D.4: the Customer Inverter responds to the Request for Scheduled Customer Owned Distributed Generation
    And row 2.3.1A.5: the Utility Storage Battery and Charging System responds to the Request for Scheduled Utility Storage Battery and Charging Systems
    And row 2.3.1B.5: the Customer Storage Battery and Charging System responds to the Request for Scheduled Customer Storage Battery and Charging Systems
    And row 2.3.1A.6: the Utility Storage Battery and Charging System sends the Equipment Status to the Utility Inverter
    And row 2.3.1B.6: the Customer Storage Battery and Charging System sends the Equipment Status to the Customer Inverter
    And row 2.3.1C.5: the Utility Owned Distributed Generation sends the Equipment Status to the Utility Inverter
    And row 2.3.1D.5: the Customer Owned Distributed Generation System sends the Equipment Status to the Customer Inverter
    And row 2.3.1A.7: the Utility Inverter sends the Equipment Status to the AMI Premise Interface
    And row 2.3.1B.7: the Customer Inverter sends the Equipment Status to the AMI Premise Interface
    And row 2.3.1C.6: the Utility Inverter sends the Equipment Status to the AMI Premise Interface
    And row 2.3.1D.6: the Customer Inverter sends the Equipment Status to the AMI Premise Interface
    And row 2.3.1A.8: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 2.3.1B.8: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 2.3.1C.7: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 2.3.1D.7: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 2.3.1A.9: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 2.3.1B.9: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 2.3.1C.8: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 2.3.1D.8: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 2.3.1A.10: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And row 2.3.1B.10: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And row 2.3.1C.9: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And row 2.3.1D.9: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And the sequences of branch 2.3 ran at the same time
    And row 2.4.1A.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 2.4.1B.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 2.4.1C.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 2.4.1D.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 2.4.1A.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 2.4.1B.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 2.4.1C.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 2.4.1D.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 2.4.1A.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 2.4.1B.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 2.4.1C.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 2.4.1D.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 2.4.1A.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 2.4.1B.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 2.4.1C.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 2.4.1D.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 2.4.1A.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 2.4.1B.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 2.4.1C.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 2.4.1D.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And the sequences of branch 2.4 ran at the same time
    And row 2.5: the Distribution Management System computes the Insufficient Resources
    When row 2.6: Distribution Operations sends the Request for a Demand Response Load Reduction Event to the Wholesale Power Group
    And row 2.6.1: the Wholesale Power Group sends the Demand Response Load Reduction Event Notification to the Distributed Resource Availability and Control System
    Then row 2.7: the Distributed Resource Availability and Control System computes the Demand Response Selected Customers Listing
    And row 2.7.1: the Distributed Resource Availability and Control System sends the Demand Response Load Reduction Event Notification with the Selected Customers to the AMI Network Management System
    And row 2.7.2: the Distributed Resource Availability and Control System sends the Demand Response Load Reduction Event Notification with the Selected Customers to the Customer Information System
    And row 2.7.3: the Distributed Resource Availability and Control System sends the Demand Response Load Reduction Event Notification with the Selected Customers to the Meter Data Management System
    And row 2.7.1.1: the AMI Network Management System sends the Demand Response Load Reduction Event Notification with the Selected Customers to the AMI Premise Interface
    And row 2.7.1.2: the AMI Premise Interface sends the Demand Response Load Reduction Event Notification with the Selected Customers to the Customer Energy Management System
    And row 2.7.1.3: the AMI Premise Interface sends the Demand Response Load Reduction Event Notification with the Selected Customers to the Customer Display Device
    When row 2.7.1.3.1A.1: the Customer sends the Override to the Customer Display Device
    Then row 2.7.1.3.1A.2: the Customer Display Device sends the Override to the Customer Energy Management System
    And row 2.7.1.3.1A.3: the Customer Energy Management System responds to the Override
    And row 2.7.1.3.1B.1: the Customer Energy Management System responds to the Demand Response Load Reduction Event Notification with the Selected Customers
    And row 2.7.1.5: the Customer Energy Management System sends the Customer Status Information to the AMI Premise Interface
    And row 2.7.1.6: the AMI Premise Interface sends the Customer Status Information to the AMI Network Management System
    And row 2.7.1.7: the AMI Network Management System sends the Customer Status Information to the Distributed Resource Availability and Control System
    And row 2.7.1.8: the AMI Network Management System sends the Customer Status Information to the Meter Data Management System
    And row 2.8: the Distributed Resource Availability and Control System sends the AMI Net/Billing Meter Read Request and an AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 2.8.1A.1: the AMI Network Management System sends the AMI Net/Billing Meter Read Request to the AMI Net/Billing Meter
    And row 2.8.1B.1: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 2.8.1A.2: the AMI Net/Billing Meter sends the AMI Net/Billing Meter Data to the AMI Network Management System
    And row 2.8.1B.2: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 2.8.2: the AMI Network Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Distributed Resource Availability and Control System
    And row 2.8.3: the AMI Network Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 2.8.4: the AMI Network Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 2.9: the Distribution Management System sends the AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data to the Distributed Energy Resource Automation Application
    And row 2.10: the Meter Data Management System computes the Total Load Affected Calculation
    And row 2.10.1: the Meter Data Management System sends the Total Load Affected to the Wholesale Power Group
    And row 2.10.2: the Meter Data Management System sends the Total Load Affected to the Distribution Management System
    And row 2.11: the Distribution Management System sends the Energy Resource Dispatch Status to the Energy Management System
    And row 2.12: the Distribution Management System sends the Event History Data to the Distributed Energy Resource Automation Application
    And row 2.12.1: the Distributed Energy Resource Automation Application sends the Relevant Event History Data to the Distribution Management System
    And row 2.12.2: the Distribution Management System sends the Relevant Event History Data to the Meter Data Management System
    And the customers are called until the authorized reduction is reached or nobody is left
    And what resources and customers give is at least what was required
    And every resource has held its power to its command while that was in force
    And every battery has given and stored the energy that flowed at its terminal
    And the total load affected is what the called customers' loads lack
    And every meter is back in Range A and stays there

  @variant-sufficient
  Scenario: The resources suffice, and nobody has to shed load
    Then row 2.1: the Energy Management System computes the Peaking Resource Requirements and Distributed Generation Pricing Signal
    And row 2.1.1: the Energy Management System sends the Peaking Resource Requirements and Distributed Generation Pricing Signal to the Distribution Management System
    And row 2.1.2: the Distribution Management System sends the Peaking Resource Requirements and Distributed Generation Pricing Signal to the Distributed Energy Resource Automation Application
    And row 2.2: the Distributed Energy Resource Automation Application computes the Equipment Resources Required for the Next Day
    When row 2.2.1: Distribution Operations confirms the Confirmed Equipment Resources Required for the Next Day
    And row 2.2.2: Distribution Operations sends the Confirmed Equipment Resources Required for the Next Day to the Energy Management System
    Then row 2.3.1A.1: the Distribution Management System sends the Request for Scheduled Utility Storage Battery and Charging Systems to the AMI Network Management System
    And row 2.3.1B.1: the Distribution Management System sends the Request for Scheduled Customer Storage Battery and Charging Systems to the AMI Network Management System
    And row 2.3.1C.1: the Distribution Management System sends the Request for Scheduled Utility Owned Distributed Generation to the AMI Network Management System
    And row 2.3.1D.1: the Distribution Management System sends the Request for Scheduled Customer Owned Distributed Generation to the AMI Network Management System
    And row 2.3.1A.2: the AMI Network Management System sends the Request for Scheduled Utility Storage Battery and Charging Systems to the AMI Premise Interface
    And row 2.3.1B.2: the AMI Network Management System sends the Request for Scheduled Customer Storage Battery and Charging Systems to the AMI Premise Interface
    And row 2.3.1C.2: the AMI Network Management System sends the Request for Scheduled Utility Owned Distributed Generation to the AMI Premise Interface
    And row 2.3.1D.2: the AMI Network Management System sends the Request for Scheduled Customer Owned Distributed Generation to the AMI Premise Interface
    And row 2.3.1A.3: the AMI Premise Interface sends the Request for Scheduled Utility Storage Battery and Charging Systems to the Utility Inverter
    And row 2.3.1B.3: the AMI Premise Interface sends the Request for Scheduled Customer Storage Battery and Charging Systems to the Customer Inverter
    And row 2.3.1C.3: the AMI Premise Interface sends the Request for Scheduled Utility Owned Distributed Generation to the Utility Inverter
    And row 2.3.1D.3: the AMI Premise Interface sends the Request for Scheduled Customer Owned Distributed Generation to the Customer Inverter
    And row 2.3.1A.4: the Utility Inverter sends the Request for Scheduled Utility Storage Battery and Charging Systems to the Utility Storage Battery and Charging System
    And row 2.3.1B.4: the Customer Inverter sends the Request for Scheduled Customer Storage Battery and Charging Systems to the Customer Storage Battery and Charging System
    And row 2.3.1C.4: the Utility Inverter responds to the Request for Scheduled Utility Owned Distributed Generation
    And row 2.3.1D.4: the Customer Inverter responds to the Request for Scheduled Customer Owned Distributed Generation
    And row 2.3.1A.5: the Utility Storage Battery and Charging System responds to the Request for Scheduled Utility Storage Battery and Charging Systems
    And row 2.3.1B.5: the Customer Storage Battery and Charging System responds to the Request for Scheduled Customer Storage Battery and Charging Systems
    And row 2.3.1A.6: the Utility Storage Battery and Charging System sends the Equipment Status to the Utility Inverter
    And row 2.3.1B.6: the Customer Storage Battery and Charging System sends the Equipment Status to the Customer Inverter
    And row 2.3.1C.5: the Utility Owned Distributed Generation sends the Equipment Status to the Utility Inverter
    And row 2.3.1D.5: the Customer Owned Distributed Generation System sends the Equipment Status to the Customer Inverter
    And row 2.3.1A.7: the Utility Inverter sends the Equipment Status to the AMI Premise Interface
    And row 2.3.1B.7: the Customer Inverter sends the Equipment Status to the AMI Premise Interface
    And row 2.3.1C.6: the Utility Inverter sends the Equipment Status to the AMI Premise Interface
    And row 2.3.1D.6: the Customer Inverter sends the Equipment Status to the AMI Premise Interface
    And row 2.3.1A.8: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 2.3.1B.8: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 2.3.1C.7: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 2.3.1D.7: the AMI Premise Interface sends the Equipment Status to the AMI Network Management System
    And row 2.3.1A.9: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 2.3.1B.9: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 2.3.1C.8: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 2.3.1D.8: the AMI Network Management System sends the Equipment Status to the Distribution Management System
    And row 2.3.1A.10: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And row 2.3.1B.10: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And row 2.3.1C.9: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And row 2.3.1D.9: the AMI Network Management System sends the Equipment Status to the Meter Data Management System
    And row 2.4.1A.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 2.4.1B.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 2.4.1C.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 2.4.1D.1: the Meter Data Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Network Management System
    And row 2.4.1A.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 2.4.1B.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 2.4.1C.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 2.4.1D.2: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Read Request to the AMI Renewable Energy Credit Meter
    And row 2.4.1A.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 2.4.1B.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 2.4.1C.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 2.4.1D.3: the AMI Renewable Energy Credit Meter sends the AMI Renewable Energy Credit Meter Data to the AMI Network Management System
    And row 2.4.1A.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 2.4.1B.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 2.4.1C.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 2.4.1D.4: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Distribution Management System
    And row 2.4.1A.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 2.4.1B.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 2.4.1C.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 2.4.1D.5: the AMI Network Management System sends the AMI Renewable Energy Credit Meter Data to the Meter Data Management System
    And row 2.5: the Distribution Management System computes the Insufficient Resources
    And what resources and customers give is at least what was required
    And every resource has held its power to its command while that was in force
    And every battery has given and stored the energy that flowed at its terminal
    And nobody asks for a reduction of load, as the resources suffice
    And every meter is back in Range A and stays there
