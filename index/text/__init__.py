"""Sentences, words, languages and metadata of plain text; pure."""
