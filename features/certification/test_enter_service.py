from pytest_bdd import scenarios

scenarios("certification/enter_service.feature")
