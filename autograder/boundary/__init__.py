"""What crosses between the two sides, and how. Students can read it."""
