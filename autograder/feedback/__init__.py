"""The pages that students get back."""

import autograder.gradebook.nbgrader  # noqa: F401 (first, since it makes importing nbgrader cheap)
