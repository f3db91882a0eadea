"""The protocol between the two sides: which values cross, and how. Students can read it."""
