"""The one primitive: bind, derivatives, batching, lowering."""
