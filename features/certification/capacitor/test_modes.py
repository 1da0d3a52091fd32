from pytest_bdd import scenarios

scenarios("certification/capacitor/modes.feature")
