from pytest_bdd import scenarios

scenarios("certification/storage/charge.feature")
