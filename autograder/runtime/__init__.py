"""What every command needs while it runs: streams, interruption, progress, workers, files."""
