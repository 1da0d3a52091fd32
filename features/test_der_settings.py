from pytest_bdd import scenarios

scenarios("der_settings.feature")
