from pytest_bdd import scenarios

scenarios("certification/ieee1547_1/cease_to_energize.feature")
