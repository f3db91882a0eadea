"""The students' notebooks and texts: read, recognised, and made harmless. Only here are they parsed."""
