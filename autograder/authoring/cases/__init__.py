"""The cases with which `check` calls a student's function, by topic."""
