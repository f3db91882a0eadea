"""nbgrader's gradebook: one writer, one reader of marks."""
