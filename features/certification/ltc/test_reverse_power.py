from pytest_bdd import scenarios

scenarios("certification/ltc/reverse_power.feature")
