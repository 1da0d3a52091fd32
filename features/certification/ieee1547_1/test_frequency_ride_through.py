from pytest_bdd import scenarios

scenarios("certification/ieee1547_1/frequency_ride_through.feature")
