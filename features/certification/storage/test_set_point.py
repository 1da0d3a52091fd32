from pytest_bdd import scenarios

scenarios("certification/storage/set_point.feature")
