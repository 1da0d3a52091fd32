from pytest_bdd import scenarios

scenarios("certification/monitoring.feature")
