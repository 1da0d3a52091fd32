from pytest_bdd import scenarios

scenarios("certification/watt_var.feature")
