"""The program inside the walls, from which the students' processes are forked. They can read it."""
