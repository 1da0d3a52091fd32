from pytest_bdd import scenarios

scenarios("certification/storage/cycle.feature")
