"""What this start is doing: the state file, and the healthcheck that reads it. Standard library only."""
