from pytest_bdd import scenarios

scenarios("certification/capacitor/protections.feature")
