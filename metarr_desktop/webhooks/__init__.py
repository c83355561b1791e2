"""What arrives: the listener, its guard, the sources and the fan-out."""
