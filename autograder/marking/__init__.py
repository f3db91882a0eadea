"""A class of submissions, marked and recorded."""
