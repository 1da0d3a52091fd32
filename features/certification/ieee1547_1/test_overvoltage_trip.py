from pytest_bdd import scenarios

scenarios("certification/ieee1547_1/overvoltage_trip.feature")
