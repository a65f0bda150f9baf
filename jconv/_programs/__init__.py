"""What works on a user's whole program: install, tune, explain."""
