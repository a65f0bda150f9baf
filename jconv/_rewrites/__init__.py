"""Rewrites: small functions that turn a problem, with its arrays, into simpler problems."""
