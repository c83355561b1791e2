"""The application: composition, commands, queries and control."""
