"""Between the two sides: from an exam and a submission to a result."""
