from pytest_bdd import scenarios

scenarios("voltage_profile.feature")
