"""`jconv learn`: an unknown filter, learned from one photograph."""
