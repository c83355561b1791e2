"""The pages of the settings window."""
