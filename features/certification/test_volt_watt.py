from pytest_bdd import scenarios

scenarios("certification/volt_watt.feature")
