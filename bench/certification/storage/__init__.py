"""Performance tests of energy storage, after the protocol of PNNL and Sandia."""
