"""Passages become sentences, quotes and citations; pure."""
