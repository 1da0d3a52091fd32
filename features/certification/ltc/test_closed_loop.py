from pytest_bdd import scenarios

scenarios("certification/ltc/closed_loop.feature")
