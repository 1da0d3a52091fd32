"""Conformance of a SunSpec Modbus interface, examined at frame level and beside pysunspec2's own client."""
