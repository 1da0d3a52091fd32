"""What the judge of a run asked and was told, kept so that the run can be judged again from its files alone."""
