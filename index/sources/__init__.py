"""Paths, addresses, feeds and texts become `Article`s."""
