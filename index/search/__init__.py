"""A query becomes passages."""
