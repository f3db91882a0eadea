"""Learning platforms: their downloads, what they take back, their gradebook files."""
