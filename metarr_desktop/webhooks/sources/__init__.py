"""One module for each program that sends webhooks."""
