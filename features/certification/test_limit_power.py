from pytest_bdd import scenarios

scenarios("certification/limit_power.feature")
