"""What each command does, one module a command; every function returns its result and prints nothing."""
