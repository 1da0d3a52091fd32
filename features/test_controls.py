from pytest_bdd import scenarios

scenarios("controls.feature")
