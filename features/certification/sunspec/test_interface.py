from pytest_bdd import scenarios

scenarios("certification/sunspec/interface.feature")
