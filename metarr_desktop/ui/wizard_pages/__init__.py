"""The pages of the setup assistant."""
