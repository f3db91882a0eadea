"""For whoever writes the course: released folders, the data of `check`, proof of the known slips."""
