"""Names that the use case gives to actors and information objects, spelled once."""

from enum import StrEnum


class Party(StrEnum):
    """Actors of the use case that exchange messages."""

    NET_METER = "AMI Net/Billing Meter"
    CREDIT_METER = "AMI Renewable Energy Credit Meter"
    AMI_NETWORK = "AMI Network Management System"
    MDMS = "Meter Data Management System"
    DER_AUTOMATION = "Distributed Energy Resource Automation Application"
    DMS = "Distribution Management System"
    DISTRIBUTION_OPERATIONS = "Distribution Operations"
    PREMISE_INTERFACE = "AMI Premise Interface"
    UTILITY_INVERTER = "Utility Inverter"
    UTILITY_BATTERY = "Utility Storage Battery and Charging System"
    CAPACITOR_CONTROLS = "Capacitor Bank Controls"
    TAP_CHANGER_CONTROLS = "Load Tap Changer Controls"
    RESOURCE_CONTROL = "Distributed Resource Availability and Control System"
    CUSTOMER_INFORMATION = "Customer Information System"
    CUSTOMER = "Customer"
    CUSTOMER_DISPLAY = "Customer Display Device"
    CUSTOMER_ENERGY = "Customer Energy Management System"
    ENERGY_MANAGEMENT = "Energy Management System"
    WHOLESALE_POWER = "Wholesale Power Group"
    UTILITY_GENERATION = "Utility Owned Distributed Generation"
    CUSTOMER_INVERTER = "Customer Inverter"
    CUSTOMER_BATTERY = "Customer Storage Battery and Charging System"
    CUSTOMER_GENERATION = "Customer Owned Distributed Generation System"


