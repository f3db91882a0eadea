"""The exam of an assignment, and the process that runs its grade cells. Trusted."""
