"""Type tests of capacitor-bank controls, on the rig of controls."""
