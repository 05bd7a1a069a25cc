"""Many sources become articles of the index, with progress, cancel and a report."""
