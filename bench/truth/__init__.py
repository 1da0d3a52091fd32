"""What the judge knows of the world: plant, instruments and calculations of its own, and the proofs made of them."""
