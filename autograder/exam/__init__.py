"""What an assignment is examined with, and the process that runs its grade cells. Trusted."""
