"""The film library on disk: what a scan finds and keeps."""
