"""The job engine: it names no service and no source."""
