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

    AREA_REQUEST = "Request for Affected Equipment and Affected Area"
    VOLTAGE_READ_REQUEST = "AMI Voltage Read Request"
    VOLTAGE_READINGS = "AMI Voltage Readings"
    SCHEDULED_READ = "Scheduled Interval Read"
    RELEASE_VAR_SWITCHING = "Release of VAR Based Capacitor Switching"
    HOLD_REQUEST = "Hold of Selected Equipment Assets"
    RELEASE_REQUEST = "Release of Selected Equipment Assets"


WITHOUT_ROW = frozenset(
    {
        Information.AREA_REQUEST,
        Information.VOLTAGE_READ_REQUEST,
        Information.VOLTAGE_READINGS,
        Information.SCHEDULED_READ,
        Information.RELEASE_VAR_SWITCHING,
        Information.HOLD_REQUEST,
        Information.RELEASE_REQUEST,
    }
)
"""Messages that the document implies but gives no row; they are declared, recorded and matched with nothing."""
