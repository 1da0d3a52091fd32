from pytest_bdd import scenarios

scenarios("certification/ltc/orders.feature")