class Information(StrEnum):
    """Information objects that travel between them; the last group is declared here and has no row."""

    VOLTAGE_EVENT = "Voltage Out of Range Event"
    BEGIN_AUTOMATION = "Begin Distributed Energy Resource Automation Application"
    AFFECTED_AREA = "Affected Equipment and Affected Area"
    SELECTED_ASSETS = "Selected Equipment Assets"
    OPERATIONAL_COMMAND = "Operational Command"
    EQUIPMENT_STATUS = "Equipment Status"
    SYSTEM_STATUS = "System Equipment Status"
    BLOCK_VAR_SWITCHING = "Block VAR Based Capacitor Switching"
    CAPACITOR_COMMAND = "Capacitor Bank Controls Operational Command"
    TAP_CHANGER_COMMAND = "Load Tap Changer Controls Operational Command"
    SYSTEM_CONDITION = "System Condition Data"
    DEMAND_RESPONSE_EVENT = "Demand Response Event Notification"
    SELECTED_CUSTOMERS = "Demand Response Selected Customers Listing"
    CUSTOMER_CALL = "Demand Response Event Notification with the Selected Customers"
    OVERRIDE = "Override"
    CUSTOMER_STATUS = "Customer Status Information"
    METERS_READ_REQUEST = "AMI Net/Billing Meter Read Request and an AMI Renewable Energy Credit Meter Read Request"
    NET_READ_REQUEST = "AMI Net/Billing Meter Read Request"
    CREDIT_READ_REQUEST = "AMI Renewable Energy Credit Meter Read Request"
    NET_METER_DATA = "AMI Net/Billing Meter Data"
    CREDIT_METER_DATA = "AMI Renewable Energy Credit Meter Data"
    METERS_DATA = "AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data"
    LOAD_AFFECTED_CALCULATION = "Total Load Affected Calculation"
    LOAD_AFFECTED = "Total Load Affected"
    ALERT_HISTORY = "Voltage Out of Range Event Alert History Data"
    RELEVANT_ALERT_HISTORY = "Relevant Voltage Out of Range Event Alert History Data"
    PEAKING_REQUIREMENTS = "Peaking Resource Requirements and Distributed Generation Pricing Signal"
    REQUIRED_RESOURCES = "Equipment Resources Required for the Next Day"
    CONFIRMED_RESOURCES = "Confirmed Equipment Resources Required for the Next Day"
    UTILITY_STORAGE_REQUEST = "Request for Scheduled Utility Storage Battery and Charging Systems"
    CUSTOMER_STORAGE_REQUEST = "Request for Scheduled Customer Storage Battery and Charging Systems"
    UTILITY_GENERATION_REQUEST = "Request for Scheduled Utility Owned Distributed Generation"
    CUSTOMER_GENERATION_REQUEST = "Request for Scheduled Customer Owned Distributed Generation"
    INSUFFICIENT_RESOURCES = "Insufficient Resources"
    REDUCTION_REQUEST = "Request for a Demand Response Load Reduction Event"
    REDUCTION_EVENT = "Demand Response Load Reduction Event Notification"
    REDUCTION_CALL = "Demand Response Load Reduction Event Notification with the Selected Customers"
    DISPATCH_STATUS = "Energy Resource Dispatch Status"
    EVENT_HISTORY = "Event History Data"
    RELEVANT_EVENT_HISTORY = "Relevant Event History Data"
    TRANSMISSION_CONSTRAINT = "Transmission Constraint Scenario"
    TRANSMISSION_REPORT = "Distributed Energy Resource Transmission Report"
    RESOURCE_STRATEGY = "Available Distributed Energy Resource Strategy"
    AVAILABLE_RESOURCES = "Available Distributed Energy Resources"
    CONFIRMED_DER = "Confirmed Distributed Energy Resources"

    AREA_REQUEST = "Request for Affected Equipment and Affected Area"
    VOLTAGE_READ_REQUEST = "AMI Voltage Read Request"
    VOLTAGE_READINGS = "AMI Voltage Readings"
    SCHEDULED_READ = "Scheduled Interval Read"
    COLLECTED_READS = "Collected Scheduled Interval Reads"
    VALIDATED_READS = "Validation of Scheduled Interval Reads"
    RELEASE_VAR_SWITCHING = "Release of VAR Based Capacitor Switching"
    HOLD_REQUEST = "Hold of Selected Equipment Assets"
    RELEASE_REQUEST = "Release of Selected Equipment Assets"
    ALERT_ACKNOWLEDGEMENT = "Acknowledgement of Voltage Out of Range Event"
    VOLTAGE_RESTORED = "Voltage Back In Range"
    EVENT_CLOSED = "Voltage Out of Range Event Closed"
    ENROLMENT_REQUEST = "Request for Demand Response Enrolment"
    ENROLMENT = "Demand Response Enrolment"
    CALL_UNDELIVERABLE = "Demand Response Call Undeliverable"
    OVERRIDE_REFUSED = "Override Refused"
    INTERVAL_READINGS = "Interval Readings of Called Customers"
    SYSTEM_LAMBDA = "System Lambda"
    AVAILABILITY_REQUEST = "Request for Available Distributed Energy Resources"
    DISPATCH_ORDER = "Dispatch Order for Confirmed Resources"
    RESPONSE_TRACKING = "As Implemented Response"
    DEVICE_TROUBLE = "Device Trouble"


WITHOUT_ROW = frozenset(
    {
        Information.AREA_REQUEST,
        Information.VOLTAGE_READ_REQUEST,
        Information.VOLTAGE_READINGS,
        Information.SCHEDULED_READ,
        Information.COLLECTED_READS,
        Information.VALIDATED_READS,
        Information.RELEASE_VAR_SWITCHING,
        Information.HOLD_REQUEST,
        Information.RELEASE_REQUEST,
        Information.ALERT_ACKNOWLEDGEMENT,
        Information.VOLTAGE_RESTORED,
        Information.EVENT_CLOSED,
        Information.ENROLMENT_REQUEST,
        Information.ENROLMENT,
        Information.CALL_UNDELIVERABLE,
        Information.OVERRIDE_REFUSED,
        Information.INTERVAL_READINGS,
        Information.SYSTEM_LAMBDA,
        Information.AVAILABILITY_REQUEST,
        Information.DISPATCH_ORDER,
        Information.RESPONSE_TRACKING,
        Information.DEVICE_TROUBLE,
    }
)
"""Messages that the document implies but gives no row; they are declared, recorded and matched with nothing."""
