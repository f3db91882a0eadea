"""The walls around a student's process, seen from outside."""
