"""Services for every running command: streams, interruption, progress, workers, files."""
