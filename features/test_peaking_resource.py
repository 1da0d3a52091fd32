from pytest_bdd import scenarios

scenarios("peaking_resource.feature")
