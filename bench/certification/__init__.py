"""Type tests of a single device: figures, criteria, procedures, and the rig that they are carried out on."""
