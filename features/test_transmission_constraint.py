from pytest_bdd import scenarios

scenarios("transmission_constraint.feature")
