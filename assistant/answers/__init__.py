"""Readings become an `Answer`: one module for each kind of answer."""
