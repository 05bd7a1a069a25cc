"""All code that speaks to Chroma: what is stored, and how."""
