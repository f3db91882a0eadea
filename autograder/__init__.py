"""The autograder of the course: releases assignments, examines submissions, writes marks and feedback."""

__version__ = "0.1.0"
