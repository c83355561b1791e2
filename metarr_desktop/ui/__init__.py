"""The window and the tray: a Qt shell over the application."""
