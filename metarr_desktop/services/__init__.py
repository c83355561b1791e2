"""One module for each place we notify, and what they share."""
